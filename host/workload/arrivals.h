// What has arrived of one flow, by number.
#pragma once

#include <cstdint>
#include <vector>

namespace cardvp::host {

class Arrivals {
 public:
  enum class Kind : std::uint8_t { kNew, kLate, kDuplicate };  // kLate: new, but others went ahead of it

  Kind add(std::uint64_t number) {
    if (number / 64 >= seen_.size()) seen_.resize(number / 64 + 1 + seen_.size() / 2);
    std::uint64_t& word = seen_[number / 64];
    const std::uint64_t bit = 1ull << number % 64;
    if (word & bit) return Kind::kDuplicate;
    word |= bit;
    if (number < next_) return Kind::kLate;
    next_ = number + 1;
    return Kind::kNew;
  }
  bool has(std::uint64_t number) const { return number / 64 < seen_.size() && seen_[number / 64] >> number % 64 & 1; }
  std::uint64_t next() const { return next_; }  // behind the highest so far

 private:
  std::vector<std::uint64_t> seen_;  // a bit each
  std::uint64_t next_ = 0;
};

}  // namespace cardvp::host
