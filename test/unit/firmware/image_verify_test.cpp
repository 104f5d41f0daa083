// What the fuses, the root key and the signature have to say of an image. The security engine's operations are
// OpenSSL's here.
#include "firmware/sdk/include/image_verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "firmware/sdk/include/fuses.h"
#include "firmware/sdk/include/security.h"
#include "firmware/tools/signing_key.h"

namespace {

using cardvp::tools::Digest;
using cardvp::tools::sha384;
using cardvp::tools::SigningKey;
using testing::ElementsAre;

boot_fuses fuses;
bool engine_fails;
std::map<unsigned, std::vector<Digest>> extensions;

}  // namespace

extern "C" void fuses_read(boot_fuses* to) { *to = fuses; }

extern "C" security_status security_hash(enum security_hash algorithm, const void* data, std::uint32_t size,
                                         std::uint8_t* digest) {
  if (engine_fails) return SECURITY_BUS_ERROR;
  EXPECT_EQ(algorithm, SECURITY_SHA384);
  const Digest result = sha384({static_cast<const std::uint8_t*>(data), size});
  std::copy(result.begin(), result.end(), digest);
  return SECURITY_OK;
}

extern "C" security_status security_verify(const std::uint8_t* digest, const std::uint8_t* public_key,
                                           const std::uint8_t* signature) {
  Digest message;
  cardvp::tools::Point key;
  cardvp::tools::Signature numbers;
  std::copy_n(digest, message.size(), message.begin());
  std::copy_n(public_key, key.size(), key.begin());
  std::copy_n(signature, numbers.size(), numbers.begin());
  if (std::ranges::all_of(key, [](std::uint8_t byte) { return byte == 0x11; })) return SECURITY_BAD_KEY;
  return cardvp::tools::verify(key, message, numbers) ? SECURITY_OK : SECURITY_BAD_SIGNATURE;
}

extern "C" security_status security_extend(unsigned measurement, const std::uint8_t* digest) {
  if (engine_fails) return SECURITY_BUS_ERROR;
  std::copy_n(digest, 48, extensions[measurement].emplace_back().begin());
  return SECURITY_OK;
}

namespace {

struct ImageVerify : testing::Test {
  ImageVerify() {
    fuses = {LIFE_CYCLE_PRODUCTION, 3, {}};
    engine_fails = false;
    extensions.clear();
    fuse(root);
    std::iota(body.begin(), body.end(), std::uint8_t{0});
    header.magic = IMAGE_MAGIC;
    header.format = IMAGE_FORMAT;
    header.size = sizeof header;
    header.kind = IMAGE_HOST_BOOT;
    header.version = 7;
    header.security_version = 3;
    header.body_size = static_cast<std::uint32_t>(body.size());
    std::strcpy(header.name, "a long name for it");
    const Digest digest = sha384(body);
    std::copy(digest.begin(), digest.end(), header.body_digest);
    sign(root);
  }
  static void fuse(const SigningKey& key) {
    const Digest hash = sha384(key.public_key());
    std::copy(hash.begin(), hash.end(), fuses.root_key_hash);
  }
  void sign(const SigningKey& key) {
    header.signature_type = IMAGE_ECDSA_P384;
    header.signature_size = 96;
    std::copy(key.public_key().begin(), key.public_key().end(), header.public_key);
    const auto signature = key.sign(sha384({reinterpret_cast<const std::uint8_t*>(&header), IMAGE_SIGNED_BYTES}));
    std::copy(signature.begin(), signature.end(), header.signature);
  }
  void unsign() {
    header.signature_type = IMAGE_UNSIGNED;
    header.signature_size = 0;
    std::memset(header.public_key, 0, sizeof header.public_key);
    std::memset(header.signature, 0, sizeof header.signature);
  }
  image_fault verify() {
    // What the fuses rule is not for the caller to say.
    const image_limits limits{IMAGE_HOST_BOOT, sizeof header + body.size(), 0, 1, nullptr, 0};
    return image_verify(&header, body.data(), &limits);
  }

