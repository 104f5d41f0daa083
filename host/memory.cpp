#include "host/memory.h"

#include <sys/mman.h>

#include <bit>
#include <cassert>
#include <stdexcept>

#include <fmt/format.h>

namespace cardvp::host {

Buffer::Buffer(Memory& memory, std::uint64_t size, std::uint64_t align)
    : memory_(&memory), address_(memory.allocate(size, align)), bytes_(memory.at(address_, size), size) {}

Buffer::~Buffer() {
  if (memory_) memory_->free(address_, bytes_.size());
}

Memory::Memory(std::uint64_t size) : size_(size), end_(size > kHole ? size + (kHoleEnd - kHole) : size) {
  if (size % kPageSize != 0 || size < 2 * kFirstFree || size > kLimit) {
    throw std::invalid_argument(
        fmt::format("host memory of {} bytes: must be a multiple of 4096, from 2 MiB to {} GiB", size, kLimit >> 30));
  }
  void* const base = mmap(nullptr, end_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) throw std::runtime_error(fmt::format("no address space for {} bytes of host memory", size));
  base_ = static_cast<std::byte*>(base);
  free_[kFirstFree] = (size > kHole ? kHole : size) - kFirstFree;
  if (size > kHole) free_[kHoleEnd] = end_ - kHoleEnd;
}

Memory::~Memory() { munmap(base_, end_); }

std::uint64_t Memory::allocate(std::uint64_t bytes, std::uint64_t align) {
  assert(bytes > 0 && std::has_single_bit(align));
  for (auto range = free_.begin(); range != free_.end(); ++range) {
    const auto [start, length] = *range;
    const std::uint64_t skipped = (0 - start) & (align - 1);
    if (skipped > length || length - skipped < bytes) continue;
    const std::uint64_t address = start + skipped;
    const std::uint64_t left = length - skipped - bytes;
    if (skipped > 0) {
      range->second = skipped;
    } else {
      free_.erase(range);
    }
    if (left > 0) free_[address + bytes] = left;
    return address;
  }
  throw std::runtime_error(
      fmt::format("host memory is exhausted: {} bytes wanted, {} of {} bytes free", bytes, available(), size_));
}

void Memory::free(std::uint64_t address, std::uint64_t bytes) {
  const auto [range, inserted] = free_.emplace(address, bytes);
  assert(inserted);
  if (const auto next = std::next(range); next != free_.end()) {
    assert(address + bytes <= next->first);
    if (address + bytes == next->first) {
      range->second += next->second;
      free_.erase(next);
    }
  }
  if (range == free_.begin()) return;
  const auto before = std::prev(range);
  assert(before->first + before->second <= address);
  if (before->first + before->second == address) {
    before->second += range->second;
    free_.erase(range);
  }
}

std::uint64_t Memory::available() const {
  std::uint64_t sum = 0;
  for (const auto& [address, bytes] : free_) sum += bytes;
  return sum;
}

}  // namespace cardvp::host
