#include "test/differential/generator.h"

#include <algorithm>
#include <bit>

#include "test/differential/exceptions.h"
#include "test/differential/operands.h"

namespace cardvp::arm::differential {

namespace {

// The roles of general registers in every state: others hold anything.
constexpr std::uint32_t kOffsets[] = {16, 17, 18, 19};            // small numbers
constexpr std::uint32_t kBases[] = {20, 21, 22, 23, 24, 25, 31};  // addresses of data
constexpr std::uint32_t kTargets[] = {28, 29, 30};                // addresses of code

constexpr std::size_t kLongest = 32;

// The main groups of encodings (Arm ARM, C4.1).
bool is_access(std::uint32_t word) { return (word >> 25 & 0b0101) == 0b0100; }
bool is_branch(std::uint32_t word) { return (word >> 26 & 0b111) == 0b101; }
bool is_vector_access(std::uint32_t word) { return is_access(word) && word >> 26 & 1; }
bool is_register_operation(std::uint32_t word) { return (word >> 25 & 0b0111) == 0b0101; }
bool is_vector_operation(std::uint32_t word) { return (word >> 25 & 0b0111) == 0b0111; }
bool uses_vectors(std::uint32_t word) { return is_vector_access(word) || is_vector_operation(word); }

struct Field {
  unsigned low, width;
  std::uint32_t mask() const { return ((1u << width) - 1) << low; }
  bool free_in(const interpreter::Encoding& encoding) const { return (encoding.mask & mask()) == 0; }
  void set(std::uint32_t& word, std::uint64_t value) const {
    word = (word & ~mask()) | (static_cast<std::uint32_t>(value) << low & mask());
  }
};
constexpr Field kRd{0, 5}, kRn{5, 5}, kRa{10, 5}, kRm{16, 5};
constexpr Field kImm26{0, 26}, kImm19{5, 19}, kImm14{5, 14};

// Fields that should be ones; with anything else Dynarmic does not know the instruction.
void set_ones(std::uint32_t& word) {
  if ((word & 0xff600000) == 0x9b400000) kRa.set(word, 31);  // SMULH, UMULH
  if ((word & 0x3f000000) == 0x08000000) {
    const bool pair = word >> 21 & 1, load = word >> 22 & 1, ordered_only = word >> 23 & 1;
    if (!pair) kRa.set(word, 31);
    if (load || ordered_only) kRm.set(word, 31);
  }
}

bool named(const interpreter::Encoding& encoding, std::string_view name) { return encoding.name == name; }

// Words that are free to be anything: the more an encoding has of them, the more of its words are tried.
unsigned weight(const interpreter::Encoding& encoding) {
  constexpr Field kRegisters[] = {kRd, kRn, kRm};
  std::uint32_t free = ~encoding.mask;
  for (const Field& field : kRegisters)
    if (field.free_in(encoding)) free &= ~field.mask();
  const int bits = std::min(std::popcount(free), 12);
  return is_branch(encoding.value) ? 1 : 2 + static_cast<unsigned>(bits) / 2;
}

}  // namespace

bool is_generated(const interpreter::Encoding& encoding) {
  // An encoding is left out if an exception covers all of it.
  for (const Exception& exception : exceptions()) {
    if (exception.exemption == Exemption::kNotGenerated && (exception.mask & ~encoding.mask) == 0 &&
        (encoding.value & exception.mask) == exception.value)
      return false;
  }
  return true;
}

Generator::Generator(std::uint64_t seed, std::string_view only) : random_(seed) {
  for (const Encoding& encoding : interpreter::encodings()) {
    if (is_generated(encoding) && (only.empty() || named(encoding, only)))
      choice_.insert(choice_.end(), weight(encoding), &encoding);
  }
}

const interpreter::Encoding& Generator::encoding() { return *random_.pick(choice_); }

std::uint32_t Generator::any_word() {
  const auto all = interpreter::encodings();
  const auto word = static_cast<std::uint32_t>(random_.next());
  if (random_.one_in(3)) return word;
  const Encoding& encoding = all[random_.below(all.size())];
  // With one of the fixed bits the other way, often.
  const std::uint32_t flipped = random_.one_in(3) ? 1u << random_.below(32) : 0;
  return ((word & ~encoding.mask) | encoding.value) ^ flipped;
}

std::uint32_t Generator::any_register() {
  if (random_.one_in(12)) return random_.below(32);
  return random_.one_in(10) ? 31 : random_.below(10);  // few, so that results meet
}

std::optional<std::uint32_t> Generator::word(const Encoding& encoding, std::uint64_t pc) {
  for (int attempts = 0; attempts < 200; ++attempts) {
    auto result = (static_cast<std::uint32_t>(random_.next()) & ~encoding.mask) | encoding.value;
    shape_registers(encoding, result);
    if (is_access(result)) shape_access(encoding, result, pc);
    if (is_branch(result)) shape_branch(encoding, result, pc);
    set_ones(result);
    if (interpreter::find_encoding(result) != &encoding || find_exception(Exemption::kNotGenerated, result) ||
        interpreter::decode(result, pc % Memory::kPage).op == interpreter::Op::Undefined)
      continue;
    return result;
  }
  return std::nullopt;
}

void Generator::shape_registers(const Encoding& encoding, std::uint32_t& word) {
  if (kRd.free_in(encoding) && !is_branch(word)) kRd.set(word, any_register());
  if (kRn.free_in(encoding)) kRn.set(word, any_register());
  const bool has_rm = is_register_operation(word) || (is_vector_operation(word) && random_.one_in(2));
  if (has_rm && kRm.free_in(encoding)) kRm.set(word, any_register());
}

void Generator::shape_access(const Encoding& encoding, std::uint32_t& word, std::uint64_t pc) {
  if (named(encoding, "load_literal") || named(encoding, "simd_load_literal")) {
    const std::uint64_t target = Memory::kData + random_.below(Memory::kDataSize);
    if (!random_.one_in(50)) kImm19.set(word, (target - pc) / 4);
    return;
  }
  if (!random_.one_in(50)) kRn.set(word, random_.pick(kBases));
  if (named(encoding, "exclusive")) {
    kRa.set(word, any_register());
    kRm.set(word, any_register());
  }
  // An index register: in place of an offset, or behind an access of several structures.
  const bool register_offset = (word >> 21 & 0x1e1) == 0x1c1 && (word >> 10 & 3) == 2;
  const bool structures = is_vector_access(word) && (word >> 28 & 0b1011) == 0;
  if (register_offset || (structures && random_.one_in(2))) kRm.set(word, random_.pick(kOffsets));
  // Unsigned offsets beyond the data are of little use.
  if ((word >> 24 & 0x3b) == 0x39 && !random_.one_in(20)) word &= ~(0x3fu << 16);
}

void Generator::shape_branch(const Encoding& encoding, std::uint32_t& word, std::uint64_t pc) {
  // Ahead to an instruction of the sequence or the end; seldom back.
  const std::size_t index = (pc - sequence_.address()) / 4;
  const std::size_t left = length_ > index ? length_ - index : 1;
  std::int64_t distance = 1 + random_.below(std::min<std::size_t>(left, 8));
  if (random_.one_in(12)) distance = -static_cast<std::int64_t>(random_.below(index + 1));
  const auto offset = static_cast<std::uint64_t>(distance);
  if (named(encoding, "branch_immediate")) kImm26.set(word, offset);
  if (named(encoding, "conditional_branch") || named(encoding, "compare_branch")) kImm19.set(word, offset);
  if (named(encoding, "test_branch")) kImm14.set(word, offset);
  if (named(encoding, "branch_register") && !random_.one_in(50)) kRn.set(word, random_.pick(kTargets));
}

// A load exclusive, anything that leaves the monitor alone, and the store that belongs to the load. Any other store
// exclusive depends on what is implementation defined.
void Generator::append_exclusives(Sequence& sequence, std::uint32_t load) {
  sequence.words.push_back(load);
  const std::uint64_t ordered_only = 1u << 23;
  if (load & ordered_only) return;
  for (std::uint32_t between = random_.below(3); between; --between) {
    const Encoding& filler = encoding();
    if (is_access(filler.value) || is_branch(filler.value)) continue;
    if (const auto found = word(filler, sequence.address() + 4 * sequence.words.size()))
      sequence.words.push_back(*found);
  }
  std::uint32_t store = load & ~(1u << 22);
  kRm.set(store, any_register());
  kRd.set(store, any_register());
  kRa.set(store, any_register());
  set_ones(store);
  sequence.words.push_back(store);
}

Sequence Generator::sequence() {
  const std::uint32_t modes[] = {0, 0, static_cast<std::uint32_t>(random_.next()) & 0x07c00000};
  fpcr_ = random_.pick(modes);
  // Single instructions are those of which all FP exceptions are compared.
  length_ = random_.one_in(3) ? 1 : 1 + random_.below(kLongest);
  sequence_ = {};
  // Half of the code is in either page, or across the boundary.
  sequence_.offset = 4 * (random_.one_in(4) ? Memory::kPage / 4 - random_.below(length_ + 1) : random_.below(64));
  const bool branches = random_.one_in(4) || std::all_of(choice_.begin(), choice_.end(),
                                                         [](const Encoding* e) { return is_branch(e->value); });
  while (sequence_.words.size() < length_) {
    const Encoding& chosen = encoding();
    if (is_branch(chosen.value) && !branches) continue;
    const bool exclusive = named(chosen, "exclusive");
    if (exclusive && branches) continue;
    const auto found = word(chosen, sequence_.address() + 4 * sequence_.words.size());
    if (!found) continue;
    if (is_branch(*found)) sequence_.straight = false;
    if (!exclusive) {
      sequence_.words.push_back(*found);
    } else if (*found & 1u << 23) {  // acquire, release
      sequence_.words.push_back(*found);
    } else if (*found & 1u << 22) {
      append_exclusives(sequence_, *found);
    }
  }
  return sequence_;
}

State Generator::state() {
  State result;
  for (std::uint64_t& x : result.x) x = integer(random_);
  const auto base = [&]() -> std::uint64_t {
    const std::uint64_t any = random_.below(Memory::kDataSize);
    switch (random_.below(64)) {
      case 0: return integer(random_);
      case 1:
      case 2: return Memory::kData + (random_.one_in(2) ? 0 : Memory::kDataSize) + random_.below(64) - 32;
      case 3: return Memory::kCode + any % Memory::kCodeSize;
      case 4: return Memory::kData + any;
      default: break;
    }
    // The pages that can be written: at their boundaries, aligned, or anywhere.
    const std::uint64_t page = Memory::kData + (any / Memory::kPage % 3) * Memory::kPage;
    switch (random_.below(4)) {
      case 0: return std::max(page, Memory::kData + Memory::kPage) + any % 64 - 32;
      case 1: return page + any % Memory::kPage;
      default: return page + (any % Memory::kPage & ~std::uint64_t{15});
    }
  };
  for (const std::uint32_t n : kBases) (n == 31 ? result.sp : result.x[n]) = base();
  for (const std::uint32_t n : kOffsets) result.x[n] = random_.below(128) - (random_.one_in(2) ? 64ull : 0ull);
  const std::uint64_t end = sequence_.address() + 4 * sequence_.words.size();
  for (const std::uint32_t n : kTargets) result.x[n] = end - (random_.one_in(2) ? 4 * random_.below(4) : 0);
  result.pc = sequence_.address();
  // Vector registers are most of a state: they are left 0 where no instruction could use them.
  if (std::any_of(sequence_.words.begin(), sequence_.words.end(), uses_vectors)) {
    for (auto& v : result.v) v = {vector_lanes(random_), vector_lanes(random_)};
  }
  result.nzcv = random_.below(16);
  result.fpcr = fpcr_;
  result.fpsr = random_.one_in(8) ? static_cast<std::uint32_t>(random_.next()) & 0x0800009f : 0;
  return result;
}

}  // namespace cardvp::arm::differential