  const SigningKey root{CARDVP_TEST_KEYS "/test_root_key.pem"}, other{CARDVP_TEST_KEYS "/test_operator_key.pem"};
  std::vector<std::uint8_t> body = std::vector<std::uint8_t>(100);
  image_header header{};
};

TEST_F(ImageVerify, Good) { EXPECT_EQ(verify(), IMAGE_GOOD); }

TEST_F(ImageVerify, UnsignedInTheDevelopmentStateOnly) {
  unsign();
  for (const std::uint32_t state : {1u, 2u, 3u, 255u}) {  // returned, and what does not exist, are as production
    fuses.life_cycle = state;
    EXPECT_EQ(verify(), IMAGE_NOT_SIGNED) << state;
  }
  fuses.life_cycle = LIFE_CYCLE_DEVELOPMENT;
  EXPECT_EQ(verify(), IMAGE_GOOD);
  body[99] ^= 1;
  EXPECT_EQ(verify(), IMAGE_BAD_BODY_DIGEST);
}

TEST_F(ImageVerify, SignedIsSignedInTheDevelopmentStateToo) {
  fuses.life_cycle = LIFE_CYCLE_DEVELOPMENT;
  EXPECT_EQ(verify(), IMAGE_GOOD);
  header.version ^= 1;
  EXPECT_EQ(verify(), IMAGE_BAD_SIGNATURE);
  sign(other);
  EXPECT_EQ(verify(), IMAGE_WRONG_KEY);
}

TEST_F(ImageVerify, WithoutARootKey) {
  std::memset(fuses.root_key_hash, 0, sizeof fuses.root_key_hash);
  EXPECT_EQ(verify(), IMAGE_WRONG_KEY);
  fuses.life_cycle = LIFE_CYCLE_DEVELOPMENT;
  EXPECT_EQ(verify(), IMAGE_GOOD);
  sign(other);
  EXPECT_EQ(verify(), IMAGE_GOOD);
  header.version ^= 1;
  EXPECT_EQ(verify(), IMAGE_BAD_SIGNATURE);
  std::memset(header.public_key, 0x11, sizeof header.public_key);  // no point
  EXPECT_EQ(verify(), IMAGE_WRONG_KEY);
}

TEST_F(ImageVerify, EveryByteOfTheHash) {
  for (std::size_t i = 0; i < sizeof fuses.root_key_hash; ++i) {
    fuse(root);
    fuses.root_key_hash[i] ^= 0x80;
    EXPECT_EQ(verify(), IMAGE_WRONG_KEY) << i;
  }
}

TEST_F(ImageVerify, Rollback) {
  fuses.security_version = 4;
  EXPECT_EQ(verify(), IMAGE_OLD_SECURITY_VERSION);
  fuses.security_version = 0xffffffff;
  EXPECT_EQ(verify(), IMAGE_OLD_SECURITY_VERSION);
  fuses.security_version = 2;
  EXPECT_EQ(verify(), IMAGE_GOOD);
}

TEST_F(ImageVerify, EveryBitOfHeaderAndBody) {
  ASSERT_EQ(verify(), IMAGE_GOOD);
  std::map<image_fault, int> faults;
  const image_header good = header;
  for (std::size_t bit = 0; bit < 8 * sizeof header; ++bit) {
    header = good;
    reinterpret_cast<std::uint8_t*>(&header)[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const image_fault fault = verify();
    EXPECT_NE(fault, IMAGE_GOOD) << bit;
    ++faults[fault];
  }
  header = good;
  EXPECT_GT(faults[IMAGE_BAD_SIGNATURE], 8 * 48 * 2);  // body digest and signature, at least
  EXPECT_EQ(faults[IMAGE_WRONG_KEY], 8 * 96);
  for (std::size_t bit = 0; bit < 8 * body.size(); ++bit) {
    body[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(verify(), IMAGE_BAD_BODY_DIGEST) << bit;
    body[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
}

TEST_F(ImageVerify, AnEngineThatFailsIsNoApproval) {
  engine_fails = true;
  EXPECT_EQ(verify(), IMAGE_ENGINE_FAILED);
  fuses.life_cycle = LIFE_CYCLE_DEVELOPMENT;
  unsign();
  EXPECT_EQ(verify(), IMAGE_ENGINE_FAILED);
  event_log log{};
  EXPECT_EQ(image_measure(&header, 3, &log), IMAGE_ENGINE_FAILED);
  EXPECT_EQ(log.count, 0u);
}

TEST_F(ImageVerify, MeasuresTheHeader) {
  event_log log{};
  ASSERT_EQ(image_measure(&header, MEASURED_HOST, &log), IMAGE_GOOD);
  const Digest digest = sha384({reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
  EXPECT_THAT(extensions[MEASURED_HOST], ElementsAre(digest));
  ASSERT_EQ(log.count, 1u);
  const event& event = log.events[0];
  EXPECT_EQ(event.measurement, static_cast<std::uint32_t>(MEASURED_HOST));
  EXPECT_EQ(event.version, 7u);
  EXPECT_TRUE(std::ranges::equal(event.digest, digest));
  EXPECT_EQ(std::string(event.what, sizeof event.what), std::string("host a long name for it") + '\0');
  header.kind = IMAGE_FIRMWARE;
  std::memset(header.name, 'n', sizeof header.name);
  ASSERT_EQ(image_measure(&header, MEASURED_FIRMWARE, &log), IMAGE_GOOD);
  EXPECT_EQ(std::string(log.events[1].what, sizeof event.what), "firmware " + std::string(15, 'n'));
}

TEST_F(ImageVerify, AFullLogLosesEventsButNoMeasurements) {
  event_log log{};
  for (int i = 0; i < EVENT_LOG_ENTRIES + 2; ++i) ASSERT_EQ(image_measure(&header, 3, &log), IMAGE_GOOD);
  EXPECT_EQ(log.count, static_cast<std::uint32_t>(EVENT_LOG_ENTRIES));
  EXPECT_EQ(log.lost, 2u);
  EXPECT_EQ(extensions[3].size(), EVENT_LOG_ENTRIES + 2u);
  log.count = 0xffffffff;  // whoever wrote that
  EXPECT_EQ(image_measure(&header, 3, &log), IMAGE_GOOD);
  EXPECT_EQ(log.lost, 3u);
}

}  // namespace
