// One direction of a line, a bit behind the other: which times it is taken. Nothing is simulated here, frames reserve.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <systemc>

namespace cardvp::wire {

// Beside the bytes of a frame: preamble and start delimiter 8, FCS 4, gap 12; frames are padded to 64 bytes with FCS
// (IEEE 802.3, 3.1.1, 4.4.2).
inline constexpr std::size_t kOverheadBytes = 24;
inline constexpr std::size_t kLeastFrame = 60;  // without FCS

class SerialLine {
 public:
  // 0: no limit.
  explicit SerialLine(std::uint64_t bytes_per_second)
      : ticks_per_byte_(bytes_per_second ? static_cast<double>(sc_core::sc_time(1, sc_core::SC_SEC).value()) /
                                               static_cast<double>(bytes_per_second)
                                         : 0) {}

  // What a frame of so many bytes takes.
  sc_core::sc_time duration(std::size_t frame_bytes) const {
    return bytes_time(std::max(frame_bytes, kLeastFrame) + kOverheadBytes);
  }
  sc_core::sc_time bytes_time(std::uint64_t bytes) const {
    return sc_core::sc_time::from_value(static_cast<std::uint64_t>(static_cast<double>(bytes) * ticks_per_byte_ + 0.5));
  }
  // Takes the line from `at` on, or from when it is free. Gives the end.
  sc_core::sc_time reserve(sc_core::sc_time at, std::size_t frame_bytes) {
    return free_at_ = std::max(at, free_at_) + duration(frame_bytes);
  }
  sc_core::sc_time free_at() const { return free_at_; }
  // Whether a frame that comes at `at` goes out at once or finds room in a queue which takes `queue` to send, what is
  // left of the frame on the line counted in.
  bool takes(sc_core::sc_time at, std::size_t frame_bytes, sc_core::sc_time queue) const {
    return free_at_ <= at || free_at_ - at + duration(frame_bytes) <= queue;
  }

 private:
  double ticks_per_byte_;
  sc_core::sc_time free_at_;
};

}  // namespace cardvp::wire
