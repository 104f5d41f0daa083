// A block's registers, word by word, where nobody can wait. The first access that fails ends it: what comes behind does
// nothing, and reads give 0.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "rtl/bridges/transaction.h"

namespace cardvp::rtl {

class WordAccess {
 public:
  explicit WordAccess(TargetBridge& bridge) : bridge_(bridge) {}

  void write(std::uint32_t offset, std::uint32_t value);
  std::uint32_t read(std::uint32_t offset);
  // Registers one behind another, four bytes each.
  void write(std::uint32_t offset, std::span<const std::uint8_t> bytes) {
    // What is written is only read.
    access(true, offset, {const_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  }
  void read(std::uint32_t offset, std::span<std::uint8_t> bytes) { access(false, offset, bytes); }

  // Also for failures that are none of an access; the first counts.
  void fail(std::string failure) {
    if (failure_.empty()) failure_ = std::move(failure);
  }
  // "read 0x8, 4 bytes: time-out"; empty if all is well.
  const std::string& failure() const { return failure_; }
  bool ok() const { return failure_.empty(); }

 private:
  void access(bool write, std::uint32_t offset, std::span<std::uint8_t> bytes);

  TargetBridge& bridge_;
  std::string failure_;
};

}  // namespace cardvp::rtl
