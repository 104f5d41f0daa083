// A card that is switched on with given flash contents and fuses, in a process of its own: so that one test can have as
// many of them as it likes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <systemc>

#include "models/memory/fuses.h"

namespace cardvp::test {

struct PowerOn {
  std::string slot_a, slot_b;  // their contents; empty: erased
  memory::FusesConfig fuses;
  std::uint64_t dram_size = 256 << 20;  // bytes
  // Of the console's output: the run ends there, or when nothing more can happen, or after `limit`.
  std::string until = "ROM: halted";
  sc_core::sc_time limit{20, sc_core::SC_MS};
};

struct Booted {
  std::string console;    // without carriage returns
  bool ended = false;     // as PowerOn::until asked for
  bool left_rom = false;  // an instruction outside of the ROM was executed, or below EL3
  bool link_up = false;
  bool host_released = false;
  std::string failure;  // of the simulator: none is right
};

Booted power_on(const PowerOn& card);

// Fuses of a card in production that trusts the test root key, and takes any security version.
memory::FusesConfig production();
// The same in the development state.
memory::FusesConfig development();

}  // namespace cardvp::test
