// A queue in one piece of memory: it grows when it is full and allocates at no other time.
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace cardvp::wire {

template <class T>
class Ring {
 public:
  bool empty() const { return head_ == tail_; }
  std::size_t size() const { return tail_ - head_; }
  const T& front() const {
    assert(!empty());
    return items_[head_ & (items_.size() - 1)];
  }
  void push(T item) {
    if (size() == items_.size()) grow();
    items_[tail_++ & (items_.size() - 1)] = std::move(item);
  }
  T pop() {
    assert(!empty());
    return std::move(items_[head_++ & (items_.size() - 1)]);
  }

 private:
  void grow() {
    std::vector<T> larger(items_.size() * 2);
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) larger[i] = pop();
    head_ = 0;
    tail_ = count;
    items_ = std::move(larger);
  }

  std::vector<T> items_ = std::vector<T>(16);  // a power of two
  std::size_t head_ = 0, tail_ = 0;            // free-running
};

}  // namespace cardvp::wire
