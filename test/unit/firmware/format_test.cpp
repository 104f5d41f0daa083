#include "firmware/sdk/include/format.h"

#include <gtest/gtest.h>

#include <string>

namespace {

std::string formatted(const char* text, ...) {
  std::string result;
  va_list arguments;
  va_start(arguments, text);
  format([](void* to, char c) { *static_cast<std::string*>(to) += c; }, &result, text, arguments);
  va_end(arguments);
  return result;
}

TEST(Format, Numbers) {
  EXPECT_EQ(formatted("%d %d %u %x", 0, -2147483647 - 1, 4294967295u, 0xdeadbeefu),
            "0 -2147483648 4294967295 deadbeef");
  EXPECT_EQ(formatted("%ld %lu %lx", -9223372036854775807L - 1, ~0ul, ~0ul),
            "-9223372036854775808 18446744073709551615 ffffffffffffffff");
}

TEST(Format, WidthAndPadding) {
  EXPECT_EQ(formatted("[%5u|%-5u|%05u|%2u]", 42u, 42u, 42u, 12345u), "[   42|42   |00042|12345]");
  EXPECT_EQ(formatted("[%05d|%5d|%-5d]", -42, -42, -42), "[-0042|  -42|-42  ]");
  EXPECT_EQ(formatted("[%04s|%-4s|%3c]", "ab", "ab", 'c'), "[  ab|ab  |  c]");
  EXPECT_EQ(formatted("%016lx", 0x1234ul), "0000000000001234");
}

TEST(Format, StringsNeedNoEndWithAPrecision) {
  const char serial[4] = {'v', 'o', 'l', '1'};
  EXPECT_EQ(formatted("<%.4s>", serial), "<vol1>");
  EXPECT_EQ(formatted("<%.*s>", 2, serial), "<vo>");
  EXPECT_EQ(formatted("<%.9s>", "ab"), "<ab>");
  EXPECT_EQ(formatted("<%.0s>", serial), "<>");
}

TEST(Format, UnknownStandsAsItIs) {
  EXPECT_EQ(formatted("100%% %q %05"), "100% %q %05");
  EXPECT_EQ(formatted("%"), "%");
}

}  // namespace
