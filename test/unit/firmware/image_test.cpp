#include "firmware/sdk/include/image.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <random>
#include <set>
#include <string>

namespace {

struct Image : testing::Test {
  Image() {
    header.magic = IMAGE_MAGIC;
    header.format = IMAGE_FORMAT;
    header.size = sizeof header;
    header.kind = IMAGE_FIRMWARE;
    header.security_version = 2;
    header.load_address = kBase;
    header.entry = kBase + 0x40;
    header.body_size = 0x1000;
    std::strcpy(header.name, "test");
    header.signature_type = IMAGE_ECDSA_P384;
    header.signature_size = 96;
    number(0, 1);
    number(1, 1);
  }
  image_fault check() { return image_check_header(&header, &limits); }
  // r or s becomes a small number.
  void number(int which, unsigned char value) {
    std::memset(header.signature + 48 * which, 0, 48);
    header.signature[48 * which + 47] = value;
  }

  static constexpr std::uint64_t kBase = 0x0b100000, kSize = 0xfc000, kSecond = 0x40000000;
  const image_range targets[2]{{kBase, kSize}, {kSecond, 0x80000000}};
  image_limits limits{IMAGE_FIRMWARE, 0x10000, 2, 0, targets, 2};
  image_header header{};
};

TEST_F(Image, Good) { EXPECT_EQ(check(), IMAGE_GOOD); }

TEST_F(Image, Magic) {
  header.magic = 0xffffffff;
  EXPECT_EQ(check(), IMAGE_BAD_MAGIC);
}

TEST_F(Image, FormatHeaderSizeAndReserved) {
  header.format = 1;
  EXPECT_EQ(check(), IMAGE_BAD_FORMAT);
  header.format = IMAGE_FORMAT;
  header.size = sizeof header + 8;
  EXPECT_EQ(check(), IMAGE_BAD_FORMAT);
  header.size = sizeof header;
  header.reserved = 0x80000000;
  EXPECT_EQ(check(), IMAGE_BAD_FORMAT);
}

TEST_F(Image, Kind) {
  header.kind = IMAGE_HOST_BOOT;
  EXPECT_EQ(check(), IMAGE_BAD_KIND);
  header.kind = IMAGE_FIRMWARE | 0x100;
  EXPECT_EQ(check(), IMAGE_BAD_KIND);
  limits.kind = IMAGE_HOST_BOOT;
  header.kind = IMAGE_FIRMWARE;
  EXPECT_EQ(check(), IMAGE_BAD_KIND);
}

TEST_F(Image, OfAHostHasNoAddresses) {
  limits.kind = IMAGE_HOST_BOOT;
  header.kind = IMAGE_HOST_BOOT;
  EXPECT_EQ(check(), IMAGE_BAD_LOAD_ADDRESS);
  header.load_address = 0;
  EXPECT_EQ(check(), IMAGE_BAD_ENTRY);
  header.entry = 0;
  EXPECT_EQ(check(), IMAGE_GOOD);
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

TEST_F(Image, MustFitTheSpace) {
  header.body_size = 0x10000 - sizeof header;
  EXPECT_EQ(check(), IMAGE_GOOD);
  ++header.body_size;
  EXPECT_EQ(check(), IMAGE_TRUNCATED);
  header.body_size = 0xffffffff;
  EXPECT_EQ(check(), IMAGE_TRUNCATED);
  header.body_size = 0;
  EXPECT_EQ(check(), IMAGE_TRUNCATED);
  header.body_size = 1;
  limits.space = sizeof header - 1;
  EXPECT_EQ(check(), IMAGE_TRUNCATED);
}

TEST_F(Image, MustFitTheMemoryItMayUse) {
  limits.space = 0xffffffff;
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

TEST_F(Image, WithoutASignature) {
  header.signature_type = IMAGE_UNSIGNED;
  EXPECT_EQ(check(), IMAGE_BAD_SIGNATURE_TYPE);  // but with a size
  header.signature_size = 0;
  EXPECT_EQ(check(), IMAGE_BAD_SIGNATURE_TYPE);  // but with a signature
  std::memset(header.signature, 0, sizeof header.signature);
  EXPECT_EQ(check(), IMAGE_NOT_SIGNED);
  limits.unsigned_allowed = 1;
  EXPECT_EQ(check(), IMAGE_GOOD);
  header.public_key[95] = 1;
  EXPECT_EQ(check(), IMAGE_BAD_SIGNATURE_TYPE);
}

TEST_F(Image, SignatureTypeAndSize) {
  for (const std::uint32_t type : {2u, 3u, 0x101u, 0xffffffffu}) {
    header.signature_type = type;
    EXPECT_EQ(check(), IMAGE_BAD_SIGNATURE_TYPE) << type;
  }
  header.signature_type = IMAGE_ECDSA_P384;
  for (const std::uint32_t size : {0u, 64u, 95u, 97u, 104u, 132u, 0xffffffffu}) {
    header.signature_size = size;
    EXPECT_EQ(check(), IMAGE_BAD_SIGNATURE_TYPE) << size;
  }
}

// The order of P-384, out of SEC 2, 2.5.1.
const std::string kOrder =
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";

TEST_F(Image, SignatureRange) {
  for (int which = 0; which < 2; ++which) {
    SCOPED_TRACE(which == 0 ? "r" : "s");
    unsigned char* const value = header.signature + 48 * which;
    number(which, 0);
    EXPECT_EQ(check(), IMAGE_BAD_SIGNATURE_RANGE);
    std::memset(value, 0xff, 48);
    EXPECT_EQ(check(), IMAGE_BAD_SIGNATURE_RANGE);
    for (std::size_t i = 0; i < 48; ++i)
      value[i] = static_cast<unsigned char>(std::stoul(kOrder.substr(2 * i, 2), nullptr, 16));
    EXPECT_EQ(check(), IMAGE_BAD_SIGNATURE_RANGE);
    ++value[47];
    EXPECT_EQ(check(), IMAGE_BAD_SIGNATURE_RANGE);
    value[47] -= 2;
    EXPECT_EQ(check(), IMAGE_GOOD);
    value[24] = 0xc8;
    EXPECT_EQ(check(), IMAGE_BAD_SIGNATURE_RANGE);
    number(which, 0);
    value[0] = 1;
    EXPECT_EQ(check(), IMAGE_GOOD);
  }
}

TEST_F(Image, EachFaultHasItsOwnText) {
  std::set<std::string> texts;
  for (int fault = IMAGE_GOOD; fault <= IMAGE_ENGINE_FAILED; ++fault)
    texts.insert(image_fault_text(static_cast<image_fault>(fault)));
  EXPECT_EQ(texts.size(), IMAGE_ENGINE_FAILED + 1u);
  EXPECT_FALSE(texts.contains(image_fault_text(static_cast<image_fault>(IMAGE_ENGINE_FAILED + 1))));
}

TEST_F(Image, RandomHeadersAreRefused) {
  std::mt19937 random(1);
  limits.unsigned_allowed = 1;
  for (int i = 0; i < 1000; ++i) {
    auto* bytes = reinterpret_cast<unsigned char*>(&header);
    for (std::size_t at = 0; at < sizeof header; ++at) bytes[at] = static_cast<unsigned char>(random());
    EXPECT_NE(check(), IMAGE_GOOD);
    header.magic = IMAGE_MAGIC;
    header.format = IMAGE_FORMAT;
    header.size = sizeof header;
    header.reserved = 0;
    header.kind = IMAGE_FIRMWARE;
    std::memset(header.name, 0x6e, sizeof header.name);
    EXPECT_NE(check(), IMAGE_GOOD);
  }
}

}  // namespace
