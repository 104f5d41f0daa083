// Runs one sequence on both engines and compares what comes out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "test/differential/machine.h"
#include "test/differential/ours.h"
#include "test/differential/reference.h"

namespace cardvp::arm::differential {

struct Difference {
  std::string what;  // a line for each thing that differs
};

class Comparison {
 public:
  void load(const Sequence& sequence);
  std::optional<Difference> run(const State& from);

  // Of the last run: instructions that both executed.
  std::uint64_t executed() const { return ours_.executed(); }
  std::span<const std::uint32_t> counts() const { return ours_.counts(); }
  // A word of the sequence that the last run met and on which the reference has no opinion.
  std::optional<std::uint32_t> incomparable_word() const { return incomparable_word_; }

  // How the reference ends on one word.
  Stop reference_stop(std::uint32_t word);

 private:
  std::optional<Difference> compare(const State& from, const Outcome& ours, Outcome reference);
  std::optional<Difference> compare_abort(const State& from, const Outcome& ours);
  std::uint32_t word_at(std::uint64_t pc) const;

  Ours ours_;
  Reference reference_;
  Sequence sequence_;
  std::uint32_t compared_status_ = ~0u;
  std::optional<std::uint32_t> incomparable_word_;
};

}  // namespace cardvp::arm::differential
