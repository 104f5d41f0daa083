// The network's cipher: AES-256-GCM by slots that the card owns. What is expected is computed by OpenSSL itself.
#include <openssl/evp.h>

#include "test/unit/security/descriptors.h"

namespace cardvp::security {
namespace {

constexpr std::uint16_t kSlot = 20;
constexpr KeyReference kKey{kSlot, SECURITY_OWNER_CARD};

struct TransitCipherTest : testing::Test {
  SecurityMachine machine{{.lanes = 2, .cipher = {{200, sc_core::SC_NS}, 1'000'000'000}}};
  TransitCipher& cipher = machine.engine;
  const Bytes key = pattern(32, 1), iv = pattern(12, 2), additional = pattern(28, 3);
  Bytes tag = Bytes(16);

  void SetUp() override { ASSERT_EQ(machine.load(kSlot, key, SECURITY_FOR_GCM), SECURITY_OK); }
  TransitCipher::Result seal(KeyReference by, Bytes& data) {
    return cipher.seal(by, std::as_bytes(std::span(iv)).first<12>(), std::as_bytes(std::span(additional)),
                       std::as_writable_bytes(std::span(data)), std::as_writable_bytes(std::span(tag)).first<16>());
  }
  TransitCipher::Result open(KeyReference by, Bytes& data) {
    return cipher.open(by, std::as_bytes(std::span(iv)).first<12>(), std::as_bytes(std::span(additional)),
                       std::as_writable_bytes(std::span(data)), std::as_bytes(std::span(tag)).first<16>());
  }
};

TEST_F(TransitCipherTest, SealsAndOpensInPlace) {
  for (const std::size_t size : {0u, 1u, 64u, 1500u, 9018u}) {
    const Bytes plain = pattern(size, 4);
    Bytes expected(size + 16), expected_tag(16);
    int made = 0;
    EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
    ASSERT_EQ(EVP_EncryptInit_ex2(context, EVP_aes_256_gcm(), key.data(), iv.data(), nullptr), 1);
    ASSERT_EQ(EVP_EncryptUpdate(context, nullptr, &made, additional.data(), static_cast<int>(additional.size())), 1);
    ASSERT_EQ(EVP_EncryptUpdate(context, expected.data(), &made, plain.data(), static_cast<int>(size)), 1);
    ASSERT_EQ(EVP_EncryptFinal_ex(context, expected.data() + size, &made), 1);
    ASSERT_EQ(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, expected_tag.data()), 1);
    EVP_CIPHER_CTX_free(context);
    expected.resize(size);

    Bytes data = plain;
    ASSERT_EQ(seal(kKey, data), TransitCipher::Result::kOk);
    EXPECT_EQ(data, expected);
    EXPECT_EQ(tag, expected_tag);
    ASSERT_EQ(open(kKey, data), TransitCipher::Result::kOk);
    EXPECT_EQ(data, plain);
  }
}

TEST_F(TransitCipherTest, OneChangedBitIsForged) {
  const Bytes plain = pattern(100, 4);
  Bytes sealed = plain;
  ASSERT_EQ(seal(kKey, sealed), TransitCipher::Result::kOk);
  const Bytes right_tag = tag;
  for (const std::size_t at : {0u, 57u, 99u}) {
    Bytes data = sealed;
    data[at] ^= 0x10;
    EXPECT_EQ(open(kKey, data), TransitCipher::Result::kForged) << at;
  }
  tag[15] ^= 1;
  Bytes data = sealed;
  EXPECT_EQ(open(kKey, data), TransitCipher::Result::kForged);
  tag = right_tag;
  data = sealed;
  EXPECT_EQ(open(kKey, data), TransitCipher::Result::kOk);
  EXPECT_EQ(data, plain);
}

TEST_F(TransitCipherTest, NeedsAKeyOfItsOwnerItsPurposeAndItsSize) {
  ASSERT_EQ(machine.load(21, key, SECURITY_PURPOSES & ~SECURITY_FOR_GCM), SECURITY_OK);
  ASSERT_EQ(machine.load(22, pattern(16, 5), SECURITY_FOR_GCM), SECURITY_OK);
  ASSERT_EQ(machine.load(23, key, SECURITY_FOR_GCM, 3), SECURITY_OK);
  EXPECT_TRUE(cipher.usable_in_transit(kKey));
  EXPECT_TRUE(cipher.usable_in_transit({23, 3}));
  for (const unsigned slot : {0u, 21u, 22u, 23u, 24u, 5000u}) {
    const KeyReference other{static_cast<std::uint16_t>(slot), SECURITY_OWNER_CARD};
    Bytes data = pattern(64, 4);
    EXPECT_FALSE(cipher.usable_in_transit(other)) << slot;
    EXPECT_EQ(seal(other, data), TransitCipher::Result::kNoKey) << slot;
    EXPECT_EQ(open(other, data), TransitCipher::Result::kNoKey) << slot;
  }
  machine.engine.tamper();
  EXPECT_FALSE(cipher.usable_in_transit(kKey));
  Bytes data = pattern(64, 4);
  EXPECT_EQ(seal(kKey, data), TransitCipher::Result::kNoKey);
}

// Two lanes of 1 byte per ns and 200 ns of latency: two packets go at once, the third waits.
TEST_F(TransitCipherTest, TakesALaneForItsTime) {
  const sc_core::sc_time start = machine.sim.scheduler.now() + sc_core::sc_time(1, sc_core::SC_US);
  const auto after = [&](double ns) { return start + sc_core::sc_time(ns, sc_core::SC_NS); };
  EXPECT_EQ(cipher.reserve_transit(1000, start), after(1200));
  EXPECT_EQ(cipher.reserve_transit(500, start), after(700));
  EXPECT_EQ(cipher.reserve_transit(100, start), after(1000));
  EXPECT_EQ(machine.counter("transit_operations"), 3u);
  EXPECT_EQ(machine.counter("transit_bytes", "bytes"), 1600u);
  EXPECT_EQ(machine.counter("volume_operations"), 0u);
}

}  // namespace
}  // namespace cardvp::security
