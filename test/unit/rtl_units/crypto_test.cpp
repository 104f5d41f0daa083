// The AES and SHA-2 engines in RTL as the security engine's mathematics: NIST's vectors through their bridges,
// lockstep, and blocks that do not answer.
#include <gmock/gmock.h>

#include <algorithm>

#include "rtl/units/rtl_crypto.h"
#include "test/unit/security/vectors.h"

namespace cardvp::rtl {
namespace {

using security::Bytes;
using security::CipherDirection;
using security::Crypto;
using security::from_hex;
using security::Outcome;
using security::pattern;
using security::read_vectors;
using security::VectorCase;
using testing::HasSubstr;

// All of the vectors go through the bare block (test/unit/rtl_blocks); through bridges one in so many.
constexpr std::size_t kOneIn = 16;

UnitConfig unit_config(const char* plugin, Use use) {
  UnitConfig config;
  config.use = use;
  config.plugin = Plugin::load(plugin);
  config.checkers = true;
  return config;
}

std::span<const std::byte> in(const Bytes& bytes) { return std::as_bytes(std::span(bytes)); }
std::span<std::byte> out(Bytes& bytes) { return std::as_writable_bytes(std::span(bytes)); }

class RtlCryptoTest : public testing::Test {
 protected:
  void make(Use use, const char* plugin = CARDVP_AES) {
    UnitConfig config = unit_config(plugin, use);
    config.block.time_out_cycles = 1000;
    aes.emplace("aes", sim, config);
    sha2.emplace("sha2", sim, unit_config(CARDVP_SHA2, use));
    crypto = make_rtl_crypto(sim, &*aes, &*sha2);
  }
  void TearDown() override {
    EXPECT_EQ(aes->violations() + sha2->violations(), 0u);
    EXPECT_EQ(aes->block().time_outs(), time_outs);
  }

  template <class Function>
  void each_of(const std::string& file, Function&& function) {
    const std::vector<VectorCase> all = read_vectors(file);
    for (std::size_t i = 0; i < all.size(); i += kOneIn) {
      function(all[i]);
      ++cases;
      if (HasFailure()) return;
    }
  }
  std::uint64_t counted(const char* name) { return sim.stats.value(name).value_or(~0ull); }

