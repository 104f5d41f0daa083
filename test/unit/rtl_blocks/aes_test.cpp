// The AES engine of rtl/blocks/aes against NIST's vectors and OpenSSL.
#include <gtest/gtest.h>

#include <algorithm>

#include "models/security/crypto.h"
#include "test/unit/rtl_blocks/block.h"
#include "test/unit/rtl_blocks/registers_check.h"
#include "test/unit/security/vectors.h"

namespace cardvp::rtl_blocks {
namespace {

namespace regs {
#define CARDVP_REGISTERS "rtl/blocks/aes/aes.def"
#include "models/base/declare_registers.h"
}  // namespace regs
namespace offset = regs::offset;
using security::from_hex;
using security::read_vectors;
using security::VectorCase;

constexpr std::uint32_t kStart = 1, kAbort = 2, kZeroise = 4;
constexpr std::uint32_t kGcm = 1, kDecrypt = 2, kKey256 = 4;
constexpr std::uint32_t kErrorConfig = 1, kErrorFraming = 2, kErrorTag = 4;
constexpr std::uint32_t kDone = 1;
constexpr std::size_t kWidth = 16;

struct Gcm {
  Bytes key, iv, additional, data, tag;  // tag: of the right size; compared when decrypting
  bool decrypt = false;
};

struct AesTest : testing::Test {
  std::unique_ptr<Block> block = make_aes();
  Bytes last_key;

  void TearDown() override { EXPECT_EQ(block->violations, std::vector<std::string>{}); }

  Bytes any(std::size_t size) {
    Bytes made(size);
    for (std::uint8_t& byte : made) byte = static_cast<std::uint8_t>(block->random());
    return made;
  }

  void set_key(const Bytes& key, std::uint32_t mode) {
    block->set(offset::MODE, mode);
    if (key != last_key) block->set_bytes(offset::KEY, key);
    last_key = key;
  }

  // Starts what the registers say; false if it does not end.
  bool run(const std::vector<Beat>& in) {
    block->set(offset::INTERRUPT_STATUS, ~0u);
    block->set(offset::INTERRUPT_ENABLE, kDone);
    block->send(in);
    block->set(offset::CONTROL, kStart);
    return block->wait_for_irq();
  }

  Bytes xts(const Bytes& key, const Bytes& tweak, std::size_t unit, const Bytes& data, bool decrypt) {
    set_key(key, (decrypt ? kDecrypt : 0) | (key.size() == 64 ? kKey256 : 0));
    block->set_bytes(offset::IV, tweak);
    block->set(offset::UNIT_LENGTH, static_cast<std::uint32_t>(unit));
    block->set(offset::DATA_LENGTH, static_cast<std::uint32_t>(data.size()));
    EXPECT_TRUE(run(Block::packet(data, kWidth)));
    EXPECT_EQ(block->get(offset::ERROR), 0u);
    EXPECT_TRUE(block->to_send.empty());
    EXPECT_TRUE(!block->received.empty() && block->received.back().last);
    return block->take_received();
  }

  static std::vector<Beat> beats_of(const Gcm& gcm) {
    std::vector<Beat> beats;
    const auto add = [&](const Bytes& bytes) {
      for (Beat beat : Block::packet(bytes, kWidth)) beats.push_back(beat);
    };
    if (gcm.iv.size() != 12) add(gcm.iv);
    add(gcm.additional);
    add(gcm.data);
    for (Beat& beat : beats) {
      // What is beyond a part's end does not count.
      for (std::size_t i = 0; i < kWidth; ++i)
        if (!(beat.keep >> i & 1)) beat.data[i] = 0xa5;
      beat.last = false;
    }
    if (!beats.empty()) beats.back().last = true;
    return beats;
  }

  void set_up(const Gcm& gcm) {
    set_key(gcm.key, kGcm | (gcm.decrypt ? kDecrypt : 0) | (gcm.key.size() == 32 ? kKey256 : 0));
    block->set(offset::IV_LENGTH, static_cast<std::uint32_t>(gcm.iv.size()));
    if (gcm.iv.size() == 12) block->set_bytes(offset::IV, gcm.iv);
    block->set(offset::AAD_LENGTH, static_cast<std::uint32_t>(gcm.additional.size()));
    block->set(offset::DATA_LENGTH, static_cast<std::uint32_t>(gcm.data.size()));
    block->set(offset::TAG_LENGTH, static_cast<std::uint32_t>(gcm.tag.size()));
    if (gcm.decrypt) block->set_bytes(offset::TAG_IN, gcm.tag);
  }

