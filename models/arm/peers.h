// The cores of a cluster, as one of them affects all, itself included.
#pragma once

#include <array>
#include <cstdint>
#include <systemc>

namespace cardvp::arm {

class Peers {
 public:
  // TLBI of the inner shareable domain: everything, or what one page's address translates to.
  virtual void flush_translations() = 0;
  virtual void flush_page(std::uint64_t address) = 0;
  // Code at this physical address was modified, and made visible by IC IVAU; or by IC IALLUIS, anywhere.
  virtual void code_modified(std::uint64_t physical, std::uint64_t bytes) = 0;
  virtual void all_code_modified() = 0;
  // SEV.
  virtual void send_event() = 0;

  // A PSCI call of core `caller` at simulated time `now`, which may be ahead of the kernel's: x0 to x3, and the result
  // for x0. It may take the caller's power away (Processor::power_off).
  virtual std::uint64_t psci(unsigned caller, const std::array<std::uint64_t, 4>& arguments, sc_core::sc_time now) = 0;

 protected:
  ~Peers() = default;
};

}  // namespace cardvp::arm
