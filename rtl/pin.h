// A port of a block, as its bridges see it: reads and writes the Verilated model's own storage, without a call.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

namespace cardvp::rtl {

class Pin {
 public:
  Pin() = default;
  // `storage` is laid out as cardvp_rtl_port says.
  Pin(void* storage, unsigned width) : storage_(storage), width_(width) {}

  explicit operator bool() const { return storage_ != nullptr; }
  unsigned width() const { return width_; }
  unsigned words() const { return (width_ + 31) / 32; }

  // Of a pin of at most 64 bits; of a wider one the lowest 64.
  std::uint64_t get() const {
    if (width_ <= 8) return *static_cast<const std::uint8_t*>(storage_);
    if (width_ <= 16) return *static_cast<const std::uint16_t*>(storage_);
    if (width_ <= 32) return *static_cast<const std::uint32_t*>(storage_);
    std::uint64_t value;
    std::memcpy(&value, storage_, sizeof value);
    return value;
  }
  // Takes as many bits as the pin has; the upper ones of a pin of more than 64 bits become 0.
  void set(std::uint64_t value) {
    if (width_ < 64) value &= (std::uint64_t{1} << width_) - 1;
    if (width_ <= 8) {
      *static_cast<std::uint8_t*>(storage_) = static_cast<std::uint8_t>(value);
    } else if (width_ <= 16) {
      *static_cast<std::uint16_t*>(storage_) = static_cast<std::uint16_t>(value);
    } else if (width_ <= 32) {
      *static_cast<std::uint32_t*>(storage_) = static_cast<std::uint32_t>(value);
    } else {
      std::memcpy(storage_, &value, sizeof value);
      if (width_ > 64) std::memset(static_cast<std::uint8_t*>(storage_) + 8, 0, words() * 4 - 8);
    }
  }
  // A pin of one bit.
  bool high() const { return *static_cast<const std::uint8_t*>(storage_) & 1; }

  // Little-endian bytes: bits 7:0 are the first. What is not given becomes 0, what the pin has no room for is left.
  void get_bytes(std::span<std::uint8_t> to) const {
    const std::size_t size = std::min<std::size_t>(to.size(), (width_ + 7) / 8);
    if (size > 0) std::memcpy(to.data(), storage_, size);
    std::fill(to.begin() + static_cast<std::ptrdiff_t>(size), to.end(), std::uint8_t{0});
  }
  void set_bytes(std::span<const std::uint8_t> from) {
    const std::size_t size = std::min<std::size_t>(from.size(), (width_ + 7) / 8);
    std::memset(storage_, 0, bytes_of_storage());
    if (size > 0) std::memcpy(storage_, from.data(), size);
    if (width_ % 8 != 0 && size == (width_ + 7) / 8)
      static_cast<std::uint8_t*>(storage_)[size - 1] &= static_cast<std::uint8_t>((1u << width_ % 8) - 1);
  }

 private:
  std::size_t bytes_of_storage() const {
    if (width_ <= 8) return 1;
    if (width_ <= 16) return 2;
    if (width_ <= 32) return 4;
    return width_ <= 64 ? 8 : std::size_t{words()} * 4;
  }

  void* storage_ = nullptr;
  unsigned width_ = 0;
};

}  // namespace cardvp::rtl
