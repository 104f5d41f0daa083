// The SHA-2 engine of rtl/blocks/sha2 against NIST's vectors and OpenSSL.
#include <gtest/gtest.h>

#include "models/security/crypto.h"
#include "test/unit/rtl_blocks/block.h"
#include "test/unit/rtl_blocks/registers_check.h"
#include "test/unit/security/vectors.h"

namespace cardvp::rtl_blocks {
namespace {

namespace regs {
#define CARDVP_REGISTERS "rtl/blocks/sha2/sha2.def"
#include "models/base/declare_registers.h"
}  // namespace regs
namespace offset = regs::offset;

constexpr std::uint32_t kStart = 1, kAbort = 2, kDone = 1, kBusy = 1, kValid = 2;
constexpr std::uint32_t kErrorConfig = 1, kErrorFraming = 2;
constexpr std::size_t kWidth = 8;

struct Algorithm {
  const char* name;  // of the vectors' file
  security_hash number;
  std::size_t block;  // bytes
};
constexpr Algorithm kAlgorithms[] = {
    {"SHA224", SECURITY_SHA224, 64},          {"SHA256", SECURITY_SHA256, 64},
    {"SHA384", SECURITY_SHA384, 128},         {"SHA512", SECURITY_SHA512, 128},
    {"SHA512_224", SECURITY_SHA512_224, 128}, {"SHA512_256", SECURITY_SHA512_256, 128}};

struct Sha2Test : testing::Test {
  std::unique_ptr<Block> block = make_sha2();

  void TearDown() override { EXPECT_EQ(block->violations, std::vector<std::string>{}); }

  Bytes any(std::size_t size) {
    Bytes made(size);
    for (std::uint8_t& byte : made) byte = static_cast<std::uint8_t>(block->random());
    return made;
  }

  static std::vector<Beat> beats_of(const Bytes& message) {
    if (message.empty()) return {Beat{.keep = 0, .last = true}};
    return Block::packet(message, kWidth);
  }

  bool run(unsigned algorithm, const std::vector<Beat>& beats) {
    block->set(offset::INTERRUPT_STATUS, ~0u);
    block->set(offset::INTERRUPT_ENABLE, kDone);
    block->set(offset::ALGORITHM, algorithm);
    block->set(offset::CONTROL, kStart);
    block->send(beats);
    return block->wait_for_irq();
  }

