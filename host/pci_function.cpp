#include "host/pci_function.h"

#include <fmt/format.h>

#include "host/pci_config.h"
#include "host/root_complex.h"

namespace cardvp::host {

using sc_core::SC_MS;
using sc_core::sc_time;

std::string PciFunction::name() const { return fmt::format("{:02x}:{:02x}.{}", bus(), number() >> 3, number() & 7); }

Task<std::uint32_t> PciFunction::config_read(std::uint16_t offset, unsigned size) const {
  const pcie::ReadResult result = co_await root_->link().config_read(bus(), number(), offset, size);
  root_->count(result.status);
  co_return static_cast<std::uint32_t>(result.value);
}

Task<> PciFunction::config_write(std::uint16_t offset, std::uint32_t value, unsigned size) const {
  root_->count(co_await root_->link().config_write(bus(), number(), offset, size, value));
}

Task<std::uint32_t> PciFunction::read32(unsigned bar, std::uint64_t offset) const {
  const pcie::ReadResult result = co_await root_->link().memory_read(bars[bar].address + offset, 4);
  root_->count(result.status);
  co_return static_cast<std::uint32_t>(result.value);
}

Task<std::uint64_t> PciFunction::read64(unsigned bar, std::uint64_t offset) const {
  const pcie::ReadResult result = co_await root_->link().memory_read(bars[bar].address + offset, 8);
  root_->count(result.status);
  co_return result.value;
}

void PciFunction::write32(unsigned bar, std::uint64_t offset, std::uint32_t value) const {
  root_->link().memory_write(bars[bar].address + offset, std::as_bytes(std::span(&value, 1)));
}

void PciFunction::write64(unsigned bar, std::uint64_t offset, std::uint64_t value) const {
  root_->link().memory_write(bars[bar].address + offset, std::as_bytes(std::span(&value, 1)));
}

void PciFunction::write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) const {
  root_->link().memory_write(bars[bar].address + offset, data);
}

std::optional<std::uint64_t> PciFunction::vector_entry(unsigned vector) const {
  if (!msix || vector >= msix->vectors) return std::nullopt;
  return msix->table + std::uint64_t{vector} * pci::kMsixEntry;
}

bool PciFunction::set_vector(unsigned vector, Interrupt interrupt) const {
  const auto entry = vector_entry(vector);
  if (!entry) return false;
  // Software may change address and data of a masked vector only.
  write32(msix->table_bar, *entry + 12, 1);
  write64(msix->table_bar, *entry, interrupt.address);
  write32(msix->table_bar, *entry + 8, interrupt.data);
  write32(msix->table_bar, *entry + 12, 0);
  return true;
}

bool PciFunction::mask_vector(unsigned vector, bool masked) const {
  const auto entry = vector_entry(vector);
  if (!entry) return false;
  write32(msix->table_bar, *entry + 12, masked);
  return true;
}

Task<> PciFunction::enable_msix(bool on) const {
  if (!msix) co_return;
  const auto control = static_cast<std::uint16_t>(msix->capability + pci::kMsixControl);
  const std::uint32_t value = co_await config_read(control, 2);
  co_await config_write(control, on ? value | pci::kMsixEnable : value & ~std::uint32_t{pci::kMsixEnable}, 2);
}

Task<bool> PciFunction::flr() const {
  if (!pcie_capability) co_return false;
  const auto capabilities = static_cast<std::uint16_t>(pcie_capability + pci::kDeviceCapabilities);
  const auto control = static_cast<std::uint16_t>(pcie_capability + pci::kDeviceControl);
  const std::uint32_t id = co_await config_read(pci::kRevision);  // which virtual functions have, too
  if (id == ~0u) co_return false;                                 // it is not there
  if (!(co_await config_read(capabilities) & pci::kDeviceCapabilitiesFlr)) co_return false;

  std::array<std::uint32_t, 6> saved;
  for (unsigned i = 0; i < saved.size(); ++i)
    saved[i] = co_await config_read(static_cast<std::uint16_t>(pci::kBar0 + 4 * i));
  const std::uint32_t command = co_await config_read(pci::kCommand, 2);
  const std::uint32_t device_control = co_await config_read(control, 2);

  co_await config_write(pci::kCommand, 0, 2);  // no new requests of the function
  co_await config_write(control, device_control | pci::kDeviceControlFlr, 2);
  co_await root_->delay(sc_time(100, SC_MS));  // the time that a function may take
  root_->forget_virtual(number());
  if (co_await config_read(pci::kRevision) != id) co_return false;

  co_await config_write(control, device_control, 2);
  for (unsigned i = 0; i < saved.size(); ++i)
    co_await config_write(static_cast<std::uint16_t>(pci::kBar0 + 4 * i), saved[i]);
  co_await config_write(pci::kCommand, command, 2);
  if (sriov_capability) co_await root_->announce_ari(*this);
  co_return true;
}

}  // namespace cardvp::host
