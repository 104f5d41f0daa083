// The engine as a whole: interrupts, tampering, reset, the volumes' cipher, determinism.
#include <openssl/evp.h>

#include "test/unit/security/descriptors.h"

namespace cardvp::security {
namespace {

using Machine = SecurityMachine;

struct SecurityEngineTest : testing::Test {
  Machine machine;
  security_status run(security_descriptor descriptor) { return machine.run(descriptor); }
};

TEST_F(SecurityEngineTest, InterruptsByTheirEnables) {
  EXPECT_EQ(run(random_descriptor(1)), SECURITY_OK);
  EXPECT_EQ(machine.get(offset::INTERRUPT_STATUS), 1u << 8);
  EXPECT_FALSE(machine.engine.interrupt.level());
  machine.set(offset::INTERRUPT_ENABLE, 1 << 8);
  EXPECT_TRUE(machine.engine.interrupt.level());
  machine.set(offset::INTERRUPT_STATUS, 1 << 9);
  EXPECT_TRUE(machine.engine.interrupt.level());
  machine.set(offset::INTERRUPT_STATUS, 1 << 8);
  EXPECT_FALSE(machine.engine.interrupt.level());
  EXPECT_EQ(run(random_descriptor(SECURITY_MOST_BYTES + 1)), SECURITY_BAD_DESCRIPTOR);
  EXPECT_TRUE(machine.engine.interrupt.level());  // ended is ended
}

TEST_F(SecurityEngineTest, CountsOperationsAndFailures) {
  ASSERT_EQ(machine.load(20, pattern(64, 1), SECURITY_FOR_XTS), SECURITY_OK);
  EXPECT_EQ(run(xts_descriptor(20, 8192, 512)), SECURITY_OK);
  EXPECT_EQ(run(xts_descriptor(20, 100, 512)), SECURITY_BAD_DESCRIPTOR);
  EXPECT_EQ(run(hmac_descriptor(20, 100)), SECURITY_NOT_PERMITTED);
  EXPECT_EQ(machine.counter("operations.unwrap"), 1u);
  EXPECT_EQ(machine.counter("operations.xts_encrypt"), 2u);
  EXPECT_EQ(machine.counter("failures.bad_descriptor"), 1u);
  EXPECT_EQ(machine.counter("failures.not_permitted"), 1u);
  EXPECT_EQ(machine.counter("bytes", "bytes"), 8192u + 72u);
}

TEST_F(SecurityEngineTest, TamperingZeroisesUntilReset) {
  machine.set(offset::INTERRUPT_ENABLE, 1 << 9);
  ASSERT_EQ(machine.load(20, pattern(64, 1), SECURITY_FOR_XTS, 2), SECURITY_OK);
  EXPECT_TRUE(machine.engine.usable({20, 2}));
  machine.engine.tamper();
  EXPECT_TRUE(machine.engine.tampered());
  EXPECT_EQ(machine.get(offset::STATUS), 1u);
  EXPECT_TRUE(machine.engine.interrupt.level());
  for (const unsigned slot : {0u, 1u, 20u}) EXPECT_EQ(machine.slot_status(slot), 0u);
  EXPECT_FALSE(machine.engine.usable({20, 2}));
  ASSERT_EQ(machine.alarms.count(), 1u);
  EXPECT_EQ(machine.alarms.kept()[0].kind, "tamper");
  machine.engine.tamper();
  EXPECT_EQ(machine.alarms.count(), 1u);

  // No key is used, made or brought in; what needs none goes on.
  EXPECT_EQ(run(xts_descriptor(20, 512, 512)), SECURITY_TAMPERED);
  EXPECT_EQ(run(gcm_descriptor(20, 64)), SECURITY_TAMPERED);
  EXPECT_EQ(run(hmac_descriptor(20, 64)), SECURITY_TAMPERED);
  EXPECT_EQ(run(generate_descriptor(20, 32, 0)), SECURITY_TAMPERED);
  EXPECT_EQ(run(wrap_descriptor(20, 21)), SECURITY_TAMPERED);
  EXPECT_EQ(run(quote_descriptor()), SECURITY_TAMPERED);
  EXPECT_EQ(machine.load(20, pattern(64, 1), SECURITY_FOR_XTS), SECURITY_TAMPERED);
  EXPECT_EQ(run(hash_descriptor(64)), SECURITY_OK);
  EXPECT_EQ(machine.slot_status(20), 0u);

  machine.engine.reset();
  EXPECT_FALSE(machine.engine.tampered());
  EXPECT_EQ(machine.get(offset::STATUS), 0u);
  EXPECT_FALSE(machine.engine.interrupt.level());
  EXPECT_EQ(machine.slot_status(20), 0u);
  EXPECT_EQ(machine.load(20, pattern(64, 1), SECURITY_FOR_XTS), SECURITY_OK);
}

TEST_F(SecurityEngineTest, TamperingStopsWhatIsUnderWay) {
  ASSERT_EQ(machine.load(20, pattern(64, 1), SECURITY_FOR_XTS), SECURITY_OK);
  const Bytes before = machine.at(kDestination, 1 << 20);
  security_descriptor descriptor = xts_descriptor(20, 1 << 20, 4096);
  machine.put(0, {reinterpret_cast<const std::uint8_t*>(&descriptor), sizeof descriptor});
  machine.set(offset::EXECUTE, Machine::kRam, 8);
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_US));
  machine.engine.tamper();
  sc_core::sc_start();
  EXPECT_EQ(machine.get(offset::EXECUTE_STATUS), SECURITY_TAMPERED << 8);
  EXPECT_EQ(machine.at(kDestination, 1 << 20), before);
}

