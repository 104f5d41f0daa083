#include "models/arm/psci.h"

namespace cardvp::arm {

namespace {

enum Function : std::uint32_t {
  kVersion = 0x84000000,
  kCpuSuspend = 0x84000001,
  kCpuOff = 0x84000002,
  kCpuOn = 0x84000003,
  kAffinityInfo = 0x84000004,
  kMigrateInfoType = 0x84000006,
  kSystemOff = 0x84000008,
  kSystemReset = 0x84000009,
  kFeatures = 0x8400000a,
};
constexpr std::uint32_t k64Bit = 0x40000000;  // the same function with 64-bit parameters

enum Error : std::int64_t {
  kSuccess = 0,
  kNotSupported = -1,
  kInvalidParameters = -2,
  kAlreadyOn = -4,
};
constexpr std::uint64_t kVersion10 = 0x00010000;
constexpr std::uint64_t kNoMigration = 2;   // MIGRATE_INFO_TYPE: no trusted OS that would need it
constexpr std::uint64_t kOn = 0, kOff = 1;  // AFFINITY_INFO

// A core's number is MPIDR_EL1.Aff0, and its other affinity fields are 0. False: there is no such core.
bool find_core(const PowerControl& power, std::uint64_t affinity, unsigned& core) {
  if (affinity >= power.cores()) return false;
  core = static_cast<unsigned>(affinity);
  return true;
}

std::int64_t turn_on(PowerControl& power, std::uint64_t target, std::uint64_t entry, std::uint64_t context) {
  unsigned core;
  if (!find_core(power, target, core)) return kInvalidParameters;
  if (power.is_on(core)) return kAlreadyOn;
  power.turn_on(core, entry, context);
  return kSuccess;
}

// Standby is a WFI; there is no state with the power off that a core comes back from.
std::int64_t suspend(PowerControl& power, std::uint64_t state) {
  constexpr std::uint64_t kPowerDown = 1u << 16;
  if (state & kPowerDown) return kInvalidParameters;
  power.stand_by();
  return kSuccess;
}

bool has_64bit_form(std::uint32_t function) {
  return function == kCpuSuspend || function == kCpuOn || function == kAffinityInfo;
}

bool supported(std::uint32_t function) {
  switch (function) {
    case kVersion:
    case kCpuSuspend:
    case kCpuOff:
    case kCpuOn:
    case kAffinityInfo:
    case kMigrateInfoType:
    case kSystemOff:
    case kSystemReset:
    case kFeatures: return true;
    default: return (function & k64Bit) && has_64bit_form(function & ~k64Bit);
  }
}

}  // namespace

std::uint64_t call_psci(PowerControl& power, const std::array<std::uint64_t, 4>& arguments) {
  auto function = static_cast<std::uint32_t>(arguments[0]);
  auto parameters = arguments;
  if (!supported(function)) return static_cast<std::uint64_t>(kNotSupported);
  if (!(function & k64Bit))
    for (std::uint64_t& parameter : parameters) parameter &= 0xffffffff;
  unsigned core;
  std::int64_t result = kSuccess;
  switch (function & ~k64Bit) {
    case kVersion: return kVersion10;
    case kCpuSuspend: result = suspend(power, parameters[1]); break;
    case kCpuOff: power.turn_off(); break;
    case kCpuOn: result = turn_on(power, parameters[1], parameters[2], parameters[3]); break;
    case kAffinityInfo:
      if (parameters[2] != 0 || !find_core(power, parameters[1], core)) {
        result = kInvalidParameters;
      } else {
        return power.is_on(core) ? kOn : kOff;
      }
      break;
    case kMigrateInfoType: return kNoMigration;
    case kSystemOff: power.system_off(); break;
    case kSystemReset: power.system_reset(); break;
    case kFeatures: result = supported(static_cast<std::uint32_t>(parameters[1])) ? kSuccess : kNotSupported; break;
    default: result = kNotSupported; break;
  }
  return static_cast<std::uint64_t>(result);
}

}  // namespace cardvp::arm
