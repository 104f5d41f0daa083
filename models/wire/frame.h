// An Ethernet frame on its way: bytes in a buffer with room in front for headers to come. Frames are pooled: to drop
// one gives its buffer back, and the next to be made is likely still in the cache.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace cardvp::wire {

class FramePool;

class Frame {
 public:
  // Room for a jumbo frame of 9001 bytes of IP with two VLAN tags, in an outer frame with encapsulation, options and
  // tag.
  static constexpr std::size_t kHeadroom = 256;
  static constexpr std::size_t kCapacity = 10240;                   // headroom included
  static constexpr std::size_t kMostBytes = kCapacity - kHeadroom;  // of a frame as it comes

  std::byte* data() { return buffer_.get() + begin_; }
  const std::byte* data() const { return buffer_.get() + begin_; }
  std::size_t size() const { return end_ - begin_; }
  std::span<std::byte> bytes() { return {data(), size()}; }
  std::span<const std::byte> bytes() const { return {data(), size()}; }
  std::size_t headroom() const { return begin_; }
  std::size_t tailroom() const { return kCapacity - end_; }

  // Makes the frame longer or shorter at either end; gives the new start, or where the added bytes begin. What is added
  // is not initialised. The room must be there.
  std::byte* push_front(std::size_t bytes) {
    assert(bytes <= headroom());
    begin_ -= static_cast<std::uint32_t>(bytes);
    return data();
  }
  void pop_front(std::size_t bytes) {
    assert(bytes <= size());
    begin_ += static_cast<std::uint32_t>(bytes);
  }
  std::byte* push_back(std::size_t bytes) {
    assert(bytes <= tailroom());
    end_ += static_cast<std::uint32_t>(bytes);
    return buffer_.get() + end_ - bytes;
  }
  void pop_back(std::size_t bytes) {
    assert(bytes <= size());
    end_ -= static_cast<std::uint32_t>(bytes);
  }

 private:
  friend class FramePool;
  friend struct ReturnFrame;
  Frame() : buffer_(std::make_unique_for_overwrite<std::byte[]>(kCapacity)) {}
  void clear() { begin_ = end_ = kHeadroom; }

  std::unique_ptr<std::byte[]> buffer_;
  std::uint32_t begin_ = kHeadroom;
  std::uint32_t end_ = kHeadroom;
  FramePool* pool_ = nullptr;
};

struct ReturnFrame {
  inline void operator()(Frame* frame) const;
};
using FramePtr = std::unique_ptr<Frame, ReturnFrame>;

// Of one machine; outlives every frame.
class FramePool {
 public:
  FramePool() = default;
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool() { assert(idle_.size() == made_); }

  // Empty, with kHeadroom in front.
  FramePtr make() {
    if (idle_.empty()) {
      idle_.emplace_back(new Frame);
      ++made_;
    }
    Frame* const frame = idle_.back().release();
    idle_.pop_back();
    frame->clear();
    frame->pool_ = this;
    return FramePtr(frame);
  }
  // Of at most Frame::kCapacity. What is longer than Frame::kMostBytes takes of the headroom.
  FramePtr make(std::span<const std::byte> content);
  std::size_t in_use() const { return made_ - idle_.size(); }

 private:
  friend struct ReturnFrame;
  std::vector<std::unique_ptr<Frame>> idle_;  // used as a stack
  std::size_t made_ = 0;
};

inline void ReturnFrame::operator()(Frame* frame) const { frame->pool_->idle_.emplace_back(frame); }

inline FramePtr FramePool::make(std::span<const std::byte> content) {
  FramePtr frame = make();
  if (content.size() > Frame::kMostBytes) frame->push_front(content.size() - Frame::kMostBytes);
  frame->push_back(content.size() - frame->size());
  if (!content.empty()) std::memcpy(frame->data(), content.data(), content.size());
  return frame;
}

}  // namespace cardvp::wire