  Sim sim;
  std::optional<AesUnit> aes;
  std::optional<Sha2Unit> sha2;
  std::unique_ptr<Crypto> crypto;
  std::size_t cases = 0;
  std::uint64_t time_outs = 0;  // that are right
};

TEST_F(RtlCryptoTest, XtsVectorsOfNist) {
  make(Use::kRtl);
  for (const char* file : {"XTSGenAES128.rsp", "XTSGenAES256.rsp"})
    each_of(std::string("ciphers/AES/XTS/tweak-128hexstr/") + file, [&](const VectorCase& vector) {
      if (vector.number("DataUnitLen") % 128 != 0) return;  // the block takes whole blocks
      const bool encrypt = vector.section.contains("ENCRYPT");
      const Bytes from = vector.bytes(encrypt ? "PT" : "CT"), tweak = vector.bytes("i");
      Bytes to(from.size());
      Crypto::Tweak start;
      std::ranges::copy(tweak, start.begin());
      const Outcome outcome = crypto->make_xts(in(vector.bytes("Key")))
                                  ->run(encrypt ? CipherDirection::kEncrypt : CipherDirection::kDecrypt, start,
                                        from.size(), in(from), out(to));
      EXPECT_EQ(outcome.status, SECURITY_OK);
      EXPECT_EQ(to, vector.bytes(encrypt ? "CT" : "PT"));
    });
  EXPECT_GT(cases, 40u);
  EXPECT_GT(counted("aes.commands"), 20u);
}

TEST_F(RtlCryptoTest, GcmVectorsOfNist) {
  make(Use::kRtl);
  for (const char* bits : {"128", "256"}) {
    each_of(std::string("ciphers/AES/GCM/gcmEncryptExtIV") + bits + ".rsp", [&](const VectorCase& vector) {
      const Bytes plain = vector.bytes("PT"), tag = vector.bytes("Tag");
      Bytes to(plain.size()), made(tag.size());
      const auto gcm = crypto->make_gcm(in(vector.bytes("Key")));
      EXPECT_EQ(gcm->seal(in(vector.bytes("IV")), in(vector.bytes("AAD")), in(plain), out(to), out(made)).status,
                SECURITY_OK);
      EXPECT_EQ(to, vector.bytes("CT"));
      EXPECT_EQ(made, tag);
    });
    each_of(std::string("ciphers/AES/GCM/gcmDecrypt") + bits + ".rsp", [&](const VectorCase& vector) {
      const Bytes sealed = vector.bytes("CT"), tag = vector.bytes("Tag");
      Bytes to(sealed.size(), 0xa5);
      const auto gcm = crypto->make_gcm(in(vector.bytes("Key")));
      const Outcome outcome = gcm->open(in(vector.bytes("IV")), in(vector.bytes("AAD")), in(sealed), out(to), in(tag));
      EXPECT_EQ(outcome.status, vector.has("FAIL") ? SECURITY_AUTH_FAILED : SECURITY_OK);
      EXPECT_EQ(to, vector.has("FAIL") ? Bytes(sealed.size(), 0xa5) : vector.bytes("PT"));
    });
  }
  EXPECT_GT(cases, 1000u);
}

TEST_F(RtlCryptoTest, Sha2VectorsOfNist) {
  make(Use::kRtl);
  constexpr std::pair<const char*, security_hash> kFiles[] = {
      {"SHA224", SECURITY_SHA224}, {"SHA256", SECURITY_SHA256},         {"SHA384", SECURITY_SHA384},
      {"SHA512", SECURITY_SHA512}, {"SHA512_224", SECURITY_SHA512_224}, {"SHA512_256", SECURITY_SHA512_256}};
  for (const auto& [name, algorithm] : kFiles)
    for (const char* kind : {"ShortMsg.rsp", "LongMsg.rsp"})
      each_of(std::string("hashes/SHA2/") + name + kind, [&](const VectorCase& vector) {
        Bytes message = vector.bytes("Msg");
        message.resize(vector.number("Len") / 8);  // the empty message is written as one byte
        Bytes digest(vector.bytes("MD").size());
        EXPECT_EQ(crypto->hash(algorithm, in(message), out(digest)).status, SECURITY_OK);
        EXPECT_EQ(digest, vector.bytes("MD"));
      });
  EXPECT_GT(cases, 60u);
  EXPECT_EQ(counted("sha2.messages"), cases);
}

TEST_F(RtlCryptoTest, WhatTheBlocksDoNotDoIsTheModels) {
  make(Use::kRtl);
  const Bytes data = pattern(24, 1);
  Bytes to(24), tag(16);
  EXPECT_EQ(crypto->make_gcm(in(pattern(24, 2)))->seal(in(pattern(12, 3)), {}, in(data), out(to), out(tag)).status,
            SECURITY_OK);
  EXPECT_EQ(crypto->make_xts(in(pattern(32, 4)))->run(CipherDirection::kEncrypt, {}, 24, in(data), out(to)).status,
            SECURITY_OK);
  EXPECT_EQ(counted("aes.commands"), 0u);
}

TEST_F(RtlCryptoTest, TakesTheTimeOfItsCycles) {
  make(Use::kRtl);
  const Bytes data = pattern(4096, 1);
  Bytes to(4096);
  const auto xts = crypto->make_xts(in(pattern(64, 2)));
  const Outcome first = xts->run(CipherDirection::kEncrypt, {}, 4096, in(data), out(to));
  ASSERT_TRUE(first.took);
  // 256 beats of 2 ns, the set-up by registers, and the key's.
  EXPECT_GT(*first.took, sc_core::sc_time(512, sc_core::SC_NS));
  EXPECT_LT(*first.took, sc_core::sc_time(1100, sc_core::SC_NS));
  // Asked for at the same time it comes behind, but its key is there.
  const Outcome second = xts->run(CipherDirection::kEncrypt, {}, 4096, in(data), out(to));
  EXPECT_LT(*second.took, *first.took * 2);
  EXPECT_GT(*second.took, *first.took + sc_core::sc_time(512, sc_core::SC_NS));
}

TEST_F(RtlCryptoTest, InPlaceAndWithTwoKeysInTurns) {
  make(Use::kLockstep);
  const Bytes data = pattern(512, 1);
  Bytes a = data, b = data;
  const auto one = crypto->make_xts(in(pattern(64, 2))), other = crypto->make_xts(in(pattern(32, 3)));
  for (auto [cipher, bytes] : {std::pair{one.get(), &a}, std::pair{other.get(), &b}})
    cipher->run(CipherDirection::kEncrypt, {1}, 512, in(*bytes), out(*bytes));
  EXPECT_NE(a, b);
  for (auto [cipher, bytes] : {std::pair{one.get(), &a}, std::pair{other.get(), &b}})
    cipher->run(CipherDirection::kDecrypt, {1}, 512, in(*bytes), out(*bytes));
  EXPECT_EQ(a, data);
  EXPECT_EQ(b, data);
  EXPECT_EQ(aes->lockstep()->differences(), 0u);
  EXPECT_EQ(counted("aes.comparisons"), 8u);
}

TEST_F(RtlCryptoTest, LockstepFindsTheFaultAndTheUserGetsWhatTheRtlGave) {
  make(Use::kLockstep, CARDVP_AES_BUG);
  std::vector<std::string> log;
  sim.log.set_sink([&log](const LogRecord& record) { log.push_back(Log::format(record)); });
  unsigned stops = 0;
  aes->lockstep()->on_stop([&stops](const Difference&) { ++stops; });
  const Bytes data = pattern(512, 1), key = pattern(64, 2);
  Bytes right(512), made(512);
  for (int i = 0; i < 2; ++i) crypto->make_xts(in(key))->run(CipherDirection::kEncrypt, {7}, 512, in(data), out(made));
  security::make_openssl_crypto()->make_xts(in(key))->run(CipherDirection::kEncrypt, {7}, 512, in(data), out(right));
  EXPECT_NE(made, right);
  ASSERT_TRUE(aes->lockstep()->stops());
  EXPECT_EQ(stops, 1u);
  EXPECT_EQ(aes->lockstep()->differences(), 2u);
  const Difference& first = *aes->lockstep()->first();
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(made, right).in1 - made.begin());
  EXPECT_EQ(at % 16, 0u);  // whole blocks are wrong
  EXPECT_EQ(first.what, fmt::format("byte {} of the data", at));
  EXPECT_THAT(first.model, HasSubstr(fmt::format("{:02x} {:02x}", right[at], right[at + 1])));
  EXPECT_THAT(first.rtl, HasSubstr(fmt::format("{:02x} {:02x}", made[at], made[at + 1])));
  EXPECT_THAT(first.transaction, HasSubstr("XTS encryption of 512 bytes in units of 512, tweak 0700000000000000"));
  EXPECT_THAT(first.text(), HasSubstr("aes differs from its model at "));
  EXPECT_EQ(log.size(), 2u);
}

TEST_F(RtlCryptoTest, WrongTagsAreNoDifference) {
  make(Use::kLockstep);
  Bytes data = pattern(100, 1);
  const auto gcm = crypto->make_gcm(in(pattern(32, 2)));
  EXPECT_EQ(gcm->open_in_place(in(pattern(12, 3)), in(pattern(20, 4)), out(data), in(pattern(16, 5))).status,
            SECURITY_AUTH_FAILED);
  EXPECT_EQ(data, Bytes(100));
  EXPECT_EQ(aes->lockstep()->differences(), 0u);
}

TEST_F(RtlCryptoTest, ABlockThatIsHeldInResetFailsAndLivesOn) {
  UnitConfig config = unit_config(CARDVP_AES, Use::kRtl);
  config.block.time_out_cycles = 200;
  aes.emplace("aes", sim, config);
  sha2.emplace("sha2", sim, unit_config(CARDVP_SHA2, Use::kRtl));
  crypto = make_rtl_crypto(sim, &*aes, &*sha2);
  const Bytes data = pattern(512, 1);
  Bytes to(512);
  const auto xts = crypto->make_xts(in(pattern(64, 2)));
  ASSERT_EQ(xts->run(CipherDirection::kEncrypt, {}, 512, in(data), out(to)).status, SECURITY_OK);
  const Bytes right = to;
  aes->block().pin("rst_n").set(0);
  EXPECT_EQ(xts->run(CipherDirection::kEncrypt, {}, 512, in(data), out(to)).status, SECURITY_BUS_ERROR);
  time_outs = aes->block().time_outs();
  EXPECT_GE(time_outs, 1u);
  EXPECT_EQ(counted("aes.failures"), 1u);
  // It was reset, and takes its key anew.
  Bytes again(512);
  EXPECT_EQ(xts->run(CipherDirection::kEncrypt, {}, 512, in(data), out(again)).status, SECURITY_OK);
  EXPECT_EQ(again, right);
}

TEST_F(RtlCryptoTest, KeysLeaveTheBlockWithTheirUser) {
  make(Use::kRtl);
  const Bytes data = pattern(16, 1);
  Bytes to(16);
  auto xts = crypto->make_xts(in(pattern(64, 2)));
  xts->run(CipherDirection::kEncrypt, {}, 16, in(data), out(to));
  const std::uint64_t before = counted("aes.block.s_axil.transactions");
  xts.reset();
  EXPECT_EQ(counted("aes.block.s_axil.transactions"), before + 1);  // CONTROL.ZEROISE
}

TEST(RtlUnits, APluginOfAnotherBlockIsRefused) {
  Sim sim;
  try {
    AesUnit("aes", sim, unit_config(CARDVP_SHA2, Use::kRtl));
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("the block sha2 has no axi_stream source called m_axis"));
  }
}

}  // namespace
}  // namespace cardvp::rtl
