// From a difference to the least that still shows it, and to text that a reader can work with.
#pragma once

#include <string>
#include <string_view>

#include "test/differential/comparison.h"
#include "test/differential/machine.h"

namespace cardvp::arm::differential {

struct Case {
  Sequence sequence;
  State state;
};

// The shortest sequence, then the fewest registers that are not 0, with which the engines still differ.
Case shrink(Comparison& comparison, Case failing);

// Words with their disassembly, registers that matter, both results, and the command that runs it again.
std::string describe(const Case& found, const Difference& difference);
std::string disassemble(std::uint32_t word, std::uint64_t address);

// The registers of a state that are not 0, as "x1=0x2 v3=0x1:0x2 nzcv=4"; and back. False: not of that form.
std::string to_text(const State& state);
bool from_text(std::string_view text, State& state);

}  // namespace cardvp::arm::differential
