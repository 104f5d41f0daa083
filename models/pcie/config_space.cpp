#include "models/pcie/config_space.h"

#include <bit>
#include <cassert>

namespace cardvp::pcie {
namespace {

// Capability ids, and the byte after one: where the next is.
constexpr std::uint32_t kPowerId = 0x01, kExpressId = 0x10, kMsixId = 0x11, kAriId = 0x0e;
constexpr std::uint32_t next(std::uint32_t offset) { return offset << 8; }

std::uint32_t low_bytes(unsigned size) { return size >= 4 ? ~0u : (1u << size * 8) - 1; }

// 128 to 4096 bytes as in Device Capabilities and Device Control.
std::uint32_t payload_code(unsigned bytes) { return static_cast<std::uint32_t>(std::countr_zero(bytes)) - 7; }

}  // namespace

ConfigSpace::ConfigSpace(const FunctionConfig& config, const LinkConfig& link)
    : is_virtual_(config.physical.has_value()) {
  // I/O Space Enable stays 0; the rw bits: memory, bus master, parity error response, SERR#, interrupt disable. Status:
  // a capability list, and the error bits.
  define(kCommand, {.reset = 1u << 20, .rw = 0x0546, .w1c = 0xf9000000});
  define(kHeaderType, {.rw = 0xff});  // cache line size: no effect, but writable (7.5.1.1.7)
  define(kCapabilities, {.reset = kPower});
  define(kInterruptLine, {.rw = 0xff});
  define_bars(kBar0, config.bars);

  define(kPower, {.reset = kPowerId | next(kExpress) | 3u << 16});  // version 3
  define(kPowerControl, {.rw = kPowerState});

  const std::uint32_t speed = link.generation;
  const std::uint32_t width = link.lanes << 4;
  define(kExpress, {.reset = kExpressId | next(kMsix) | 2u << 16});  // version 2, PCI Express endpoint
  // Extended tags, role-based error reporting, function-level reset.
  define(kDeviceCapabilities, {.reset = payload_code(link.max_payload) | 1u << 5 | 1u << 15 | 1u << 28});
  // Relaxed ordering and no snoop enabled, read requests of 512 bytes. Max_Payload_Size is kept.
  define(kDeviceControl, {.reset = 0x2810, .rw = 0x79ff, .w1c = 0x000f0000, .kept = 0x00e0});
  define(kLinkCapabilities, {.reset = speed | width | 1u << 22});  // ASPM Optionality Compliance
  // ASPM control, read completion boundary, common clock, extended synch: all of them the link's.
  define(kLinkControl, {.reset = (speed | width | 1u << 12) << 16, .rw = 0x00cb, .kept = 0x00cb});
  define(kDeviceCapabilities2, {.reset = 1u << 4});  // completion timeout can be disabled
  define(kDeviceControl2, {.rw = 1u << 4});
  define(kLinkCapabilities2, {.reset = ((1u << speed) - 1) << 1});  // every speed up to the highest
  define(kLinkControl2, {.reset = speed, .rw = 0xf, .kept = 0xf});

  assert(config.msix_vectors >= 1 && config.msix_vectors <= 2048);
  define(kMsix, {.reset = kMsixId | (config.msix_vectors - 1) << 16, .rw = kMsixEnable | kMsixMask});
  define(kMsixTable, {.reset = std::uint32_t(config.msix_table) | config.msix_bar});
  define(kMsixPending, {.reset = std::uint32_t(config.msix_pending) | config.msix_bar});

  define(kAri, {.reset = kAriId | 1u << 16});  // version 1; no function groups
  if (is_virtual_) restrict_to_virtual();
}

void ConfigSpace::define_bars(unsigned offset, const std::vector<FunctionConfig::Bar>& bars) {
  for (const FunctionConfig::Bar& bar : bars) {
    assert(bar.index <= 4 && bar.index % 2 == 0 && std::has_single_bit(bar.size) && bar.size >= 4096);
    const std::uint64_t address = ~(bar.size - 1);
    define(offset + 4 * bar.index, {.reset = 0x4u | (bar.prefetchable ? 0x8u : 0u), .rw = std::uint32_t(address)});
    define(offset + 4 * bar.index + 4, {.rw = std::uint32_t(address >> 32)});
  }
}

void ConfigSpace::define(unsigned offset, const Rules& rules) {
  rules_[offset / 4] = rules;
  values_[offset / 4] = rules.reset;
}

void ConfigSpace::reset(Reset kind) {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const std::uint32_t kept = kind == Reset::kFunctionLevel ? rules_[i].kept : 0;
    values_[i] = (values_[i] & kept) | (rules_[i].reset & ~kept);
  }
  fit_vf_bars();
}

std::uint32_t ConfigSpace::read(std::uint16_t offset, unsigned size) const {
  if (offset >= kEnd) return 0;
  return dword(offset) >> offset % 4 * 8 & low_bytes(size);
}

bool ConfigSpace::write(std::uint16_t offset, unsigned size, std::uint32_t value) {
  if (offset >= kEnd) return false;
  const Rules& rules = rules_[offset / 4];
  const unsigned shift = offset % 4 * 8;
  const std::uint32_t mask = low_bytes(size) << shift;
  const std::uint32_t written = value << shift & mask;
  const std::uint32_t old = dword(offset);
  std::uint32_t& stored = values_[offset / 4];
  const std::uint32_t plain = rules.rw & mask;
  stored = ((old & ~plain) | (written & plain)) & ~(written & rules.w1c);

  switch (offset & ~3u) {
    case kPowerControl: {
      constexpr std::uint32_t kD3hot = 3;
      const std::uint32_t state = stored & kPowerState;
      if (state != 0 && state != kD3hot) stored = old;  // D1 and D2 are not there: no change (7.5.2.2)
      return (old & kPowerState) == kD3hot && (stored & kPowerState) == 0;
    }
    case kDeviceControl: return written & kInitiateReset;
    default: check_sriov_write(offset & ~3u, old); return false;
  }
}

std::uint64_t ConfigSpace::bar_base(unsigned bar) const { return base_at(kBar0 + 4 * bar); }

void ConfigSpace::set_identity(std::uint32_t ids, std::uint32_t class_and_revision, std::uint32_t subsystem) {
  values_[kIds / 4] = is_virtual_ ? ~0u : ids;  // a virtual one's are in the SR-IOV capability (9.3.4.1.1)
  values_[kClass / 4] = class_and_revision;
  values_[kSubsystem / 4] = subsystem;
}

void ConfigSpace::note_unsupported_request(bool posted) {
  values_[kDeviceControl / 4] |= kUnsupportedDetected | (posted ? kNonFatalDetected : kCorrectableDetected);
}

void ConfigSpace::note_sent_completer_abort() {
  values_[kCommand / 4] |= kSignalledTargetAbort;
  values_[kDeviceControl / 4] |= kCorrectableDetected;
}

}  // namespace cardvp::pcie
