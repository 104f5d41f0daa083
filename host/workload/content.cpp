#include "host/workload/content.h"

#include <cassert>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

#include "host/workload/random.h"

namespace cardvp::host {

namespace {

// An entry of the table, all zeros at first: bit 63 locked, bits 62:61 what is known, bits 60:0 by that.
constexpr std::uint64_t kLocked = 1ull << 63;
constexpr std::uint64_t kKindMask = 3ull << 61;
constexpr std::uint64_t kZeros = 0ull << 61;    // as the volume was at first
constexpr std::uint64_t kWritten = 1ull << 61;  // generation
constexpr std::uint64_t kLearned = 2ull << 61;  // hash of what a read gave
constexpr std::uint64_t kUnknown = 3ull << 61;
constexpr std::uint64_t kValueMask = kWritten - 1;

constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;  // odd: the words of a block are all different

std::uint64_t first_word(std::uint64_t seed, std::uint64_t lba, std::uint32_t generation) {
  return split_mix(split_mix(seed ^ lba) + generation);
}

std::uint64_t hash(std::span<const std::byte> data) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < data.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, data.data() + at, 8);
    sum = (sum ^ word) * 0x100000001b3;
    sum ^= sum >> 32;
  }
  return sum & kValueMask;
}

// The offset of the first byte that is not the pattern's; data.size() if all are.
std::size_t compare(std::span<const std::byte> data, std::uint64_t word, std::uint64_t step) {
  std::uint64_t difference = 0;
  std::uint64_t expected = word;
  for (std::size_t at = 0; at < data.size(); at += 8, expected += step) {
    std::uint64_t actual;
    std::memcpy(&actual, data.data() + at, 8);
    difference |= actual ^ expected;
  }
  if (difference == 0) return data.size();
  for (std::size_t at = 0;; ++at) {
    expected = word + at / 8 * step;
    if (static_cast<std::uint8_t>(data[at]) != static_cast<std::uint8_t>(expected >> at % 8 * 8)) return at;
  }
}

}  // namespace

std::string Mismatch::text() const {
  if (learned) return fmt::format("LBA {} at {}: not what an earlier read gave", lba, time.to_string());
  return fmt::format("LBA {} at {}: byte {} is 0x{:02x} instead of 0x{:02x} ({})", lba, time.to_string(), offset,
                     actual, expected, generation ? fmt::format("generation {}", generation) : "zeros, never written");
}

Content::Content(Scheduler& scheduler, std::uint64_t blocks, std::uint32_t block_size, InitialContent initial,
                 std::uint64_t seed)
    : scheduler_(scheduler),
      blocks_(blocks),
      block_size_(block_size),
      initial_(initial == InitialContent::kZeros ? kZeros : kUnknown),
      seed_(seed),
      unlocked_(scheduler),
      table_(static_cast<std::uint64_t*>(std::calloc(blocks, sizeof(std::uint64_t))), &std::free) {
  if (!table_) throw std::runtime_error(fmt::format("no memory to know the content of {} blocks", blocks));
}

bool Content::try_lock(std::uint64_t lba, std::uint64_t count) {
  assert(lba + count <= blocks_);
  for (std::uint64_t i = 0; i < count; ++i)
    if (table_[lba + i] & kLocked) return false;
  for (std::uint64_t i = 0; i < count; ++i) table_[lba + i] |= kLocked;
  return true;
}

void Content::unlock(std::uint64_t lba, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) table_[lba + i] &= ~kLocked;
  unlocked_.notify();
}

std::uint64_t Content::known(std::uint64_t lba) const {
  const std::uint64_t entry = table_[lba] & ~kLocked;
  return entry ? entry : initial_;
}

void Content::fill(std::uint64_t lba, std::span<std::byte> data) {
  ++generation_;
  for (std::size_t at = 0; at < data.size(); at += block_size_, ++lba) {
    table_[lba] = (table_[lba] & kLocked) | kWritten | generation_;
    std::uint64_t word = first_word(seed_, lba, generation_);
    for (std::size_t i = 0; i < block_size_; i += 8, word += kStep) std::memcpy(data.data() + at + i, &word, 8);
  }
}

void Content::forget(std::uint64_t lba, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) table_[lba + i] = (table_[lba + i] & kLocked) | kUnknown;
}

std::optional<Mismatch> Content::check_block(std::uint64_t lba, std::span<const std::byte> data,
                                             std::uint64_t& compared) {
  const std::uint64_t entry = known(lba);
  const std::uint64_t value = entry & kValueMask;
  Mismatch mismatch{.lba = lba, .time = scheduler_.now()};
  switch (entry & kKindMask) {
    case kUnknown: table_[lba] = (table_[lba] & kLocked) | kLearned | hash(data); return std::nullopt;
    case kLearned:
      ++compared;
      if (hash(data) == value) return std::nullopt;
      mismatch.learned = true;
      return mismatch;
    default: break;
  }
  ++compared;
  const bool written = (entry & kKindMask) == kWritten;
  mismatch.generation = written ? static_cast<std::uint32_t>(value) : 0;
  const std::uint64_t word = written ? first_word(seed_, lba, mismatch.generation) : 0;
  const std::uint64_t step = written ? kStep : 0;
  const std::size_t at = compare(data, word, step);
  if (at == data.size()) return std::nullopt;
  mismatch.offset = static_cast<std::uint32_t>(at);
  mismatch.expected = static_cast<std::uint8_t>((word + at / 8 * step) >> at % 8 * 8);
  mismatch.actual = static_cast<std::uint8_t>(data[at]);
  return mismatch;
}

}  // namespace cardvp::host