TEST_F(SecurityEngineTest, ResetEmptiesSlotsAndMeasurements) {
  ASSERT_EQ(machine.load(20, pattern(64, 1), SECURITY_FOR_XTS), SECURITY_OK);
  EXPECT_EQ(run(extend_descriptor(0)), SECURITY_OK);
  EXPECT_NE(machine.engine.measurement(0), Measurement{});
  machine.engine.reset();
  EXPECT_EQ(machine.engine.measurement(0), Measurement{});
  EXPECT_EQ(machine.slot_status(20), 0u);
  EXPECT_EQ(machine.slot_status(0) & 1, 1u);
  EXPECT_EQ(machine.slot_status(1) & 1, 1u);
}

TEST_F(SecurityEngineTest, VolumesUseTheirOwnersKeyOnly) {
  const Bytes key = pattern(64, 1), plain = pattern(8192, 2);
  ASSERT_EQ(machine.load(20, key, SECURITY_FOR_XTS, 2), SECURITY_OK);
  ASSERT_EQ(machine.load(21, key, SECURITY_PURPOSES & ~SECURITY_FOR_XTS, 2), SECURITY_OK);
  ASSERT_EQ(machine.load(22, pattern(48, 1), SECURITY_FOR_XTS, 2), SECURITY_OK);
  ASSERT_EQ(machine.load(23, Bytes(64, 1), SECURITY_FOR_XTS, 2), SECURITY_OK);
  const auto crypt = [&](KeyReference by, CipherDirection direction, std::uint64_t first, unsigned unit, Bytes& data) {
    return machine.engine.apply(by, direction, first, unit, std::as_bytes(std::span(data)),
                                std::as_writable_bytes(std::span(data)));
  };
  for (const KeyReference other : {KeyReference{20, 3}, {20, 0xffff}, {21, 2}, {22, 2}, {23, 2}, {24, 2}, {400, 2}}) {
    EXPECT_FALSE(machine.engine.usable(other)) << other.slot;
    Bytes data = plain;
    EXPECT_FALSE(crypt(other, CipherDirection::kEncrypt, 0, 512, data));
    EXPECT_EQ(data, plain);
  }
  Bytes data = plain;
  ASSERT_TRUE(crypt({20, 2}, CipherDirection::kEncrypt, 0x1'0000'00ff, 4096, data));
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  Bytes expected(8192);
  for (const std::size_t at : {0u, 4096u}) {
    const Bytes tweak =
        at == 0 ? from_hex("ff000000010000000000000000000000") : from_hex("00010000010000000000000000000000");
    int made = 0;
    ASSERT_EQ(EVP_EncryptInit_ex2(context, EVP_aes_256_xts(), key.data(), tweak.data(), nullptr), 1);
    ASSERT_EQ(EVP_EncryptUpdate(context, &expected[at], &made, &plain[at], 4096), 1);
  }
  EVP_CIPHER_CTX_free(context);
  EXPECT_EQ(data, expected);
  ASSERT_TRUE(crypt({20, 2}, CipherDirection::kDecrypt, 0x1'0000'00ff, 4096, data));
  EXPECT_EQ(data, plain);
}

