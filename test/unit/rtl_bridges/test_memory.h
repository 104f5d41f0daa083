// The memory of a block that is a master: bytes from address 0 on, and nothing beyond.
#pragma once

#include <cstring>
#include <vector>

#include "rtl/bridges/master_memory.h"

namespace cardvp::rtl::test {

class TestMemory : public MasterMemory {
 public:
  explicit TestMemory(std::size_t size) : bytes(size) {}

  Response read(std::uint64_t address, std::span<std::uint8_t> to, sc_core::sc_time& delay) override {
    ++reads;
    delay += takes;
    if (address + to.size() > bytes.size()) return Response::kDecErr;
    std::memcpy(to.data(), bytes.data() + address, to.size());
    return Response::kOkay;
  }
  Response write(std::uint64_t address, std::span<const std::uint8_t> from, sc_core::sc_time& delay) override {
    ++writes;
    delay += takes;
    if (address + from.size() > bytes.size()) return Response::kDecErr;
    std::memcpy(bytes.data() + address, from.data(), from.size());
    return Response::kOkay;
  }

  std::vector<std::uint8_t> bytes;
  unsigned reads = 0, writes = 0;
  sc_core::sc_time takes;
};

}  // namespace cardvp::rtl::test
