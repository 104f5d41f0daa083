#include "rtl/units/word_access.h"

#include <fmt/format.h>

#include <array>

namespace cardvp::rtl {

void WordAccess::access(bool write, std::uint32_t offset, std::span<std::uint8_t> bytes) {
  if (!ok()) return;
  Transaction transaction(bridge_, write, offset, bytes);
  const Response response = bridge_.access_now(transaction);
  if (!is_okay(response)) fail(fmt::format("{}: {}", transaction.text(), to_string(response)));
}

void WordAccess::write(std::uint32_t offset, std::uint32_t value) {
  std::array<std::uint8_t, 4> word;
  for (unsigned i = 0; i < word.size(); ++i) word[i] = static_cast<std::uint8_t>(value >> 8 * i);
  write(offset, word);
}

std::uint32_t WordAccess::read(std::uint32_t offset) {
  std::array<std::uint8_t, 4> word{};
  access(false, offset, word);
  if (!ok()) return 0;
  std::uint32_t value = 0;
  for (unsigned i = 0; i < word.size(); ++i) value |= std::uint32_t{word[i]} << 8 * i;
  return value;
}

}  // namespace cardvp::rtl