// The generator against OpenSSL's own CTR_DRBG, fed with the same seed.
TEST(RandomTest, IsTheCtrDrbgOfSp80090A) {
  Bytes entropy = pattern(48, 3);
  Random ours(std::as_bytes(std::span(entropy)).first<48>());
  EVP_RAND* const test = EVP_RAND_fetch(nullptr, "TEST-RAND", nullptr);
  EVP_RAND* const ctr = EVP_RAND_fetch(nullptr, "CTR-DRBG", nullptr);
  EVP_RAND_CTX* const parent = EVP_RAND_CTX_new(test, nullptr);
  EVP_RAND_CTX* const theirs = EVP_RAND_CTX_new(ctr, parent);
  unsigned strength = 256;
  const OSSL_PARAM source[] = {OSSL_PARAM_construct_uint("strength", &strength),
                               OSSL_PARAM_construct_octet_string("test_entropy", entropy.data(), entropy.size()),
                               OSSL_PARAM_END};
  ASSERT_EQ(EVP_RAND_instantiate(parent, 256, 0, nullptr, 0, source), 1);
  int no_derivation = 0;
  const unsigned char none[1] = {};  // a null pointer would be OpenSSL's own personalization string
  char cipher[] = "AES-256-CTR";
  const OSSL_PARAM settings[] = {OSSL_PARAM_construct_utf8_string("cipher", cipher, 0),
                                 OSSL_PARAM_construct_int("use_derivation_function", &no_derivation), OSSL_PARAM_END};
  ASSERT_EQ(EVP_RAND_instantiate(theirs, 256, 0, none, 0, settings), 1);
  for (const std::size_t size : {1u, 16u, 17u, 64u, 5000u, 65536u}) {
    Bytes a(size), b(size);
    ours.generate(std::as_writable_bytes(std::span(a)));
    ASSERT_EQ(EVP_RAND_generate(theirs, b.data(), size, 256, 0, nullptr, 0), 1);
    EXPECT_EQ(a, b) << size;
  }
  EVP_RAND_CTX_free(theirs);
  EVP_RAND_CTX_free(parent);
  EVP_RAND_free(ctr);
  EVP_RAND_free(test);
}

TEST(RandomTest, ComesFromTheScenariosSeed) {
  const auto crypto = make_openssl_crypto();
  const auto bytes = [&](std::uint64_t seed) {
    Bytes made(32);
    Random::of_seed(*crypto, seed)->generate(std::as_writable_bytes(std::span(made)));
    return made;
  };
  EXPECT_EQ(bytes(1), bytes(1));
  EXPECT_NE(bytes(1), bytes(2));
  SecurityMachine machine({}, 5);
  security_descriptor descriptor = random_descriptor(32);
  ASSERT_EQ(machine.run(descriptor), SECURITY_OK);
  EXPECT_EQ(machine.at(kDestination, 32), bytes(derive_seed(5, "engine")));
}

}  // namespace
}  // namespace cardvp::security
