#include "test/differential/comparison.h"

#include <fmt/format.h>

#include <cstring>

#include "test/differential/exceptions.h"

namespace cardvp::arm::differential {

namespace {

std::string vector_text(const State::Vector& v) { return fmt::format("{:016x}:{:016x}", v[1], v[0]); }

void compare_states(const State& ours, const State& reference, std::uint32_t status, std::string& out) {
  const auto compare = [&](const std::string& what, std::uint64_t a, std::uint64_t b) {
    if (a != b) out += fmt::format("  {:<5} ours {:#x}, reference {:#x}\n", what, a, b);
  };
  if (std::memcmp(&ours.x, &reference.x, sizeof ours.x) != 0) {
    for (std::size_t i = 0; i < ours.x.size(); ++i) compare(fmt::format("x{}", i), ours.x[i], reference.x[i]);
  }
  compare("sp", ours.sp, reference.sp);
  compare("pc", ours.pc, reference.pc);
  if (std::memcmp(&ours.v, &reference.v, sizeof ours.v) != 0) {
    for (std::size_t i = 0; i < ours.v.size(); ++i) {
      if (ours.v[i] != reference.v[i])
        out += fmt::format("  v{:<4} ours {}, reference {}\n", i, vector_text(ours.v[i]), vector_text(reference.v[i]));
    }
  }
  compare("nzcv", ours.nzcv, reference.nzcv);
  compare("fpcr", ours.fpcr, reference.fpcr);
  compare("fpsr", ours.fpsr & status, reference.fpsr & status);
}

// `before`: what a byte may also be, if the architecture leaves open whether it is written.
void compare_memory(const Memory::Data& ours, const Memory::Data& reference, const Memory::Data& before,
                    std::string& out) {
  if (std::memcmp(ours.data(), reference.data(), ours.size()) == 0) return;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (ours[i] != reference[i] && ours[i] != before[i])
      out += fmt::format("  [{:#x}] ours {:#04x}, reference {:#04x}\n", Memory::kData + i,
                         static_cast<unsigned>(ours[i]), static_cast<unsigned>(reference[i]));
  }
}

std::optional<Difference> difference(std::string what) {
  if (what.empty()) return std::nullopt;
  return Difference{std::move(what)};
}

std::string end_text(const Outcome& outcome) {
  return fmt::format("{} at {:#x}, address {:#x}", name(outcome.stop), outcome.state.pc, outcome.address);
}

// Dynarmic keeps 56 bits of a branch target; the others are taken from ours.
Outcome widened(Outcome reference, const Outcome& ours) {
  constexpr std::uint64_t kKept = (std::uint64_t{1} << 56) - 1;
  if (((reference.address ^ ours.address) & kKept) == 0) reference.address = ours.address;
  if (((reference.state.pc ^ ours.state.pc) & kKept) == 0) reference.state.pc = ours.state.pc;
  return reference;
}

// Load and store exclusive, and those with acquire or release.
bool is_exclusive_group(std::uint32_t word) { return (word & 0x3f000000) == 0x08000000; }

// An access to general registers of which one is XZR.
bool uses_zero_register(std::uint32_t word) {
  const bool access = (word & 0x0a000000) == 0x08000000;
  const bool pair = (word & 0x38000000) == 0x28000000;
  return access && (word >> 26 & 1) == 0 && ((word & 31) == 31 || (pair && (word >> 10 & 31) == 31));
}

}  // namespace

void Comparison::load(const Sequence& sequence) {
  sequence_ = sequence;
  ours_.load(sequence);
  reference_.load(sequence);
}

std::optional<Difference> Comparison::run(const State& from) {
  incomparable_word_.reset();
  compared_status_ = ~0u;
  for (const std::uint32_t word : sequence_.words) compared_status_ &= ~ignored_status(word, from.fpcr);
  // Dynarmic leaves out an FP instruction whose result is written over, and its exceptions with it.
  if (sequence_.words.size() > 1) compared_status_ &= ~kFpExceptions;
  const Outcome ours = ours_.run(from);
  const Outcome reference = reference_.run(from);
  auto result = compare(from, ours, reference);
  // Only where all was compared, memory is known to be as the reference wrote it.
  const bool clean = ours.stop == Stop::kEnd && reference.stop == Stop::kEnd && !reference_.wrote() && !result;
  if (!clean) {
    ours_.memory().restore();
    reference_.memory().restore();
  }
  return result;
}

std::optional<Difference> Comparison::compare(const State& from, const Outcome& ours, Outcome reference) {
  const std::uint32_t word = word_at(reference.state.pc);
  const bool undefined = ours.stop == Stop::kUndefined && ours.state.pc == reference.state.pc;
  if (reference.stop == Stop::kUnpredictable ||
      (reference.stop == Stop::kNotImplemented && (undefined || find_exception(Exemption::kNotImplemented, word)))) {
    incomparable_word_ = word;
    return std::nullopt;
  }
  if (undefined && reference.stop != Stop::kUndefined && find_exception(Exemption::kExtension, word)) {
    incomparable_word_ = word;
    return std::nullopt;
  }
  if (ours.stop == Stop::kDataAbort || ours.stop == Stop::kAlignment) return compare_abort(from, ours);
  // The reference cannot be stopped at the same instruction.
  if (ours.stop == Stop::kLimit) return std::nullopt;
  if (ours.stop == Stop::kFetchAbort && reference.stop == Stop::kFetchAbort) reference = widened(reference, ours);
  if (ours.stop != reference.stop || ours.address != reference.address)
    return Difference{fmt::format("  ours: {}; reference: {}\n", end_text(ours), end_text(reference))};
  std::string what;
  compare_states(ours.state, reference.state, compared_status_, what);
  compare_memory(ours_.memory().data(), reference_.memory().data(), reference_.memory().data(), what);
  return difference(std::move(what));
}

std::optional<Difference> Comparison::compare_abort(const State& from, const Outcome& ours) {
  std::string what;
  reference_.memory().restore();
  const Outcome before = reference_.step(from, ours_.executed());
  if (before.stop != Stop::kLimit)
    return Difference{fmt::format("  ours: {}; reference: {}\n", end_text(ours), end_text(before))};
  compare_states(ours.state, before.state, compared_status_, what);

  const Memory::Data memory = reference_.memory().data();
  const Outcome at = reference_.step(before.state, 1);
  compare_memory(ours_.memory().data(), reference_.memory().data(), memory, what);
  // Dynarmic checks no alignment, makes no access for a store exclusive that fails, and none for a load to XZR.
  const std::uint32_t word = word_at(ours.state.pc);
  const bool open = ours.stop == Stop::kAlignment || is_exclusive_group(word) || uses_zero_register(word);
  if (!open && (at.stop != Stop::kDataAbort || at.address != ours.address))
    what += fmt::format("  ours: {}; reference: {}\n", end_text(ours), end_text(at));
  return difference(std::move(what));
}

std::uint32_t Comparison::word_at(std::uint64_t pc) const {
  const std::uint64_t index = (pc - sequence_.address()) / 4;
  return index < sequence_.words.size() ? sequence_.words[index] : kEnd;
}

Stop Comparison::reference_stop(std::uint32_t word) {
  load({{word}, 0, true});
  State state;
  state.pc = Memory::kCode;
  // Loads and stores of all kinds find memory.
  state.x.fill(Memory::kData + Memory::kPage);
  state.sp = Memory::kData + Memory::kPage;
  const Outcome outcome = reference_.step(state, 1);
  reference_.memory().restore();
  return outcome.stop;
}

}  // namespace cardvp::arm::differential
