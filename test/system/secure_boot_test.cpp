// Attacks on the boot chain: the real ROM on a whole card. What is no good image of the root key's owner is refused
// with the reason on the UART, nothing of it executes, the host stays in reset and the link down.
#include <cstddef>
#include <cstring>
#include <random>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "firmware/sdk/include/image.h"
#include "firmware/tools/image_file.h"
#include "firmware/tools/signing_key.h"
#include "test/system/boot_machine.h"
#include "test/system/program.h"

namespace cardvp::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Matcher;
using testing::Not;
using tools::SigningKey;

const std::string kFirmwareFile = CARDVP_FIRMWARE_DIR "/controller.img";
const std::string kUpdateFile = CARDVP_FIRMWARE_DIR "/controller-update.img";
const std::string kKeys = CARDVP_SOURCE_DIR "/firmware/keys";
constexpr std::size_t kHeader = sizeof(image_header);

using Reason = Matcher<const std::string&>;
const Reason kMagic = HasSubstr("the magic number is wrong"), kFormat = HasSubstr("an unknown format"),
             kKind = HasSubstr("an image of another kind"), kName = HasSubstr("the name is"),
             kTruncated = HasSubstr("truncated"), kLoadAddress = HasSubstr("load address"),
             kEntry = HasSubstr("the entry is not"), kRollback = HasSubstr("the security version is too low"),
             kNotSigned = HasSubstr("not signed"), kType = HasSubstr("the signature's type or size"),
             kRange = HasSubstr("out of the curve's range"), kWrongKey = HasSubstr("by another key than the root key"),
             kSignature = HasSubstr("the signature is wrong"), kDigest = HasSubstr("the body is damaged"),
             kEmpty = HasSubstr("refused: empty");

struct SecureBoot : testing::Test {
  // The card is switched on with this in slot A and nothing in slot B.
  void expect_refused(const std::string& image, const Reason& reason,
                      const memory::FusesConfig& fuses = production()) const {
    const Booted booted = power_on({.slot_a = image, .slot_b = {}, .fuses = fuses});
    EXPECT_EQ(booted.failure, "");
    EXPECT_TRUE(booted.ended);
    std::istringstream lines(booted.console);
    std::string line;
    std::getline(lines, line);
    EXPECT_THAT(line, HasSubstr("cardvp ROM"));
    std::getline(lines, line);
    EXPECT_THAT(line, AllOf(HasSubstr("ROM: slot A refused: "), reason));
    EXPECT_THAT(booted.console, testing::EndsWith("ROM: falling back to slot B\nROM: slot B refused: empty\n"
                                                  "ROM: no firmware\nROM: halted\n"));
    EXPECT_FALSE(booted.left_rom);
    EXPECT_FALSE(booted.link_up);
    EXPECT_FALSE(booted.host_released);
  }
  static void expect_boots(const PowerOn& card, const Matcher<const std::string&>& console) {
    PowerOn until = card;
    until.until = "link enabled";
    const Booted booted = power_on(until);
    EXPECT_EQ(booted.failure, "");
    EXPECT_TRUE(booted.ended);
    EXPECT_THAT(booted.console, console);
    EXPECT_TRUE(booted.left_rom);
    EXPECT_TRUE(booted.host_released);
  }

  static std::string flipped(std::string image, std::size_t bit) {
    image[bit / 8] = static_cast<char>(image[bit / 8] ^ 1 << bit % 8);
    return image;
  }
  // The firmware with a header that was changed before it was signed.
  template <class Change>
  static std::string signed_with(const std::string& key, const Change& change) {
    tools::Image image = tools::read_image(kFirmwareFile);
    change(image.header);
    tools::sign(image, SigningKey(kKeys + "/" + key));
    return bytes(image);
  }
  // ... or after.
  template <class Change>
  static std::string changed(const Change& change) {
    tools::Image image = tools::read_image(kFirmwareFile);
    change(image.header);
    return bytes(image);
  }
  static std::string unsigned_firmware() {
    return changed([](image_header& header) {
      header.signature_type = IMAGE_UNSIGNED;
      header.signature_size = 0;
      std::memset(header.public_key, 0, sizeof header.public_key);
      std::memset(header.signature, 0, sizeof header.signature);
    });
  }
  static std::string bytes(const tools::Image& image) {
    return std::string(reinterpret_cast<const char*>(&image.header), kHeader) +
           std::string(image.body.begin(), image.body.end());
  }

