// ConfigSpace: what SR-IOV adds (PCI Express Base Specification 4.0, chapter 9).
#include <algorithm>
#include <bit>
#include <cassert>

#include "models/pcie/config_space.h"

namespace cardvp::pcie {
namespace {

constexpr std::uint32_t kSriovId = 0x10;
// 4, 8, 64 and 256 KiB, 1 and 4 MiB, which all devices must support: 2^(12 + n) for bit n (9.3.3.12).
constexpr std::uint32_t kPageSizes = 0x553;
constexpr std::uint32_t kFourKib = 1;

}  // namespace

void ConfigSpace::restrict_to_virtual() {
  define(kCommand, {.reset = rules_[kCommand / 4].reset, .rw = kBusMaster, .w1c = rules_[kCommand / 4].w1c});
  define(kHeaderType, {});
  define(kInterruptLine, {});
  for (unsigned bar = 0; bar < 6; ++bar) define(kBar0 + 4 * bar, {});
  define(kDeviceControl, {.w1c = rules_[kDeviceControl / 4].w1c});
  define(kLinkControl, {});
  define(kDeviceControl2, {});
  define(kLinkControl2, {});
}

void ConfigSpace::add_virtual_function(std::uint8_t number, std::uint8_t first,
                                       const std::vector<FunctionConfig::Bar>& bars) {
  assert(!is_virtual_);
  const std::uint32_t total = (dword(kSriovTotal) >> 16) + 1;
  define(kSriovTotal, {.reset = total | total << 16});
  if (total > 1) return;
  vf_bars_ = bars;
  define(kAri, {.reset = dword(kAri) | std::uint32_t{kSriov} << 20});
  define(kSriov, {.reset = kSriovId | 1u << 16});  // version 1; no migration
  define(kSriovControl, {.rw = kVfEnable | kVfMemorySpace});
  define(kSriovCount, {.reset = std::uint32_t{number} << 16, .rw = 0xffff});
  define(kSriovPlacement, {.reset = (first - std::uint32_t{number}) | 1u << 16});
  define(kSriovDevice, {});
  define(kSriovPageSizes, {.reset = kPageSizes});
  define(kSriovPageSize, {.reset = kFourKib, .rw = kPageSizes});
  define_bars(kSriovBar0, bars);
}

// It says nothing to this device, whose functions' numbers have 8 bits in any hierarchy.
void ConfigSpace::offer_ari_hierarchy(bool on) {
  rules_[kSriovControl / 4].rw = kVfEnable | kVfMemorySpace | (on ? kAriHierarchy : 0u);
  if (!on) assign(kSriovControl, kAriHierarchy, false);
}

// NumVFs and System Page Size are settled once virtual functions are enabled, and have their bounds (9.3.3.7,
// 9.3.3.13).
void ConfigSpace::check_sriov_write(unsigned offset, std::uint32_t old) {
  const bool enabled = vf_enabled();
  std::uint32_t& stored = values_[offset / 4];
  if (offset == kSriovCount && (enabled || (stored & 0xffff) > dword(kSriovTotal) >> 16)) stored = old;
  if (offset != kSriovPageSize) return;
  if (enabled || !std::has_single_bit(stored)) stored = old;
  fit_vf_bars();
}

// A BAR of one virtual function is never less than a page of the system's, so that each can be mapped alone.
void ConfigSpace::fit_vf_bars() {
  for (const FunctionConfig::Bar& bar : vf_bars_) {
    const std::uint64_t address = ~(vf_bar_stride(bar.size) - 1);
    const unsigned low = (kSriovBar0 + 4 * bar.index) / 4;
    const std::uint32_t kind = rules_[low].reset;
    rules_[low].rw = static_cast<std::uint32_t>(address);
    rules_[low + 1].rw = static_cast<std::uint32_t>(address >> 32);
    values_[low] = (values_[low] & rules_[low].rw) | kind;
    values_[low + 1] &= rules_[low + 1].rw;
  }
}

std::uint64_t ConfigSpace::vf_bar_stride(std::uint64_t size) const {
  return std::max(size, std::uint64_t{dword(kSriovPageSize)} << 12);
}

}  // namespace cardvp::pcie
