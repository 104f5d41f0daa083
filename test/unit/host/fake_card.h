// The card side of a link for tests: functions with a configuration space that remembers what it is let to.
#pragma once

#include <array>
#include <cstring>
#include <map>

#include "models/pcie/link.h"

namespace cardvp::host {

class FakeFunction {
 public:
  // A type 0 header with this identity; nothing else. Command is writable.
  FakeFunction(std::uint32_t id, std::uint32_t class_and_revision);

  void add_bar(unsigned index, std::uint64_t size, std::uint32_t kind);  // kind: bits 3:0 of a BAR
  // Capabilities in the order of the calls; returns the offset.
  std::uint16_t add_capability(std::uint8_t id, std::uint16_t size);
  std::uint16_t add_msix(unsigned vectors, std::uint32_t table, std::uint32_t pending);

  std::uint32_t get(std::uint16_t offset, unsigned size) const;
  void set(std::uint16_t offset, std::uint32_t value, unsigned size = 4);
  void let_write(std::uint16_t offset, std::uint32_t mask);
  virtual void config_write(std::uint16_t offset, unsigned size, std::uint32_t value);
  virtual ~FakeFunction() = default;

  std::uint64_t bar(unsigned index) const { return get(bar_offset(index), 4) & ~0xfull; }
  std::uint64_t wide_bar(unsigned index) const {
    return bar(index) | std::uint64_t{get(bar_offset(index + 1), 4)} << 32;
  }
  std::uint16_t command() const { return static_cast<std::uint16_t>(get(4, 2)); }

 private:
  static std::uint16_t bar_offset(unsigned index) { return static_cast<std::uint16_t>(0x10 + 4 * index); }
  std::array<std::uint8_t, 4096> space_{};
  std::array<std::uint8_t, 4096> writable_{};
  std::uint16_t last_capability_ = 0;
  std::uint16_t next_capability_ = 0x40;
};

class FakeCard : public pcie::DevicePort {
 public:
  void add(std::uint8_t number, FakeFunction& function) { functions_[number] = &function; }
  void remove(std::uint8_t number) { functions_.erase(number); }

  pcie::ReadResult config_read(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size) override;
  pcie::Completion config_write(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size,
                                std::uint32_t value) override;
  pcie::ReadResult memory_read(std::uint64_t, unsigned) override {
    return {pcie::Completion::kUnsupportedRequest, ~0ull};
  }
  void memory_write(std::uint64_t, std::span<const std::byte>) override {}
  void link_reset() override {}

  unsigned config_reads = 0;

 private:
  std::map<std::uint8_t, FakeFunction*> functions_;
};

}  // namespace cardvp::host
