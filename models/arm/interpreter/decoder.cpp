#include "models/arm/interpreter/decoder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "models/arm/interpreter/decode_fields.h"

namespace cardvp::arm::interpreter {

namespace {

// Reads a pattern of encodings.def; a wrong one does not compile.
consteval Encoding from_pattern(const char* name, const char* pattern, DecodeFunction function) {
  Encoding result{name, 0, 0, function};
  unsigned count = 0;
  for (const char* c = pattern; *c; ++c) {
    if (*c == ' ') continue;
    result.mask = result.mask << 1 | (*c == '0' || *c == '1');
    result.value = result.value << 1 | (*c == '1');
    ++count;
  }
  if (count != 32) throw "a pattern has 32 bits";
  return result;
}

constexpr Encoding kEncodings[] = {
#define ENCODING(name, pattern, function) from_pattern(#name, pattern, function),
#include "models/arm/interpreter/encodings.def"
#undef ENCODING
};

// The encodings that are possible for each value of the top bits, most specific first.
class Index {
 public:
  Index() {
    for (std::uint32_t key = 0; key < buckets_.size(); ++key) {
      for (const Encoding& encoding : kEncodings) {
        if (((key << kShift ^ encoding.value) & encoding.mask & ~0u << kShift) == 0) buckets_[key].push_back(&encoding);
      }
      std::stable_sort(buckets_[key].begin(), buckets_[key].end(), [](const Encoding* a, const Encoding* b) {
        return std::popcount(a->mask) > std::popcount(b->mask);
      });
    }
  }
  const Encoding* find(std::uint32_t word) const {
    for (const Encoding* encoding : buckets_[word >> kShift])
      if ((word & encoding->mask) == encoding->value) return encoding;
    return nullptr;
  }

 private:
  static constexpr unsigned kShift = 21;
  std::array<std::vector<const Encoding*>, 1u << (32 - kShift)> buckets_;
};

}  // namespace

std::span<const Encoding> encodings() { return kEncodings; }

const Encoding* find_encoding(std::uint32_t word) {
  static const Index index;
  return index.find(word);
}

Instruction decode(std::uint32_t word, unsigned page_offset) {
  Instruction out{};
  const Encoding* const encoding = find_encoding(word);
  if (!encoding || !encoding->decode(word, page_offset, out)) {
    out.op = Op::Undefined;
    out.imm = word;
  }
  return out;
}

}  // namespace cardvp::arm::interpreter
