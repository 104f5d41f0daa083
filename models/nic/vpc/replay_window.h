// Which sequence numbers of a security association were seen (RFC 4303, 3.4.3; the ring of words is RFC 6479's).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace cardvp::nic {

class ReplayWindow {
 public:
  // `packets`: a multiple of 64.
  explicit ReplayWindow(std::size_t packets) : packets_(packets), words_(packets / 64 + 1) {}

  enum class State : std::uint8_t { kNew, kSeen, kOld };  // kOld: left of the window; also 0, which is never sent
  State state(std::uint64_t sequence) const {
    if (sequence > top_) return State::kNew;
    if (sequence == 0 || top_ - sequence >= packets_) return State::kOld;
    return word(sequence) >> sequence % 64 & 1 ? State::kSeen : State::kNew;
  }

  // For a packet that is new, when it is known to be authentic.
  void mark(std::uint64_t sequence) {
    if (sequence > top_) {
      const std::uint64_t ahead = std::min<std::uint64_t>(sequence / 64 - top_ / 64, words_.size());
      for (std::uint64_t i = 1; i <= ahead; ++i) words_[(top_ / 64 + i) % words_.size()] = 0;
      top_ = sequence;
    }
    word(sequence) |= std::uint64_t{1} << sequence % 64;
  }

 private:
  const std::uint64_t& word(std::uint64_t sequence) const { return words_[sequence / 64 % words_.size()]; }
  std::uint64_t& word(std::uint64_t sequence) { return words_[sequence / 64 % words_.size()]; }

  std::uint64_t packets_;
  std::uint64_t top_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace cardvp::nic