  // The data out; of an encryption the tag too.
  Bytes run_gcm(Gcm& gcm) {
    set_up(gcm);
    EXPECT_TRUE(run(beats_of(gcm)));
    EXPECT_TRUE(block->to_send.empty());
    if (!gcm.decrypt) {
      gcm.tag = block->get_bytes(offset::TAG_OUT, 16);
      EXPECT_EQ(Bytes(gcm.tag.begin() + block->get(offset::TAG_LENGTH), gcm.tag.end()),
                Bytes(16 - block->get(offset::TAG_LENGTH)));
      gcm.tag.resize(block->get(offset::TAG_LENGTH));
    }
    return block->take_received();
  }
};

void check_xts_vectors(AesTest& test, const std::string& file) {
  std::size_t ran = 0;
  for (const VectorCase& vector : read_vectors("ciphers/AES/XTS/" + file)) {
    if (vector.number("DataUnitLen") % 128 != 0) continue;
    ++ran;
    const bool encrypt = vector.section.contains("ENCRYPT");
    Bytes tweak(16);
    if (vector.has("i"))
      tweak = vector.bytes("i");
    else
      for (unsigned i = 0; i < 8; ++i)
        tweak[i] = static_cast<std::uint8_t>(std::uint64_t{vector.number("DataUnitSeqNumber")} >> 8 * i);
    const Bytes from = vector.bytes(encrypt ? "PT" : "CT");
    ASSERT_EQ(test.xts(vector.bytes("Key"), tweak, from.size(), from, !encrypt), vector.bytes(encrypt ? "CT" : "PT"));
  }
  EXPECT_GE(ran, 100u) << file;
}

TEST_F(AesTest, XtsVectorsOfNist) {
  for (const char* folder : {"tweak-128hexstr/", "tweak-dataunitseqno/"})
    for (const char* file : {"XTSGenAES128.rsp", "XTSGenAES256.rsp"})
      check_xts_vectors(*this, std::string(folder) + file);
}

// All of them, also those with an IV that is not 12 bytes; with pauses on both sides.
void check_gcm_vectors(AesTest& test, const std::string& file, bool decrypt) {
  std::size_t ran = 0, refused = 0;
  for (const VectorCase& vector : read_vectors("ciphers/AES/GCM/" + file)) {
    ++ran;
    Gcm gcm{vector.bytes("Key"), vector.bytes("IV"),
            vector.bytes("AAD"), vector.bytes(decrypt ? "CT" : "PT"),
            vector.bytes("Tag"), decrypt};
    test.block->set(offset::ERROR, ~0u);
    const Bytes out = test.run_gcm(gcm);
    const bool fails = vector.has("FAIL");
    refused += fails;
    ASSERT_EQ(test.block->get(offset::ERROR), fails ? kErrorTag : 0u);
    ASSERT_EQ(test.block->get(offset::STATUS), decrypt && !fails ? 2u : 0u);
    if (!fails) {
      ASSERT_EQ(out, vector.bytes(decrypt ? "PT" : "CT"));
      ASSERT_EQ(gcm.tag, decrypt ? gcm.tag : vector.bytes("Tag"));
    }
  }
  EXPECT_EQ(ran, 7875u);
  EXPECT_EQ(refused != 0, decrypt);
}

struct AesGcmVectorsTest : AesTest {
  AesGcmVectorsTest() { block->source_pauses = block->sink_pauses = 20; }
};
TEST_F(AesGcmVectorsTest, Encrypt128) { check_gcm_vectors(*this, "gcmEncryptExtIV128.rsp", false); }
TEST_F(AesGcmVectorsTest, Encrypt256) { check_gcm_vectors(*this, "gcmEncryptExtIV256.rsp", false); }
TEST_F(AesGcmVectorsTest, Decrypt128) { check_gcm_vectors(*this, "gcmDecrypt128.rsp", true); }
TEST_F(AesGcmVectorsTest, Decrypt256) { check_gcm_vectors(*this, "gcmDecrypt256.rsp", true); }

std::span<const std::byte> in(const Bytes& bytes) { return std::as_bytes(std::span(bytes)); }
std::span<std::byte> out(Bytes& bytes) { return std::as_writable_bytes(std::span(bytes)); }

Bytes xts_of_openssl(const Bytes& key, const Bytes& tweak, std::size_t unit, const Bytes& data, bool decrypt) {
  const auto cipher = security::make_openssl_crypto()->make_xts(in(key));
  security::Crypto::Tweak first;
  std::copy(tweak.begin(), tweak.end(), first.begin());
  Bytes made(data.size());
  cipher->run(decrypt ? security::CipherDirection::kDecrypt : security::CipherDirection::kEncrypt, first, unit,
              in(data), out(made));
  return made;
}

// Units of every size, many of them, a number that carries through all its bytes, and every kind of pause.
TEST_F(AesTest, XtsOfManyUnitsAsOpenssl) {
  for (unsigned i = 0; i < 60; ++i) {
    block->source_pauses = i % 3 * 30;
    block->sink_pauses = i / 3 % 3 * 30;
    const Bytes key = any(i % 2 ? 64 : 32);
    Bytes tweak = any(16);
    if (i % 5 == 0) std::fill(tweak.begin(), tweak.begin() + 15, 0xff);
    const std::size_t unit = 16 * (1 + block->random() % 40);
    const Bytes data = any(unit * (1 + block->random() % 6));
    const bool decrypt = i % 4 >= 2;
    ASSERT_EQ(xts(key, tweak, unit, data, decrypt), xts_of_openssl(key, tweak, unit, data, decrypt)) << i;
  }
}

TEST_F(AesTest, TheLastXtsUnitMayBeShorter) {
  const Bytes key = any(32), tweak = any(16), data = any(512 + 48);
  Bytes second = tweak;
  for (std::uint8_t& byte : second)
    if (++byte != 0) break;
  Bytes expected = xts_of_openssl(key, tweak, 512, Bytes(data.begin(), data.begin() + 512), false);
  const Bytes rest = xts_of_openssl(key, second, 48, Bytes(data.begin() + 512, data.end()), false);
  expected.insert(expected.end(), rest.begin(), rest.end());
  EXPECT_EQ(xts(key, tweak, 512, data, false), expected);
}

// Long enough that the counter carries beyond 16 bits' worth of bytes, from a start that is nearly at its end.
TEST_F(AesTest, GcmAsOpenssl) {
  const auto crypto = security::make_openssl_crypto();
  for (unsigned i = 0; i < 40; ++i) {
    block->source_pauses = i % 3 * 30;
    block->sink_pauses = i / 3 % 3 * 30;
    Gcm gcm{any(i % 2 ? 32 : 16),
            any(i % 4 ? 12 : 1 + block->random() % 100),
            any(block->random() % 70),
            any(block->random() % (i == 7 ? 1 : 9000)),
            Bytes(4 + block->random() % 13),
            false};
    const auto cipher = crypto->make_gcm(in(gcm.key));
    Bytes expected(gcm.data.size()), tag(gcm.tag.size());
    cipher->seal(in(gcm.iv), in(gcm.additional), in(gcm.data), out(expected), out(tag));
    ASSERT_EQ(run_gcm(gcm), expected) << i;
    ASSERT_EQ(gcm.tag, tag) << i;
    Gcm back = gcm;
    back.decrypt = true;
    back.data = expected;
    ASSERT_EQ(run_gcm(back), gcm.data) << i;
    ASSERT_EQ(block->get(offset::STATUS), 2u);
    ASSERT_EQ(block->get(offset::ERROR), 0u);
  }
}

std::uint64_t cycles_of(AesTest& test, const std::function<void()>& work) {
  const std::uint64_t before = test.block->cycles;
  work();
  return test.block->cycles - before;
}

TEST_F(AesTest, ABlockACycle) {
  const Bytes small = any(32), large = any(64), tweak = any(16);
  const auto xts_of = [&](const Bytes& key, std::size_t unit, std::size_t units) {
    return cycles_of(*this, [&] { xts(key, tweak, unit, Bytes(unit * units), false); });
  };
  xts_of(small, 16, 1);  // the key is expanded
  EXPECT_EQ(xts_of(small, 256, 64) - xts_of(small, 256, 32), 16u * 32);
  EXPECT_EQ(xts_of(small, 16, 64) - xts_of(small, 16, 32), 12u * 32);
  xts_of(large, 16, 1);
  EXPECT_EQ(xts_of(large, 256, 64) - xts_of(large, 256, 32), 16u * 32);
  EXPECT_EQ(xts_of(large, 16, 64) - xts_of(large, 16, 32), 16u * 32);
  Gcm gcm{any(16), any(12), {}, {}, Bytes(16), false};
  const auto gcm_of = [&](std::size_t size) {
    gcm.data = Bytes(size);
    return cycles_of(*this, [&] { run_gcm(gcm); });
  };
  gcm_of(16);
  EXPECT_EQ(gcm_of(3200) - gcm_of(1600), 100u);
}

// From START to the first beat in, with keys that are known already and with new ones, and from there to the first beat
// out.
TEST_F(AesTest, LatenciesAreAsDocumented) {
  block->set(offset::UNIT_LENGTH, 64);
  block->set(offset::DATA_LENGTH, 64);
  const auto first_beat_in = [&] {
    block->send(Block::packet(any(64), kWidth));
    const std::uint64_t start = block->cycles + 1;
    block->set(offset::CONTROL, kStart);
    while (block->to_send.size() == 4) block->cycle();
    const std::uint64_t in = block->cycles;
    while (block->received.empty()) block->cycle();
    EXPECT_EQ(block->cycles - in, 15u);
    while (block->get(offset::STATUS) & 1) {
    }
    block->take_received();
    return in - start;
  };
  struct Case {
    std::uint32_t mode;
    std::uint64_t known, added;  // cycles
  };
  for (const Case& c :
       {Case{0, 15, 45}, Case{kKey256, 19, 61}, Case{kGcm, 3, 45 + 11}, Case{kGcm | kKey256, 3, 61 + 15}}) {
    set_key(any(64), c.mode);
    EXPECT_EQ(first_beat_in(), c.known + c.added) << c.mode;
    block->set(offset::MODE, c.mode | kDecrypt);  // takes the same keys
    EXPECT_EQ(first_beat_in(), c.known) << c.mode;
  }
}

TEST_F(AesTest, RegistersAreAsDescribed) { check_registers(*block, regs::kBank, offset::CONTROL); }

TEST_F(AesTest, ConfigurationsWithoutSenseDoNotStart) {
  const auto refused = [&](const char* what) {
    block->set(offset::ERROR, ~0u);
    block->set(offset::CONTROL, kStart);
    EXPECT_EQ(block->get(offset::STATUS), 0u) << what;
    EXPECT_EQ(block->get(offset::ERROR), kErrorConfig) << what;
  };
  block->set_bytes(offset::KEY, any(64));
  refused("no data");
  block->set(offset::DATA_LENGTH, 32);
  refused("no unit");
  block->set(offset::UNIT_LENGTH, 24);
  refused("unit of 24 bytes");
  block->set(offset::UNIT_LENGTH, 32);
  block->set(offset::DATA_LENGTH, 40);
  refused("data of 40 bytes");
  block->set(offset::DATA_LENGTH, 32);
  const Bytes half = any(16);
  block->set_bytes(offset::KEY, half);
  block->set_bytes(offset::KEY + 16, half);
  refused("equal keys");
  block->set(offset::MODE, kGcm);
  block->set(offset::IV_LENGTH, 0);
  refused("no IV");
  block->set(offset::IV_LENGTH, 12);
  for (const std::uint32_t size : {0u, 3u, 17u}) {
    block->set(offset::TAG_LENGTH, size);
    refused("tag");
  }
}

TEST_F(AesTest, PacketsOfTheWrongSizeAreErrorsAndTheNextIsRight) {
  const Bytes key = any(32), tweak = any(16), data = any(64);
  const auto start = [&](std::size_t length, std::size_t sent) {
    set_key(key, 0);
    block->set_bytes(offset::IV, tweak);
    block->set(offset::UNIT_LENGTH, 64);
    block->set(offset::DATA_LENGTH, static_cast<std::uint32_t>(length));
    EXPECT_TRUE(run(Block::packet(std::span(data).first(sent), kWidth)));
    EXPECT_EQ(block->get(offset::ERROR), kErrorFraming);
    block->set(offset::ERROR, kErrorFraming);
    EXPECT_TRUE(block->to_send.empty());
    EXPECT_TRUE(block->received.back().last);
    const std::size_t size = std::min(length, sent);
    EXPECT_EQ(block->take_received(),
              xts_of_openssl(key, tweak, size, Bytes(data.begin(), data.begin() + size), false));
  };
  start(64, 32);
  start(32, 64);
  EXPECT_EQ(xts(key, tweak, 64, data, false), xts_of_openssl(key, tweak, 64, data, false));

  Gcm gcm{any(16), any(12), any(40), any(40), Bytes(16), false};
  set_up(gcm);
  std::vector<Beat> beats = beats_of(gcm);
  beats.resize(2);
  beats.back().last = true;
  EXPECT_TRUE(run(beats));
  EXPECT_EQ(block->get(offset::ERROR), kErrorFraming);
  EXPECT_EQ(block->get_bytes(offset::TAG_OUT, 16), Bytes(16));
  block->set(offset::ERROR, kErrorFraming);
  gcm.decrypt = true;
  set_up(gcm);
  EXPECT_TRUE(run(beats));
  EXPECT_EQ(block->get(offset::ERROR), kErrorFraming);
  EXPECT_EQ(block->get(offset::STATUS), 0u);
  block->set(offset::ERROR, kErrorFraming);
  gcm.decrypt = false;
  set_up(gcm);
  beats = beats_of(gcm);
  beats[0].keep &= ~4u;
  EXPECT_TRUE(run(beats));
  EXPECT_EQ(block->get(offset::ERROR), kErrorFraming);
}

TEST_F(AesTest, ACommandUnderWayKeepsItsRegisters) {
  set_key(any(32), 0);
  block->set(offset::UNIT_LENGTH, 64);
  block->set(offset::DATA_LENGTH, 64);
  block->set(offset::CONTROL, kStart);
  EXPECT_EQ(block->get(offset::STATUS), 1u);
  for (const std::uint32_t address : {offset::MODE, offset::UNIT_LENGTH, offset::IV, offset::KEY, offset::TAG_IN})
    EXPECT_FALSE(block->write(address, 1, 0xf)) << address;
  EXPECT_FALSE(block->write(offset::CONTROL, kStart, 0xf));
  EXPECT_EQ(block->get(offset::UNIT_LENGTH), 64u);
  block->set(offset::CONTROL, kAbort);
  EXPECT_EQ(block->get(offset::STATUS), 0u);
  EXPECT_FALSE(block->write(offset::TAG_LENGTH + 4, 1, 0xf));
  EXPECT_FALSE(block->read(offset::KEY + 0x40));
}

TEST_F(AesTest, ZeroiseClearsTheKey) {
  const Bytes key = any(16), iv = any(12), data = any(32);
  Gcm gcm{key, iv, {}, data, Bytes(16), false};
  run_gcm(gcm);
  block->set(offset::CONTROL, kZeroise);
  set_up(gcm);  // the key is not written again
  Gcm zeros{Bytes(16), iv, {}, data, Bytes(16), false};
  Bytes expected(data.size()), tag(16);
  security::make_openssl_crypto()->make_gcm(in(zeros.key))->seal(in(iv), {}, in(data), out(expected), out(tag));
  EXPECT_EQ(run_gcm(gcm), expected);
  EXPECT_EQ(gcm.tag, tag);
}

struct AesBugTest : AesTest {
  bool xts_differs(std::size_t size) {
    const Bytes key = any(32), tweak = any(16), data = any(size);
    return xts(key, tweak, 512, data, false) != xts_of_openssl(key, tweak, 512, data, false);
  }
  // Data, tag.
  std::pair<bool, bool> gcm_differs(std::size_t size) {
    Gcm gcm{any(16), any(12), any(20), any(size), Bytes(16), false};
    Bytes expected(size), tag(16);
    security::make_openssl_crypto()
        ->make_gcm(in(gcm.key))
        ->seal(in(gcm.iv), in(gcm.additional), in(gcm.data), out(expected), out(tag));
    const Bytes made = run_gcm(gcm);
    return {made != expected, gcm.tag != tag};
  }
};
using Differs = std::pair<bool, bool>;

TEST_F(AesBugTest, EachSeededFaultIsSeenWhereItIs) {
  EXPECT_FALSE(xts_differs(512));
  EXPECT_EQ(gcm_differs(8000), Differs(false, false));
  block = make_aes(1);
  EXPECT_TRUE(xts_differs(512));
  EXPECT_EQ(gcm_differs(8000), Differs(false, false));
  block = make_aes(2);
  EXPECT_FALSE(xts_differs(512));
  unsigned wrong = 0;
  for (unsigned i = 0; i < 32; ++i) {
    const auto [data, tag] = gcm_differs(800);
    EXPECT_FALSE(data);
    wrong += tag;
  }
  EXPECT_GT(wrong, 4u);
  EXPECT_LT(wrong, 28u);
  block = make_aes(3);
  EXPECT_FALSE(xts_differs(512));
  EXPECT_EQ(gcm_differs(253 * 16), Differs(false, false));
  EXPECT_EQ(gcm_differs(256 * 16), Differs(true, true));
}

}  // namespace
}  // namespace cardvp::rtl_blocks
