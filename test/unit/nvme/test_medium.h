#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "models/storage/medium.h"

namespace cardvp::nvme {

// A medium that counts, fails when it is told to, and cannot be touched in place.
struct TestMedium : storage::Medium {
  explicit TestMedium(std::size_t size = 1 << 20) : bytes(size) {}
  std::vector<std::byte> bytes;
  bool fails = false;
  bool protects = false;
  int flushes = 0;
  std::function<void(std::uint64_t offset, std::span<const std::byte>)> on_write;
  std::uint64_t size() const override { return bytes.size(); }
  bool read_only() const override { return protects; }
  bool read(std::uint64_t offset, std::span<std::byte> to) override {
    std::copy_n(&bytes.at(offset), to.size(), to.data());
    return !fails;
  }
  bool write(std::uint64_t offset, std::span<const std::byte> from) override {
    if (fails || protects) return false;
    std::copy(from.begin(), from.end(), &bytes.at(offset));
    if (on_write) on_write(offset, from);
    return true;
  }
  bool flush() override {
    ++flushes;
    return !fails;
  }
};

}  // namespace cardvp::nvme
