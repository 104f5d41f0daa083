// RootComplex: finding the card's functions (PCI Express Base Specification 4.0, 7.5; PCI Local Bus 3.0, 6.1 to 6.8).
#include <bit>

#include "host/pci_config.h"
#include "host/root_complex.h"

namespace cardvp::host {

Task<std::vector<PciFunction>> RootComplex::enumerate() {
  std::vector<PciFunction> found;
  for (unsigned function = 0; function < 256; ++function) {
    if (auto one = co_await probe(static_cast<std::uint8_t>(function))) found.push_back(std::move(*one));
  }
  co_return found;
}

Task<std::optional<PciFunction>> RootComplex::probe(std::uint8_t number) {
  // A function that is not there is no failure, so this read is not counted as one.
  const pcie::ReadResult id = co_await link_.config_read(kBus, number, pci::kVendor, 4);
  if (id.status != pcie::Completion::kSuccess) co_return std::nullopt;
  PciFunction function(*this, kBus, number);
  if (const std::optional<Virtual> known = virtual_[number]) {
    function.vendor = known->vendor;
    function.device = known->device;
    function.bars = known->bars;
    co_return co_await identify(function, true);
  }
  if ((id.value & 0xffff) == 0xffff) co_return std::nullopt;
  function.vendor = static_cast<std::uint16_t>(id.value);
  function.device = static_cast<std::uint16_t>(id.value >> 16);
  co_return co_await identify(function, false);
}

// Fills in what is the same for all kinds of function, and sets it to work.
Task<std::optional<PciFunction>> RootComplex::identify(PciFunction function, bool is_virtual) {
  function.is_virtual = is_virtual;
  const std::uint32_t revision = co_await function.config_read(pci::kRevision);
  function.revision = static_cast<std::uint8_t>(revision);
  function.class_code = revision >> 8;
  if ((co_await function.config_read(pci::kHeaderType, 1) & 0x7f) != 0) {
    log_.warning("not an endpoint's header: ignored", {{"function", function.name()}});
    co_return std::nullopt;
  }
  const std::uint32_t subsystem = co_await function.config_read(pci::kSubsystem);
  function.subsystem_vendor = static_cast<std::uint16_t>(subsystem);
  function.subsystem = static_cast<std::uint16_t>(subsystem >> 16);

  if (!is_virtual) {
    co_await function.config_write(pci::kCommand, 0, 2);  // no decode while BARs hold nonsense
    for (unsigned index = 0; index < function.bars.size();) index += co_await place_bar(function, index);
  }
  co_await walk_capabilities(function);
  co_await walk_extended_capabilities(function);
  if (function.sriov_capability) co_await announce_ari(function);
  co_await function.config_write(pci::kCommand, pci::kCommandMemory | pci::kCommandBusMaster | pci::kCommandNoIntx, 2);
  log_.info("function found", {{"function", function.name()},
                               {"id", hex(function.vendor) + ":" + hex(function.device)},
                               {"class", hex(function.class_code)}});
  co_return function;
}

Task<RootComplex::BarKind> RootComplex::size_bar(const PciFunction& function, std::uint16_t offset, unsigned index) {
  co_await function.config_write(offset, ~0u);
  const std::uint32_t low = co_await function.config_read(offset);
  BarKind kind{.size = 0, .wide = (low & 6) == 4, .prefetchable = (low & 8) != 0};
  if (low == 0) co_return kind;  // there is no such BAR
  if ((low & 1) || (kind.wide && index == 5)) {
    co_await function.config_write(offset, 0);
    log_.warning("BAR of an unsupported kind: ignored", {{"function", function.name()}, {"bar", index}});
    co_return BarKind{};
  }
  std::uint64_t mask = low & ~0xfull;
  if (kind.wide) {
    const auto upper = static_cast<std::uint16_t>(offset + 4);
    co_await function.config_write(upper, ~0u);
    mask |= std::uint64_t{co_await function.config_read(upper)} << 32;
  } else {
    mask |= 0xffffffff00000000;
  }
  kind.size = ~mask + 1;
  co_return kind;
}

Task<> RootComplex::write_bar(const PciFunction& function, std::uint16_t offset, std::uint64_t address, bool wide) {
  co_await function.config_write(offset, static_cast<std::uint32_t>(address));
  if (!wide) co_return;
  co_await function.config_write(static_cast<std::uint16_t>(offset + 4), static_cast<std::uint32_t>(address >> 32));
}

Task<unsigned> RootComplex::place_bar(PciFunction& function, unsigned index) {
  const auto offset = static_cast<std::uint16_t>(pci::kBar0 + 4 * index);
  const BarKind kind = co_await size_bar(function, offset, index);
  if (kind.size == 0) co_return 1;
  PciFunction::Bar& window = windows_[function.number()][index];
  const std::uint64_t address = std::has_single_bit(kind.size) ? place(window, kind.size, kind.wide) : 0;
  co_await write_bar(function, offset, address, kind.wide);
  if (address) {
    function.bars[index] = {address, kind.size, kind.prefetchable};
  } else {
    log_.warning("BAR without a place: ignored",
                 {{"function", function.name()}, {"bar", index}, {"size", hex(kind.size)}});
  }
  co_return kind.wide ? 2 : 1;
}

// 0: there is no room.
std::uint64_t RootComplex::place(PciFunction::Bar& window, std::uint64_t size, bool wide) {
  constexpr std::uint64_t kMmioWindow64End = 1ull << 46;
  if (window.size == size && (window.address >= kMmioWindow64) == wide) return window.address;
  std::uint64_t& next = wide ? next_mmio64_ : next_mmio32_;
  const std::uint64_t end = wide ? kMmioWindow64End : kMmioWindow32End;
  if (size > end) return 0;
  const std::uint64_t address = (next + size - 1) & ~(size - 1);
  if (address > end - size) return 0;
  next = address + size;
  window = {address, size, false};
  return address;
}

Task<> RootComplex::walk_capabilities(PciFunction& function) {
  if (!(co_await function.config_read(pci::kStatus, 2) & pci::kStatusCapabilities)) co_return;
  std::uint32_t at = co_await function.config_read(pci::kCapabilities, 1) & 0xfc;
  // 48 fit behind the header: a list that is longer is a circle.
  for (unsigned left = 48; at >= 0x40 && left > 0; --left) {
    const auto offset = static_cast<std::uint16_t>(at);
    const std::uint32_t header = co_await function.config_read(offset, 2);
    switch (header & 0xff) {
      case pci::kCapabilityPower: function.power_capability = offset; break;
      case pci::kCapabilityPcie: function.pcie_capability = offset; break;
      case pci::kCapabilityMsix: co_await read_msix(function, offset); break;
      default: break;
    }
    at = header >> 8 & 0xfc;
  }
}

Task<> RootComplex::walk_extended_capabilities(PciFunction& function) {
  std::uint32_t at = pci::kExtended;
  for (unsigned left = (pci::kExtendedEnd - pci::kExtended) / 4; at >= pci::kExtended && left > 0; --left) {
    const auto offset = static_cast<std::uint16_t>(at);
    const std::uint32_t header = co_await function.config_read(offset);
    if (header == 0 || header == ~0u) co_return;  // there is none
    if ((header & 0xffff) == pci::kExtendedSriov) function.sriov_capability = offset;
    at = header >> 20 & 0xffc;
  }
}

Task<> RootComplex::read_msix(PciFunction& function, std::uint16_t capability) {
  const std::uint32_t control =
      co_await function.config_read(static_cast<std::uint16_t>(capability + pci::kMsixControl), 2);
  const std::uint32_t table = co_await function.config_read(static_cast<std::uint16_t>(capability + pci::kMsixTable));
  const std::uint32_t pending =
      co_await function.config_read(static_cast<std::uint16_t>(capability + pci::kMsixPending));
  PciFunction::MsiX msix{.capability = capability,
                         .vectors = (control & 0x7ff) + 1,
                         .table_bar = table & 7,
                         .table = table & ~7u,
                         .pending_bar = pending & 7,
                         .pending = pending & ~7u};
  const std::uint64_t end = msix.table + std::uint64_t{msix.vectors} * pci::kMsixEntry;
  if (msix.table_bar >= function.bars.size() || end > function.bars[msix.table_bar].size) {
    log_.warning("MSI-X table is in no BAR: ignored", {{"function", function.name()}});
    co_return;
  }
  function.msix = msix;
}

}  // namespace cardvp::host
