#include "test/unit/rtl_blocks/registers_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace cardvp::rtl_blocks {
namespace {

struct Masks {
  std::uint64_t readable = 0, rw = 0, reset = 0;
};

Masks masks_of(const BankInfo& bank, std::size_t index) {
  Masks masks;
  for (const FieldInfo& field : bank.fields) {
    if (field.reg != index) continue;
    const Field place{field.reg, static_cast<std::uint8_t>(field.lsb), static_cast<std::uint8_t>(field.width)};
    masks.reset |= place.in(field.reset);
    if (field.access == Access::rw) masks.rw |= place.mask();
    if (field.access != Access::wo) masks.readable |= place.mask();
  }
  return masks;
}

void check_word(Registers& block, std::uint32_t address, std::uint32_t rw, std::uint32_t reset, bool write) {
  EXPECT_EQ(block.get(address), reset) << address;
  if (!write) return;
  block.set(address, 0xa5c3'96f0);
  EXPECT_EQ(block.get(address), (reset & ~rw) | (0xa5c3'96f0 & rw)) << address;
  block.set(address, 0);
  EXPECT_EQ(block.get(address), reset & ~rw) << address;
  if (!block.has_register_port()) {
    EXPECT_TRUE(block.write(address, 0xffff'ffff, 0b0101));
    EXPECT_EQ(block.get(address), (reset & ~rw) | (0x00ff'00ff & rw)) << address;
  }
  block.set(address, reset);
}

}  // namespace

void check_registers(Registers& block, const BankInfo& bank, std::initializer_list<std::uint32_t> left_out) {
  std::set<std::uint32_t> words;
  for (std::size_t i = 0; i < bank.registers.size(); ++i) {
    const RegisterInfo& info = bank.registers[i];
    const Masks masks = masks_of(bank, i);
    for (std::uint32_t n = 0; n < info.count; ++n)
      for (unsigned half = 0; half < info.bits / 32; ++half) {
        const std::uint32_t address = info.offset + n * info.stride + 4 * half;
        const bool write = std::find(left_out.begin(), left_out.end(), info.offset) == left_out.end();
        words.insert(address);
        check_word(block, address, static_cast<std::uint32_t>(masks.rw >> 32 * half),
                   static_cast<std::uint32_t>((masks.reset & masks.readable) >> 32 * half), write);
      }
  }
  for (std::uint32_t address = 0; address < bank.size; address += 4) {
    if (words.contains(address)) continue;
    const std::optional<std::uint32_t> value = block.read(address);
    if (block.has_register_port())
      EXPECT_EQ(value, 0u) << address;
    else
      EXPECT_EQ(value, std::nullopt) << address;
    EXPECT_EQ(block.write(address, 0, 0xf), block.has_register_port()) << address;
  }
}

}  // namespace cardvp::rtl_blocks
