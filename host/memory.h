// Host memory: byte-addressable, allocated by the page as it is touched, zeros at first.
//
// The physical address space is a PC's: memory from 0 up, a hole for devices between 3 GiB and 4 GiB, and what is left
// of the memory above 4 GiB. What the simulated software needs is handed out by allocate(); the order of the calls
// alone decides the addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>

namespace cardvp::host {

inline constexpr std::uint64_t kPageSize = 4096;  // bytes

class Memory;

// An allocation that frees itself.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Memory& memory, std::uint64_t size, std::uint64_t align = kPageSize);
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer();

  std::uint64_t address() const { return address_; }  // physical
  std::uint64_t size() const { return bytes_.size(); }
  std::byte* data() const { return bytes_.data(); }
  std::span<std::byte> bytes() const { return bytes_; }
  explicit operator bool() const { return memory_ != nullptr; }
  // The bytes as `T`s; the buffer must be aligned for it.
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(bytes_.data());
  }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(address_, other.address_);
    std::swap(bytes_, other.bytes_);
  }

  Memory* memory_ = nullptr;
  std::uint64_t address_ = 0;
  std::span<std::byte> bytes_;
};

class Memory {
 public:
  static constexpr std::uint64_t kHole = 0xc0000000;
  static constexpr std::uint64_t kHoleEnd = 0x100000000;
  static constexpr std::uint64_t kLimit = 0x3000000000;  // the largest size; devices are mapped above
  static constexpr std::uint64_t kFirstFree = 0x100000;  // never allocated below: address 0 stays an error to use

  // `size` in bytes, a multiple of 4 KiB, from 2 MiB to kLimit; else std::invalid_argument. std::runtime_error if the
  // address space is not to be had.
  explicit Memory(std::uint64_t size);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  std::uint64_t size() const { return size_; }

  // The bytes at a physical address; null if not all of them are memory.
  std::byte* at(std::uint64_t address, std::uint64_t bytes) const {
    if (bytes > end_ || address > end_ - bytes) return nullptr;
    if (address < kHoleEnd && address + bytes > kHole) return nullptr;
    return base_ + address;
  }

  // First fit; `align` a power of two. Contents are whatever they were. Throws std::runtime_error if there is no room.
  std::uint64_t allocate(std::uint64_t bytes, std::uint64_t align = kPageSize);
  // Exactly what was allocated.
  void free(std::uint64_t address, std::uint64_t bytes);
  std::uint64_t available() const;  // bytes

 private:
  std::uint64_t size_;
  std::uint64_t end_;  // of the physical address space, the hole included
  std::byte* base_;
  std::map<std::uint64_t, std::uint64_t> free_;  // address to bytes; neighbours are merged
};

}  // namespace cardvp::host
