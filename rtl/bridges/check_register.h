// Checker of the plain register port:
//   WE_ALONE         write enable without chip select
//   CS_STABLE        chip select was taken back before `ready`
//   PAYLOAD_STABLE   we, address or write data changed before `ready`
//   ERROR_ALONE      `error` without chip select
#pragma once

#include <array>

#include "rtl/bridges/checker.h"

namespace cardvp::rtl {

class RegisterChecker : public Checker {
 public:
  RegisterChecker(Sim& sim, Block& block, const InterfaceDescription& description);
  // For pins that are not of a block; the caller calls sample().
  RegisterChecker(Sim& sim, const std::string& owner, InterfacePins pins);

  void sample() override;
  void reset() override { waiting_ = false; }

 private:
  struct Held {
    std::string signal;
    Pin pin;
    std::array<std::uint8_t, kMaxDataBytes> value{};
  };
  Pin cs_, we_, ready_, error_;
  std::vector<Held> payload_;
  bool waiting_ = false;  // cs was high, ready low
};

}  // namespace cardvp::rtl
