// Checker of APB (IHI 0024, 3 and 4):
//   PENABLE_ALONE    PENABLE without PSEL
//   PENABLE_SETUP    PENABLE in the first cycle of an access
//   PENABLE_ACCESS   the setup cycle is not followed by PENABLE
//   PSEL_STABLE      PSEL or PENABLE was taken back before PREADY
//   PAYLOAD_STABLE   a signal of the requester changed during an access
//   PSTRB_READ       strobes in a read (3.2)
#pragma once

#include "rtl/bridges/checker.h"

namespace cardvp::rtl {

class ApbChecker : public Checker {
 public:
  ApbChecker(Sim& sim, Block& block, const InterfaceDescription& description);
  // For pins that are not of a block; the caller calls sample().
  ApbChecker(Sim& sim, const std::string& owner, InterfacePins pins);

  void sample() override;
  void reset() override { phase_ = Phase::kIdle; }

 private:
  enum class Phase : std::uint8_t { kIdle, kSetup, kAccess };  // of the last cycle; kAccess: not ended

  void check_phase(bool select, bool enable);
  void check_payload(bool select);

  struct Held {
    std::string signal;
    Pin pin;
    std::uint64_t value = 0;
  };
  Pin sel_, enable_, ready_, write_, strb_;
  std::vector<Held> payload_;
  Phase phase_ = Phase::kIdle;
};

}  // namespace cardvp::rtl
