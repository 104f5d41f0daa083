// A queue of things of one kind in a ring that grows when it is full, and allocates at no other time.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace cardvp::nic::ena {

template <class T>
class Ring {
 public:
  explicit Ring(std::size_t capacity) : items_(capacity) {}  // a power of two

  bool empty() const { return head_ == tail_; }
  std::size_t size() const { return tail_ - head_; }
  std::size_t capacity() const { return items_.size(); }
  T& front() { return (*this)[0]; }
  T& operator[](std::size_t index) { return items_[(head_ + index) & (items_.size() - 1)]; }

  void push(T item) {
    if (size() == items_.size()) grow();
    items_[tail_++ & (items_.size() - 1)] = std::move(item);
  }
  T pop() { return std::move(items_[head_++ & (items_.size() - 1)]); }

 private:
  void grow() {
    std::vector<T> larger(items_.size() * 2);
    for (std::size_t i = 0; i < size(); ++i) larger[i] = std::move((*this)[i]);
    tail_ = size();
    head_ = 0;
    items_ = std::move(larger);
  }

  std::vector<T> items_;
  std::size_t head_ = 0;  // both run freely
  std::size_t tail_ = 0;
};

}  // namespace cardvp::nic::ena
