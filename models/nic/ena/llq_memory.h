// BAR 2: memory of the function that the host writes TX queues into. Every TX SQ has a part of its own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace cardvp::nic::ena {

class LlqMemory {
 public:
  static constexpr std::uint32_t kEntryBytes = 128;  // that the number of entries is given for

  LlqMemory(unsigned queues, unsigned entries) : part_bytes_(entries * kEntryBytes), parts_(entries ? queues : 0) {}

  std::uint32_t part_bytes() const { return part_bytes_; }
  std::uint64_t size() const { return std::uint64_t{part_bytes_} * parts_.size(); }
  std::uint32_t offset_of(unsigned queue) const { return part_bytes_ * queue; }
  // Of a TX SQ; made when it is first touched.
  std::byte* part(unsigned queue) {
    if (!parts_[queue]) parts_[queue] = std::make_unique<std::byte[]>(part_bytes_);
    return parts_[queue].get();
  }

  // Accesses of the host. What is behind the last queue's part does not exist: dropped, read as 0.
  void write(std::uint64_t offset, std::span<const std::byte> data) {
    while (!data.empty() && offset < size()) {
      const std::uint64_t within = offset % part_bytes_;
      const std::size_t bytes = std::min<std::uint64_t>(data.size(), part_bytes_ - within);
      std::memcpy(part(static_cast<unsigned>(offset / part_bytes_)) + within, data.data(), bytes);
      offset += bytes;
      data = data.subspan(bytes);
    }
  }
  std::uint64_t read(std::uint64_t offset, unsigned bytes) {  // 1, 2, 4 or 8, aligned
    std::uint64_t value = 0;
    if (offset < size())
      std::memcpy(&value, part(static_cast<unsigned>(offset / part_bytes_)) + offset % part_bytes_, bytes);
    return value;
  }

 private:
  std::uint32_t part_bytes_;
  std::vector<std::unique_ptr<std::byte[]>> parts_;
};

}  // namespace cardvp::nic::ena