  const std::string good = read_file(kFirmwareFile);
};

struct Field {
  const char* name;
  std::size_t offset, bytes;
  Reason reason;
};

void PrintTo(const Field& field, std::ostream* out) { *out << field.name; }

#define FIELD(name, reason) \
  Field { #name, offsetof(image_header, name), sizeof image_header::name, reason }
const Field kFields[] = {
    FIELD(magic, kMagic),
    FIELD(format, kFormat),
    FIELD(size, kFormat),
    FIELD(kind, kKind),
    FIELD(version, kSignature),
    FIELD(security_version, kSignature),
    FIELD(body_size, AnyOf(kSignature, kTruncated)),
    FIELD(load_address, AnyOf(kLoadAddress, kEntry)),
    FIELD(entry, AnyOf(kEntry, kSignature)),
    FIELD(name, AnyOf(kName, kSignature)),
    FIELD(reserved, kFormat),
    FIELD(body_digest, kSignature),
    FIELD(signature_type, kType),
    FIELD(signature_size, kType),
    FIELD(public_key, kWrongKey),
    FIELD(signature, AnyOf(kSignature, kRange)),
};
#undef FIELD

class HeaderSweep : public SecureBoot, public testing::WithParamInterface<Field> {};

// Of each byte the lowest or the highest bit, in turn; of the field's ends both.
TEST_P(HeaderSweep, EveryByteIsProtected) {
  const Field& field = GetParam();
  const auto attack = [&](std::size_t bit) {
    SCOPED_TRACE(fmt::format("{}: bit {}", field.name, bit));
    expect_refused(flipped(good, 8 * field.offset + bit), field.reason);
  };
  for (std::size_t byte = 0; byte < field.bytes; ++byte) attack(8 * byte + (byte % 2 ? 7 : 0));
  attack(7);
  attack(8 * field.bytes - (field.bytes % 2 ? 1 : 8));
}

INSTANTIATE_TEST_SUITE_P(Fields, HeaderSweep, testing::ValuesIn(kFields),
                         [](const auto& field) { return field.param.name; });

TEST(HeaderSweepItself, KnowsEveryField) {
  std::size_t next = 0;
  for (const Field& field : kFields) {
    EXPECT_EQ(field.offset, next) << field.name;
    next += field.bytes;
  }
  EXPECT_EQ(next, kHeader);
}

TEST_F(SecureBoot, EveryPartOfTheBodyIsProtected) {
  const std::size_t bits = 8 * (good.size() - kHeader);
  std::size_t cases = 0;
  for (std::size_t bit = 0; bit < bits; bit += bits / 61 | 1, ++cases) {
    SCOPED_TRACE(bit);
    expect_refused(flipped(good, 8 * kHeader + bit), kDigest);
  }
  EXPECT_GT(cases, 50u);
  expect_refused(flipped(good, 8 * good.size() - 1), kDigest);
}

TEST_F(SecureBoot, TruncatedImages) {
  expect_refused("", kEmpty);
  const auto cut = [&](std::size_t size, const Reason& reason) {
    SCOPED_TRACE(size);
    expect_refused(good.substr(0, size), reason);
  };
  cut(1, kMagic);
  cut(3, kMagic);
  cut(4, kFormat);
  cut(offsetof(image_header, version), kFormat);  // `reserved` is erased flash
  cut(offsetof(image_header, signature_type), kType);
  cut(offsetof(image_header, signature), kRange);
  cut(kHeader - 1, AnyOf(kSignature, kRange));
  cut(kHeader, kDigest);
  cut(kHeader + 1, kDigest);
  cut(good.size() / 2, kDigest);
  cut(good.size() - 4, kDigest);
}

// Whatever the signature is, by whomever: it must be a good one.
TEST_F(SecureBoot, SignaturesThatAreNone) {
  const auto r_or_s = [&](std::size_t which, auto change) {
    return changed([&](image_header& header) { change(header.signature + 48 * which); });
  };
  const auto order = [](std::uint8_t* number) {
    const char* const digits =
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
    for (std::size_t i = 0; i < 48; ++i)
      number[i] = static_cast<std::uint8_t>(std::stoul(std::string(digits + 2 * i, 2), nullptr, 16));
  };
  for (const std::size_t which : {std::size_t{0}, std::size_t{1}}) {
    SCOPED_TRACE(which ? "s" : "r");
    expect_refused(r_or_s(which, [](std::uint8_t* number) { std::memset(number, 0, 48); }), kRange);
    expect_refused(r_or_s(which, [](std::uint8_t* number) { std::memset(number, 0xff, 48); }), kRange);
    expect_refused(r_or_s(which, order), kRange);
    expect_refused(r_or_s(which, [&](std::uint8_t* number) { order(number), --number[47]; }), kSignature);
    expect_refused(r_or_s(which, [&](std::uint8_t* number) { std::memset(number, 0, 48), number[47] = 1; }),
                   kSignature);
  }
  expect_refused(changed([](image_header& header) { std::memset(header.signature, 0, 96); }), kRange);
  for (const std::uint32_t size : {0u, 64u, 95u, 97u, 104u, 0x10000u, 0xffffffffu}) {
    SCOPED_TRACE(size);
    expect_refused(changed([&](image_header& header) { header.signature_size = size; }), kType);
    expect_refused(signed_with("test_root_key.pem", [&](image_header&) {})
                       .replace(offsetof(image_header, signature_size), 4, reinterpret_cast<const char*>(&size), 4),
                   kType);
  }
}

TEST_F(SecureBoot, WrongCurve) {  // P-256 and others have types of their own, if any
  for (const std::uint32_t type : {2u, 3u, 0x10001u, 0xffffffffu}) {
    tools::Image image = tools::read_image(kFirmwareFile);
    const SigningKey key(kKeys + "/test_root_key.pem");
    image.header.signature_type = type;
    const auto signature =
        key.sign(tools::sha384({reinterpret_cast<const std::uint8_t*>(&image.header), IMAGE_SIGNED_BYTES}));
    std::copy(signature.begin(), signature.end(), image.header.signature);  // the root key's owner said so, but no
    expect_refused(bytes(image), kType);
  }
}

TEST_F(SecureBoot, AnotherKey) {
  const std::string other = signed_with("test_operator_key.pem", [](image_header&) {});
  expect_refused(other, kWrongKey);
  expect_refused(other, kWrongKey, development());
  // The root key in the header, the other's signature.
  const std::string mixed =
      good.substr(0, offsetof(image_header, signature)) + other.substr(offsetof(image_header, signature));
  expect_refused(mixed, kSignature);
  expect_refused(changed([](image_header& header) { std::memset(header.public_key, 0, 96); }), kWrongKey);
}

TEST_F(SecureBoot, WithoutASignature) {
  memory::FusesConfig returned = production();
  returned.life_cycle = memory::kReturned;
  expect_refused(unsigned_firmware(), AllOf(kNotSigned, HasSubstr("production")));
  expect_refused(unsigned_firmware(), AllOf(kNotSigned, HasSubstr("returned")), returned);
  // What looks like none, and is one.
  expect_refused(changed([](image_header& header) { header.signature_type = IMAGE_UNSIGNED; }), kType);
  expect_refused(changed([](image_header& header) { header.signature_type = IMAGE_UNSIGNED; }), kType, development());
  expect_boots({.slot_a = unsigned_firmware(), .slot_b = {}, .fuses = development()},
               HasSubstr("ROM: slot A is not signed: taken, as the card is in the development state\n"));
  // Its digest counts all the same.
  expect_refused(flipped(unsigned_firmware(), 8 * kHeader + 77), kDigest, development());
}

TEST_F(SecureBoot, WithoutARootKeyInTheFuses) {
  memory::FusesConfig fuses = production();
  fuses.root_key_hash = {};
  expect_refused(good, AllOf(kWrongKey, HasSubstr("no root key is fused")), fuses);
  expect_refused(unsigned_firmware(), kNotSigned, fuses);
  fuses.life_cycle = memory::kDevelopment;
  expect_refused(flipped(good, 8 * offsetof(image_header, version)), kSignature, fuses);
  expect_refused(changed([](image_header& header) { std::memset(header.public_key, 1, 96); }), kWrongKey, fuses);
  expect_boots({.slot_a = good, .slot_b = {}, .fuses = fuses},
               HasSubstr("ROM: slot A is signed by an unknown key: taken, as no root key is fused"));
}

TEST_F(SecureBoot, Rollback) {
  memory::FusesConfig fuses = production();
  fuses.security_version = 2;
  expect_refused(good, AllOf(kRollback, HasSubstr("(1, the fuses have 2)")), fuses);
  fuses.life_cycle = memory::kDevelopment;
  expect_refused(good, kRollback, fuses);
  fuses.security_version = 0xffffffff;
  expect_refused(good, kRollback, fuses);
  fuses = production();
  fuses.security_version = 1;
  expect_boots({.slot_a = good, .slot_b = {}, .fuses = fuses}, HasSubstr("ROM: controller 0.1.0, "));
}

// Signed by the root key's owner, who was wrong.
TEST_F(SecureBoot, SignedNonsense) {
  const auto with = [&](auto change) { return signed_with("test_root_key.pem", change); };
  const auto place = [&](std::uint64_t load) {
    return with([=](image_header& header) { header.load_address = header.entry = load; });
  };
  for (const std::uint64_t address :
       {0ull, 0x0b000000ull, 0x0b010000ull, 0x0b0ffff8ull, 0x0b1fc000ull, 0x0b1f8000ull, 0x09000000ull, 0x0c000000ull,
        0x3ffffff8ull, 0xbffffff8ull, 0xfffffffffffffff8ull, 0x0b100004ull}) {
    SCOPED_TRACE(fmt::format("{:#x}", address));
    expect_refused(place(address), kLoadAddress);
  }
  expect_refused(place(0x40000000 + (255 << 20) + 0xffff8), kLoadAddress);  // across the end of what DRAM there is
  expect_refused(place(0x80000000), kLoadAddress);
  expect_refused(with([](image_header& header) { header.entry += header.body_size; }), kEntry);
  expect_refused(with([](image_header& header) { header.entry = 0x0b000000; }), kEntry);
  expect_refused(with([](image_header& header) { header.body_size = 0; }), kTruncated);
  expect_refused(with([](image_header& header) { header.body_size = 0xffffffff; }), kTruncated);
  expect_refused(with([](image_header& header) { header.body_size = 0x1000000 - kHeader + 1; }), kTruncated);
  expect_refused(with([](image_header& header) { header.kind = IMAGE_HOST_BOOT; }), kKind);
  expect_refused(with([](image_header& header) { std::memcpy(header.name, "\033[2Jevil", 9); }), kName);
  expect_refused(read_file(CARDVP_FIRMWARE_DIR "/host_boot.img"), kKind);
}

TEST_F(SecureBoot, GarbageInBothSlots) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 8; ++i) {
    std::string garbage(5000, '\0');
    for (char& byte : garbage) byte = static_cast<char>(random());
    if (i % 2) garbage.replace(0, 12, good.substr(0, 12));  // magic to kind
    const Booted booted = power_on({.slot_a = garbage, .slot_b = garbage, .fuses = production()});
    EXPECT_EQ(booted.failure, "");
    EXPECT_TRUE(booted.ended) << booted.console;
    EXPECT_THAT(booted.console, AllOf(HasSubstr("slot A refused: "), HasSubstr("slot B refused: ")));
    EXPECT_FALSE(booted.left_rom || booted.link_up || booted.host_released);
  }
}

TEST_F(SecureBoot, FallsBackToTheOtherSlot) {
  const std::string update = read_file(kUpdateFile);
  const PowerOn both{.slot_a = good, .slot_b = update, .fuses = production()};
  expect_boots(both, AllOf(HasSubstr("ROM: controller 0.1.0, "), HasSubstr("slot A, "), Not(HasSubstr("slot B"))));
  PowerOn damaged = both;
  damaged.slot_a = flipped(good, 8 * kHeader);
  expect_boots(damaged, HasSubstr("ROM: slot A refused: the body is damaged: its digest is not the header's\n"
                                  "ROM: falling back to slot B\nROM: controller 0.2.0, "));
  PowerOn rolled_back = both;
  rolled_back.fuses.security_version = 2;
  expect_boots(rolled_back, AllOf(HasSubstr("slot A refused: the security version is too low (1, the fuses have 2)"),
                                  HasSubstr("ROM: controller 0.2.0, ")));
  PowerOn first_only = both;
  first_only.slot_b = flipped(update, 8 * kHeader);
  expect_boots(first_only, HasSubstr("ROM: controller 0.1.0, "));
}

}  // namespace
}  // namespace cardvp::test
