#include "host/vfio_user/config_view.h"

#include "host/pci_config.h"
#include "host/root_complex.h"

namespace cardvp::host::vfio_user {
namespace {

constexpr std::uint16_t kHeaderDword = 0x0c;
constexpr std::uint32_t kMultifunction = 1u << 23;  // in it
constexpr std::uint16_t kExpansionRom = 0x30;
constexpr std::uint16_t kBarsEnd = pci::kBar0 + 4 * 6;
constexpr std::uint16_t kSriovBytes = 0x40;
constexpr std::uint16_t kPowerControl = 4;  // from the start of the power management capability
constexpr std::uint32_t kD3hot = 3;
constexpr std::uint16_t kMsixControls = 0xc000;  // enable, function mask

}  // namespace

// A BAR, or the upper half of the one before it: which bits of the address there are, and its kind.
ConfigView::Bar ConfigView::bar(unsigned index) const {
  const PciFunction::Bar& own = function_.bars[index];
  const bool wide = own.address >= RootComplex::kMmioWindow64;  // the root complex puts those there, and no others
  if (own.size != 0)
    return {static_cast<std::uint32_t>(~(own.size - 1)), (wide ? 4u : 0u) | (own.prefetchable ? 8u : 0u)};
  if (index == 0) return {0, 0};
  const PciFunction::Bar& lower = function_.bars[index - 1];
  const bool upper_half = lower.size != 0 && lower.address >= RootComplex::kMmioWindow64;
  return {upper_half ? static_cast<std::uint32_t>(~(lower.size - 1) >> 32) : 0, 0};
}

bool ConfigView::is_hidden(std::uint16_t dword) const {
  const std::uint16_t sriov = function_.sriov_capability;
  return dword == kExpansionRom || (sriov && dword >= sriov && dword < sriov + kSriovBytes);
}

std::uint32_t ConfigView::read(std::uint16_t dword, std::uint32_t real) const {
  if (is_hidden(dword)) return 0;
  if (dword >= pci::kBar0 && dword < kBarsEnd) {
    const unsigned index = (dword - pci::kBar0) / 4u;
    return bars_[index] | bar(index).kind;
  }
  if (function_.msix && dword == function_.msix->capability)
    return (real & ~(std::uint32_t{kMsixControls} << 16)) | std::uint32_t{msix_control_} << 16;
  switch (dword) {
    case pci::kVendor: return function_.is_virtual ? function_.vendor | std::uint32_t{function_.device} << 16 : real;
    case pci::kCommand: return virtual_memory_ ? real | pci::kCommandMemory : real;
    case kHeaderDword: return real & ~kMultifunction;
    default: return real;
  }
}

ConfigView::Then ConfigView::write(std::uint16_t offset, unsigned size, std::uint32_t value) {
  const auto dword = static_cast<std::uint16_t>(offset & ~3u);
  const unsigned shift = offset % 4 * 8;
  const std::uint32_t mask = (size >= 4 ? ~0u : (1u << size * 8) - 1) << shift;
  const std::uint32_t written = value << shift & mask;
  if (is_hidden(dword)) return Then::kNothing;
  if (dword >= pci::kBar0 && dword < kBarsEnd) {
    const unsigned index = (dword - pci::kBar0) / 4u;
    bars_[index] = ((bars_[index] & ~mask) | written) & bar(index).address;
    return Then::kNothing;
  }
  if (function_.msix && dword == function_.msix->capability) {
    const auto kept = static_cast<std::uint16_t>(msix_control_ & ~(mask >> 16));
    msix_control_ = static_cast<std::uint16_t>((kept | written >> 16) & kMsixControls);
    return Then::kNothing;
  }
  if (dword == pci::kCommand && function_.is_virtual && (mask & pci::kCommandMemory))
    virtual_memory_ = written & pci::kCommandMemory;
  if (function_.pcie_capability && dword == function_.pcie_capability + pci::kDeviceControl)
    return written & pci::kDeviceControlFlr ? Then::kRestore : Then::kPass;
  if (function_.power_capability && dword == function_.power_capability + kPowerControl && (mask & kD3hot))
    return power(written & kD3hot);
  return Then::kPass;
}

// On the way from D3hot to D0 a function may be reset (7.5.2.2). D1 and D2 are not there.
ConfigView::Then ConfigView::power(std::uint32_t state) {
  const bool awake = in_d3_ && state == 0;
  if (state == 0 || state == kD3hot) in_d3_ = state == kD3hot;
  return awake ? Then::kRestore : Then::kPass;
}

void ConfigView::reset() {
  bars_.fill(0);
  msix_control_ = 0;
  virtual_memory_ = in_d3_ = false;
}

}  // namespace cardvp::host::vfio_user
