#include "rtl/bridges/burst.h"

#include <bit>

namespace cardvp::rtl {

std::uint64_t Burst::beat_address(unsigned beat) const {
  if (beat == 0 || type == BurstType::kFixed) return address;
  const std::uint64_t next = address / bytes * bytes + std::uint64_t{beat} * bytes;
  if (type != BurstType::kWrap) return next;
  const std::uint64_t total = std::uint64_t{beats} * bytes, bottom = address / total * total;
  return next - bottom >= total ? next - total : next;
}

Lanes Burst::lanes(unsigned beat, unsigned bus) const {
  const std::uint64_t from = beat_address(beat);
  return {static_cast<unsigned>(from % bus), bytes - static_cast<unsigned>(from % bytes)};
}

BurstFault Burst::fault(unsigned bus) const {
  if (type > BurstType::kWrap) return {"BURST_TYPE", "burst"};
  if (bytes > bus) return {"BURST_SIZE", "size"};
  if (type == BurstType::kFixed) return beats > kMaxFixedBeats ? BurstFault{"FIXED_LENGTH", "len"} : BurstFault{};
  if (type == BurstType::kWrap) {
    if (beats < 2 || beats > 16 || !std::has_single_bit(beats)) return {"WRAP_LENGTH", "len"};
    return address % bytes != 0 ? BurstFault{"WRAP_ADDRESS", "addr"} : BurstFault{};
  }
  const std::uint64_t first = address % kBurstBoundary / bytes * bytes;
  return first + std::uint64_t{beats} * bytes > kBurstBoundary ? BurstFault{"BURST_4K", "addr"} : BurstFault{};
}

}  // namespace cardvp::rtl