  // All 64 bytes of the registers.
  Bytes hash(unsigned algorithm, const Bytes& message) {
    EXPECT_TRUE(run(algorithm, beats_of(message)));
    EXPECT_EQ(block->get(offset::STATUS), kValid);
    return block->get_bytes(offset::DIGEST, 64);
  }
};

Bytes filled_up(Bytes digest) {
  digest.resize(64);
  return digest;
}

Bytes hash_of_openssl(security_hash algorithm, const Bytes& message) {
  Bytes digest(security::digest_bytes(algorithm));
  security::make_openssl_crypto()->hash(algorithm, std::as_bytes(std::span(message)),
                                        std::as_writable_bytes(std::span(digest)));
  return filled_up(digest);
}

TEST_F(Sha2Test, VectorsOfNist) {
  for (const Algorithm& algorithm : kAlgorithms) {
    std::size_t ran = 0;
    for (const char* kind : {"ShortMsg.rsp", "LongMsg.rsp"})
      for (const auto& vector : security::read_vectors(std::string("hashes/SHA2/") + algorithm.name + kind)) {
        ++ran;
        Bytes message = vector.bytes("Msg");
        message.resize(vector.number("Len") / 8);
        ASSERT_EQ(hash(algorithm.number, message), filled_up(vector.bytes("MD"))) << algorithm.name << message.size();
      }
    EXPECT_EQ(ran, 2 * algorithm.block + 1);
  }
}

TEST_F(Sha2Test, EveryLengthOfPaddingAsOpenssl) {
  for (const Algorithm& algorithm : kAlgorithms)
    for (std::size_t size = 0; size <= 2 * algorithm.block + 1; ++size) {
      block->source_pauses = size % 2 * 60;
      const Bytes message = any(size);
      ASSERT_EQ(hash(algorithm.number, message), hash_of_openssl(algorithm.number, message)) << algorithm.name << size;
    }
}

TEST_F(Sha2Test, ABlockIn66And82Cycles) {
  for (const Algorithm& algorithm : kAlgorithms) {
    const auto cycles = [&](std::size_t blocks) {
      const std::uint64_t before = block->cycles;
      hash(algorithm.number, Bytes(blocks * algorithm.block));
      return block->cycles - before;
    };
    EXPECT_EQ(cycles(30) - cycles(10), 20u * (algorithm.block == 64 ? 66 : 82)) << algorithm.name;
  }
}

TEST_F(Sha2Test, RegistersAreAsDescribed) { check_registers(*block, regs::kBank, offset::CONTROL); }

TEST_F(Sha2Test, AnAlgorithmThatIsNoneDoesNotStart) {
  for (const std::uint32_t number : {0u, 7u}) {
    block->set(offset::ALGORITHM, number);
    block->set(offset::CONTROL, kStart);
    EXPECT_EQ(block->get(offset::STATUS), 0u);
    EXPECT_EQ(block->get(offset::ERROR), kErrorConfig);
    block->set(offset::ERROR, kErrorConfig);
    EXPECT_EQ(block->get(offset::ERROR), 0u);
  }
}

TEST_F(Sha2Test, BeatsWithGapsGiveNoDigest) {
  const Bytes message = any(40);
  for (const std::uint32_t keep : {0x7fu, 0xfdu, 0x00u}) {
    std::vector<Beat> beats = beats_of(message);
    beats[2].keep = keep;
    EXPECT_TRUE(run(SECURITY_SHA384, beats));
    EXPECT_EQ(block->get(offset::STATUS), 0u);
    EXPECT_EQ(block->get(offset::ERROR), kErrorFraming);
    EXPECT_EQ(block->get_bytes(offset::DIGEST, 64), Bytes(64));
    block->set(offset::ERROR, kErrorFraming);
    EXPECT_EQ(hash(SECURITY_SHA384, message), hash_of_openssl(SECURITY_SHA384, message));
  }
}

TEST_F(Sha2Test, AMessageUnderWayKeepsItsAlgorithm) {
  block->set(offset::CONTROL, kStart);
  EXPECT_EQ(block->get(offset::STATUS), kBusy);
  EXPECT_FALSE(block->write(offset::ALGORITHM, 2, 0xf));
  EXPECT_FALSE(block->write(offset::CONTROL, kStart, 0xf));
  EXPECT_EQ(block->get(offset::ALGORITHM), std::uint32_t{SECURITY_SHA256});
  block->send(Block::packet(any(200), kWidth));
  for (unsigned i = 0; i < 20; ++i) block->cycle();
  block->set(offset::CONTROL, kAbort);
  EXPECT_EQ(block->get(offset::STATUS), 0u);
  block->to_send.clear();
}

TEST_F(Sha2Test, EachSeededFaultIsSeenWhereItIs) {
  const auto differs = [&](security_hash algorithm, std::size_t size) {
    const Bytes message = any(size);
    return hash(algorithm, message) != hash_of_openssl(algorithm, message);
  };
  block = make_sha2(1);
  EXPECT_TRUE(differs(SECURITY_SHA384, 100));
  EXPECT_FALSE(differs(SECURITY_SHA256, 100));
  block = make_sha2(2);
  for (std::size_t size = 100; size < 130; ++size) {
    EXPECT_EQ(differs(SECURITY_SHA384, size), size >= 112 && size < 120) << size;
    EXPECT_FALSE(differs(SECURITY_SHA256, size)) << size;
  }
}

}  // namespace
}  // namespace cardvp::rtl_blocks
