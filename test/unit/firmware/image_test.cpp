#include "firmware/sdk/include/image.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <functional>
#include <random>

#include "firmware/sdk/include/crc32.h"

namespace {

TEST(Crc32, CheckValue) {  // of the CRC catalogue: CRC-32/ISO-HDLC
  EXPECT_EQ(crc32_ieee(0, "123456789", 9), 0xcbf43926u);
  EXPECT_EQ(crc32_ieee(0, "", 0), 0u);
  EXPECT_EQ(crc32_ieee(crc32_ieee(0, "1234", 4), "56789", 5), 0xcbf43926u);
}

struct Image : testing::Test {
  Image() {
    header.magic = IMAGE_MAGIC;
    header.format = IMAGE_FORMAT;
    header.size = sizeof header;
    header.security_version = 2;
    header.load_address = kBase;
    header.entry = kBase + 0x40;
    header.body_size = 0x1000;
    std::strcpy(header.name, "test");
  }
  image_fault check() {
    header.header_crc = crc32_ieee(0, &header, offsetof(image_header, header_crc));
    return image_check_header(&header, &limits);
  }

  static constexpr std::uint64_t kBase = 0x0b100000, kSize = 0xfc000, kSecond = 0x40000000;
  const image_range targets[2]{{kBase, kSize}, {kSecond, 0x80000000}};
  image_limits limits{0x10000, 2, targets, 2};
  image_header header{};
};

TEST_F(Image, Good) { EXPECT_EQ(check(), IMAGE_GOOD); }

TEST_F(Image, Magic) {
  header.magic = 0xffffffff;
  EXPECT_EQ(check(), IMAGE_BAD_MAGIC);
}

TEST_F(Image, HeaderCrcCoversEveryBit) {
  ASSERT_EQ(check(), IMAGE_GOOD);
  const image_header good = header;
  for (std::size_t bit = 0; bit < 8 * sizeof header; ++bit) {
    header = good;
    reinterpret_cast<unsigned char*>(&header)[bit / 8] ^= 1u << bit % 8;
    EXPECT_NE(image_check_header(&header, &limits), IMAGE_GOOD) << bit;
  }
}

TEST_F(Image, FormatAndHeaderSize) {
  header.format = 2;
  EXPECT_EQ(check(), IMAGE_BAD_FORMAT);
  header.format = IMAGE_FORMAT;
  header.size = sizeof header + 8;
  EXPECT_EQ(check(), IMAGE_BAD_FORMAT);
}

TEST_F(Image, NameGoesToTheConsole) {
  std::memcpy(header.name, "\033[2J", 5);
  EXPECT_EQ(check(), IMAGE_BAD_NAME);
  std::memcpy(header.name, "a\0b", 4);
  EXPECT_EQ(check(), IMAGE_BAD_NAME);
  header.name[0] = 0;
  EXPECT_EQ(check(), IMAGE_BAD_NAME);
  std::memset(header.name, 'x', sizeof header.name);  // without an end
  EXPECT_EQ(check(), IMAGE_GOOD);
}

TEST_F(Image, MustFitTheFlash) {
  header.body_size = 0x10000 - sizeof header;
  EXPECT_EQ(check(), IMAGE_GOOD);
  ++header.body_size;
  EXPECT_EQ(check(), IMAGE_TRUNCATED);
  header.body_size = 0xffffffff;
  EXPECT_EQ(check(), IMAGE_TRUNCATED);
  limits.flash_size = sizeof header - 1;
  EXPECT_EQ(check(), IMAGE_TRUNCATED);
}

TEST_F(Image, MustFitTheMemoryItMayUse) {
  limits.flash_size = 0xffffffff;
  const auto load = [&](std::uint64_t address, std::uint32_t size) {
    header.load_address = header.entry = address;
    header.body_size = size;
    return check();
  };
  EXPECT_EQ(load(kBase, kSize), IMAGE_GOOD);
  EXPECT_EQ(load(kBase, kSize + 1), IMAGE_BAD_LOAD_ADDRESS);
  EXPECT_EQ(load(kBase + 8, kSize), IMAGE_BAD_LOAD_ADDRESS);
  EXPECT_EQ(load(kBase - 8, 16), IMAGE_BAD_LOAD_ADDRESS);
  EXPECT_EQ(load(kBase + 4, 16), IMAGE_BAD_LOAD_ADDRESS);
  EXPECT_EQ(load(kBase, 0), IMAGE_BAD_LOAD_ADDRESS);
  EXPECT_EQ(load(kSecond, 16), IMAGE_GOOD);
  EXPECT_EQ(load(0, 16), IMAGE_BAD_LOAD_ADDRESS);
  EXPECT_EQ(load(~7ull, 16), IMAGE_BAD_LOAD_ADDRESS);  // wraps
  EXPECT_EQ(load(kBase + kSize, 16), IMAGE_BAD_LOAD_ADDRESS);
}

TEST_F(Image, EntryMustBeInTheBody) {
  for (const std::uint64_t entry : {kBase - 4, kBase + 0x1000, kBase + 2, std::uint64_t{0}, ~std::uint64_t{3}}) {
    header.entry = entry;
    EXPECT_EQ(check(), IMAGE_BAD_ENTRY) << entry;
  }
  header.entry = kBase + 0xffc;
  EXPECT_EQ(check(), IMAGE_GOOD);
}

TEST_F(Image, SecurityVersion) {
  header.security_version = 1;
  EXPECT_EQ(check(), IMAGE_OLD_SECURITY_VERSION);
  header.security_version = 3;
  EXPECT_EQ(check(), IMAGE_GOOD);
}

TEST_F(Image, Body) {
  std::vector<unsigned char> body(header.body_size, 0xa5);
  header.body_crc = crc32_ieee(0, body.data(), body.size());
  EXPECT_EQ(image_check_body(&header, body.data()), IMAGE_GOOD);
  body.back() ^= 0x80;
  EXPECT_EQ(image_check_body(&header, body.data()), IMAGE_BAD_BODY_CRC);
}

TEST_F(Image, RandomHeadersAreRefused) {
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    auto* bytes = reinterpret_cast<unsigned char*>(&header);
    for (std::size_t at = 0; at < sizeof header; ++at) bytes[at] = static_cast<unsigned char>(random());
    header.magic = IMAGE_MAGIC;
    EXPECT_NE(image_check_header(&header, &limits), IMAGE_GOOD);
    EXPECT_NE(check(), IMAGE_GOOD);  // with a good header CRC too
  }
}

}  // namespace
