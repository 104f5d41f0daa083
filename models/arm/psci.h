// Power State Coordination Interface 1.0 (Arm DEN0022D), as the firmware below a directly entered core would answer it.
#pragma once

#include <array>
#include <cstdint>

namespace cardvp::arm {

// What a PSCI call can do to the machine.
class PowerControl {
 public:
  virtual unsigned cores() const = 0;
  virtual bool is_on(unsigned core) const = 0;
  virtual void turn_on(unsigned core, std::uint64_t entry, std::uint64_t context) = 0;
  // Of the caller; they take effect behind the call.
  virtual void turn_off() = 0;
  virtual void stand_by() = 0;
  virtual void system_off() = 0;
  virtual void system_reset() = 0;

 protected:
  ~PowerControl() = default;
};

// Function id and three parameters; the result, or what PSCI calls an error.
std::uint64_t call_psci(PowerControl& power, const std::array<std::uint64_t, 4>& arguments);

}  // namespace cardvp::arm
