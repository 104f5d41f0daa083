// RootComplex: SR-IOV (PCI Express Base Specification 4.0, chapter 9).
#include <bit>

#include "host/pci_config.h"
#include "host/root_complex.h"

namespace cardvp::host {

namespace {

std::uint16_t at(const PciFunction& function, unsigned offset) {
  return static_cast<std::uint16_t>(function.sriov_capability + offset);
}

}  // namespace

Task<std::vector<PciFunction>> RootComplex::enable_virtual(const PciFunction& physical, unsigned count) {
  std::vector<PciFunction> found;
  if (!physical.sriov_capability) co_return found;
  co_await disable_virtual(physical);
  const std::uint32_t total = co_await physical.config_read(at(physical, pci::kSriovTotal), 2);
  if (count == 0 || count > total || total == 0xffff) co_return found;
  co_await physical.config_write(at(physical, pci::kSriovPageSize), pci::kSriovPage4k);
  const std::optional<Bars> bars = co_await place_virtual_bars(physical, total);
  if (!bars) co_return found;
  co_await physical.config_write(at(physical, pci::kSriovCount), count, 2);

  // These may depend on NumVFs and on the hierarchy (9.3.3.9, 9.3.3.10).
  const std::uint32_t first = co_await physical.config_read(at(physical, pci::kSriovFirst), 2);
  const std::uint32_t stride = co_await physical.config_read(at(physical, pci::kSriovStride), 2);
  const std::uint32_t device = co_await physical.config_read(at(physical, pci::kSriovDevice), 2);
  if (first == 0 || stride == 0) {
    log_.warning("virtual functions without numbers: ignored", {{"function", physical.name()}});
    co_return found;
  }
  std::vector<std::uint8_t> numbers;
  for (unsigned i = 0; i < count; ++i) {
    const std::uint64_t number = physical.number() + first + std::uint64_t{i} * stride;
    if (number > 0xff) break;  // on another bus: not supported
    Virtual one{physical.number(), physical.vendor, static_cast<std::uint16_t>(device), *bars};
    for (PciFunction::Bar& bar : one.bars) bar.address += i * bar.size;
    virtual_[number] = one;
    numbers.push_back(static_cast<std::uint8_t>(number));
  }
  const std::uint32_t control = co_await physical.config_read(at(physical, pci::kSriovControl), 2);
  co_await physical.config_write(at(physical, pci::kSriovControl), control | pci::kSriovEnable | pci::kSriovMemory, 2);
  co_await delay({100, sc_core::SC_MS});  // the time that they may take (9.3.3.3.1)
  for (const std::uint8_t number : numbers) {
    if (auto one = co_await probe(number)) found.push_back(std::move(*one));
  }
  ++presence_changes_;
  presence_event_.notify();
  co_return found;
}

Task<> RootComplex::disable_virtual(const PciFunction& physical) {
  if (!physical.sriov_capability) co_return;
  const std::uint32_t control = co_await physical.config_read(at(physical, pci::kSriovControl), 2);
  const bool enabled = control & pci::kSriovEnable;
  if (enabled) co_await physical.config_write(at(physical, pci::kSriovControl), control & pci::kSriovAriHierarchy, 2);
  forget_virtual(physical.number());
  if (enabled) co_await delay({1, sc_core::SC_SEC});  // before the capability may be read again (9.3.3.3.1)
}

// The root port takes part in ARI. Only the lowest physical function has the bit; the others ignore it (9.3.3.3.5).
Task<> RootComplex::announce_ari(const PciFunction& physical) {
  const std::uint32_t control = co_await physical.config_read(at(physical, pci::kSriovControl), 2);
  co_await physical.config_write(at(physical, pci::kSriovControl), control | pci::kSriovAriHierarchy, 2);
}

void RootComplex::forget_virtual(std::uint8_t physical) {
  bool any = false;
  for (unsigned number = 0; number < virtual_.size(); ++number) {
    if (!virtual_[number] || virtual_[number]->physical != physical) continue;
    virtual_[number].reset();
    ++removals_[number];
    any = true;
  }
  if (!any) return;
  ++presence_changes_;
  presence_event_.notify();
}

// The BARs of the first virtual function; the others' follow. Room is taken for all that there can be.
Task<std::optional<RootComplex::Bars>> RootComplex::place_virtual_bars(const PciFunction& physical, unsigned total) {
  Bars bars{};
  for (unsigned index = 0; index < bars.size();) {
    const std::uint16_t offset = at(physical, pci::kSriovBar0 + 4 * index);
    const BarKind kind = co_await size_bar(physical, offset, index);
    if (kind.size != 0) {
      constexpr std::uint64_t kMost = 1ull << 40;  // bytes: more has no place anyway
      std::uint64_t address = 0;
      if (std::has_single_bit(kind.size) && kind.size <= kMost)
        address = place(virtual_windows_[physical.number()][index], std::bit_ceil(kind.size * total), kind.wide);
      co_await write_bar(physical, offset, address, kind.wide);
      if (!address) {
        log_.warning("VF BAR without a place: no virtual functions",
                     {{"function", physical.name()}, {"bar", index}, {"size", hex(kind.size)}});
        co_return std::nullopt;
      }
      bars[index] = {address, kind.size, kind.prefetchable};
    }
    index += kind.wide ? 2 : 1;
  }
  co_return bars;
}

}  // namespace cardvp::host
