// Random instruction sequences by the table of encodings, and random states to start them from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "models/arm/interpreter/decoder.h"
#include "test/differential/machine.h"
#include "test/differential/random.h"

namespace cardvp::arm::differential {

class Generator {
 public:
  // `only`: the one encoding that is wanted; empty: all.
  Generator(std::uint64_t seed, std::string_view only);

  Sequence sequence();
  // A state to start the last sequence from; FPCR is the same for all of them, since Dynarmic compiles for it.
  State state();
  // Any word at all, the encodings' fixed bits in favour.
  std::uint32_t any_word();

 private:
  using Encoding = interpreter::Encoding;

  const Encoding& encoding();
  // A word that the decoder accepts, for the instruction at `pc`; none: not found, or it is never generated.
  std::optional<std::uint32_t> word(const Encoding& encoding, std::uint64_t pc);
  void shape_registers(const Encoding& encoding, std::uint32_t& word);
  void shape_access(const Encoding& encoding, std::uint32_t& word, std::uint64_t pc);
  void shape_branch(const Encoding& encoding, std::uint32_t& word, std::uint64_t pc);
  void append_exclusives(Sequence& sequence, std::uint32_t load);
  std::uint32_t any_register();

  Random random_;
  std::vector<const Encoding*> choice_;  // each as often as its weight says
  Sequence sequence_;
  std::size_t length_ = 0;  // that the sequence is to have
  std::uint32_t fpcr_ = 0;
};

// The encodings that sequences consist of.
bool is_generated(const interpreter::Encoding& encoding);

}  // namespace cardvp::arm::differential
