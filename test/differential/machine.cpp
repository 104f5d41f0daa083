#include "test/differential/machine.h"

#include <cstring>

#include "test/differential/operands.h"
#include "test/differential/random.h"

namespace cardvp::arm::differential {

namespace {

// What the data holds ahead of each run: values that are of interest in some format at every alignment of 8.
const std::array<std::byte, Memory::kDataSize>& initial_data() {
  static const auto data = [] {
    std::array<std::byte, Memory::kDataSize> result;
    Random random(1);
    for (std::size_t at = 0; at < result.size(); at += sizeof(std::uint64_t)) {
      const std::uint64_t value = random.one_in(2) ? vector_lanes(random) : integer(random);
      std::memcpy(result.data() + at, &value, sizeof value);
    }
    return result;
  }();
  return data;
}

}  // namespace

const char* name(Stop stop) {
  switch (stop) {
    case Stop::kEnd: return "arrived at the end";
    case Stop::kLimit: return "is still running";
    case Stop::kDataAbort: return "data abort";
    case Stop::kAlignment: return "alignment fault";
    case Stop::kFetchAbort: return "instruction abort";
    case Stop::kUndefined: return "undefined instruction";
    case Stop::kException: return "exception";
    case Stop::kUnpredictable: return "unpredictable";
    case Stop::kNotImplemented: return "not implemented";
  }
  return "";
}

Memory::Memory() {
  load({});
  restore();
}

std::byte* Memory::host(std::uint64_t address) {
  return address < kData ? code_.data() + (address - kCode) : data_.data() + (address - kData);
}

std::span<std::byte> Memory::page(std::uint64_t address, bool write) {
  const bool code = address - kCode < kCodeSize && !write;
  const bool data = address - kData < (write ? kWritable : kDataSize);
  if (!code && !data) return {};
  return {host(address), kPage - address % kPage};
}

std::optional<std::uint64_t> Memory::fault(std::uint64_t address, std::size_t size, bool write) {
  const auto first = page(address, write);
  if (first.empty()) return address;
  if (first.size() < size && page(address + first.size(), write).empty()) return address + first.size();
  return std::nullopt;
}

void Memory::load(const Sequence& sequence) {
  for (std::size_t at = 0; at < code_.size(); at += sizeof kEnd) std::memcpy(code_.data() + at, &kEnd, sizeof kEnd);
  if (!sequence.words.empty())
    std::memcpy(code_.data() + sequence.offset, sequence.words.data(), sequence.words.size() * sizeof kEnd);
}

void Memory::restore() { data_ = initial_data(); }

}  // namespace cardvp::arm::differential
