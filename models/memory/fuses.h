// Fuses (fuses.def): the card's identity, as its configuration gives it.
#pragma once

#include <array>

#include "models/base/bus_target.h"

namespace cardvp::memory {

enum LifeCycle : std::uint8_t { kDevelopment = 0, kProduction = 1, kReturned = 2 };
inline constexpr std::array<const char*, 3> kLifeCycleNames = {"development", "production", "returned"};

struct FusesConfig {
  std::uint64_t card_id = 0;
  std::uint8_t life_cycle = kDevelopment;
  std::uint32_t security_version = 0;
  std::array<std::uint8_t, 48> root_key_hash{};  // SHA-384
  // Only the security engine reads it: on no bus, in no register.
  std::array<std::uint8_t, 32> device_secret{};
};

class Fuses : public RegisterTarget {
 public:
  Fuses(sc_core::sc_module_name name, Sim& sim, const FusesConfig& config);
  // Card reset: nothing changes.
  void reset() {}
};

}  // namespace cardvp::memory
