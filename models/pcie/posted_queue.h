// Posted writes on their way through one direction of a link, in order of arrival: a ring with the payloads in place,
// which grows when it is full and allocates at no other time.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <systemc>

#include "models/pcie/types.h"

namespace cardvp::pcie {

struct PostedWrite {
  sc_core::sc_time arrival;
  std::uint64_t address;
  RequesterId requester;
  std::uint8_t size;
  std::array<std::byte, DmaPort::kMaxPost> payload;

  std::span<const std::byte> data() const { return {payload.data(), size}; }
};

class PostedQueue {
 public:
  bool empty() const { return head_ == tail_; }
  std::size_t size() const { return tail_ - head_; }
  const PostedWrite& front() const { return ring_[head_ & (ring_.size() - 1)]; }
  // When the last of those arrives that arrive no later than `time`, the front in any case; not empty.
  sc_core::sc_time last_arrival(sc_core::sc_time time) const {
    sc_core::sc_time last = front().arrival;
    for (std::size_t at = head_ + 1; at != tail_; ++at) {
      const sc_core::sc_time next = ring_[at & (ring_.size() - 1)].arrival;
      if (next > time) break;
      last = next;
    }
    return last;
  }

  void push(sc_core::sc_time arrival, RequesterId requester, std::uint64_t address, std::span<const std::byte> data) {
    assert(data.size() <= DmaPort::kMaxPost);
    if (size() == ring_.size()) grow();
    PostedWrite& item = ring_[tail_++ & (ring_.size() - 1)];
    item.arrival = arrival;
    item.address = address;
    item.requester = requester;
    item.size = static_cast<std::uint8_t>(data.size());
    std::memcpy(item.payload.data(), data.data(), data.size());
  }
  // By value: whoever is given it may push, which moves the ring.
  PostedWrite pop() { return ring_[head_++ & (ring_.size() - 1)]; }
  void clear() { head_ = tail_; }

 private:
  void grow() {
    std::vector<PostedWrite> larger(ring_.size() * 2);
    for (std::size_t i = 0; i < size(); ++i) larger[i] = ring_[(head_ + i) & (ring_.size() - 1)];
    tail_ = size();
    head_ = 0;
    ring_ = std::move(larger);
  }

  std::vector<PostedWrite> ring_ = std::vector<PostedWrite>(64);  // a power of two
  std::size_t head_ = 0;                                          // free-running
  std::size_t tail_ = 0;
};

}  // namespace cardvp::pcie
