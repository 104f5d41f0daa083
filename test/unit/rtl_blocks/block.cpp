#include "test/unit/rtl_blocks/block.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cardvp::rtl_blocks {

void Registers::set(std::uint32_t address, std::uint32_t value) { EXPECT_TRUE(write(address, value)) << address; }

std::uint32_t Registers::get(std::uint32_t address) {
  const std::optional<std::uint32_t> value = read(address);
  EXPECT_TRUE(value) << address;
  return value.value_or(0);
}

void Registers::set_bytes(std::uint32_t address, std::span<const std::uint8_t> bytes) {
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    std::uint32_t word = 0;
    for (std::size_t j = i; j < std::min(i + 4, bytes.size()); ++j) word |= std::uint32_t{bytes[j]} << 8 * (j - i);
    set(address + static_cast<std::uint32_t>(i), word);
  }
}

Bytes Registers::get_bytes(std::uint32_t address, std::size_t size) {
  Bytes made;
  for (std::size_t i = 0; i < size; i += 4) {
    const std::uint32_t word = get(address + static_cast<std::uint32_t>(i));
    for (std::size_t j = i; j < std::min(i + 4, size); ++j)
      made.push_back(static_cast<std::uint8_t>(word >> 8 * (j - i)));
  }
  return made;
}

std::vector<Beat> Block::packet(std::span<const std::uint8_t> bytes, std::size_t width) {
  std::vector<Beat> beats;
  for (std::size_t i = 0; i < bytes.size(); i += width) {
    const auto part = bytes.subspan(i, std::min(width, bytes.size() - i));
    Beat& beat = beats.emplace_back();
    std::copy(part.begin(), part.end(), beat.data.begin());
    beat.keep = (1u << part.size()) - 1;
  }
  if (!beats.empty()) beats.back().last = true;
  return beats;
}

Bytes Block::take_received() {
  Bytes made;
  for (const Beat& beat : received)
    for (std::size_t i = 0; i < beat.data.size(); ++i)
      if (beat.keep >> i & 1) made.push_back(beat.data[i]);
  received.clear();
  return made;
}

bool Block::wait_for_irq(std::uint64_t most) {
  for (std::uint64_t i = 0; i < most && !irq(); ++i) cycle();
  return irq();
}

}  // namespace cardvp::rtl_blocks
