#include "scenarios/attestation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstring>

#include "firmware/sdk/include/handoff.h"
#include "models/security/descriptor.h"
#include "models/support/subprocess.h"
#include "test/unit/platform/temporary_folder.h"

namespace cardvp {
namespace {

using scenarios::AttestationKey;
using scenarios::AttestResult;
using testing::HasSubstr;

// A card of the test's own: key, quote and event log, all by OpenSSL.
struct Attestation : testing::Test {
  EVP_PKEY* key = EVP_EC_gen("P-384");
  AttestationKey point{};
  security_quote quote{};
  event_log log{};
  std::array<std::uint8_t, 16> nonce{};  // zeros behind it

  Attestation() {
    unsigned char encoded[97];
    std::size_t size = 0;
    EVP_PKEY_get_octet_string_param(key, "pub", encoded, sizeof encoded, &size);
    std::copy_n(encoded + 1, point.size(), point.begin());
    for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(i + 1);

    log.magic = EVENT_LOG_MAGIC;
    add(MEASURED_ROM, 0, "fuses");
    add(MEASURED_FIRMWARE, 0x00010203, "firmware controller");
    add(MEASURED_FIRMWARE, 0x00020000, "firmware controller");
    add(MEASURED_HOST, 0x01000000, "host host-boot");

    quote.magic = SECURITY_QUOTE_MAGIC;
    quote.version = SECURITY_QUOTE_VERSION;
    quote.card_id = 7;
    quote.life_cycle = 1;
    quote.security_version = 3;
    std::memcpy(quote.nonce, nonce.data(), nonce.size());
    std::memcpy(quote.public_key, point.data(), point.size());
    for (unsigned i = 0; i < log.count; ++i) {
      std::array<std::uint8_t, 96> both;
      std::uint8_t* const measurement = quote.measurements[log.events[i].measurement];
      std::copy_n(measurement, 48, both.begin());
      std::copy_n(log.events[i].digest, 48, both.begin() + 48);
      EVP_Digest(both.data(), both.size(), measurement, nullptr, EVP_sha384(), nullptr);
    }
    sign();
  }
  ~Attestation() override { EVP_PKEY_free(key); }

  void add(std::uint32_t measurement, std::uint32_t version, const char* what) {
    event& entry = log.events[log.count++];
    entry.measurement = measurement;
    entry.version = version;
    std::memset(entry.digest, static_cast<int>(log.count), sizeof entry.digest);
    std::strncpy(entry.what, what, sizeof entry.what - 1);
  }

  void sign() {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    unsigned char der[128];
    std::size_t size = sizeof der;
    EVP_DigestSignInit(context, nullptr, EVP_sha384(), nullptr, key);
    EVP_DigestSign(context, der, &size, reinterpret_cast<unsigned char*>(&quote), offsetof(security_quote, signature));
    EVP_MD_CTX_free(context);
    const unsigned char* at = der;
    ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), quote.signature, 48);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), quote.signature + 48, 48);
    ECDSA_SIG_free(signature);
  }

  AttestResult check() {
    AttestResult result;
    const auto copy = [](const void* from, std::size_t size) {
      const auto* bytes = static_cast<const std::byte*>(from);
      return std::vector<std::byte>(bytes, bytes + size);
    };
    result.quote = copy(&quote, sizeof quote);
    result.event_log = copy(&log, sizeof log);
    scenarios::check_attestation(result, nonce, point);
    return result;
  }
};

TEST_F(Attestation, AGoodOneIsTrustedAndTold) {
  const AttestResult result = check();
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.card_id, 7u);
  EXPECT_EQ(result.life_cycle, "production");
  EXPECT_EQ(result.security_version, 3u);
  ASSERT_EQ(result.measurements.size(), 8u);
  EXPECT_EQ(result.measurements[7], std::string(96, '0'));
  ASSERT_EQ(result.events.size(), 4u);
  EXPECT_EQ(result.events[1].what, "firmware controller");
  EXPECT_EQ(result.events[1].version, 0x00010203u);
  EXPECT_EQ(result.events[1].digest.substr(0, 4), "0202");
}

TEST_F(Attestation, AnyBitOfWhatIsSignedMatters) {
  for (std::size_t byte = 0; byte < sizeof quote; byte += 11) {
    auto* const bytes = reinterpret_cast<std::uint8_t*>(&quote);
    bytes[byte] ^= 1;
    EXPECT_NE(check().error, "") << byte;
    bytes[byte] ^= 1;
  }
  EXPECT_EQ(check().error, "");
}

TEST_F(Attestation, AnOldQuoteIsRefused) {
  nonce[5] ^= 1;
  EXPECT_THAT(check().error, HasSubstr("nonce"));
}

TEST_F(Attestation, AnotherCardsKeyIsRefused) {
  point[0] ^= 1;
  EXPECT_THAT(check().error, HasSubstr("not the card's"));
}

TEST_F(Attestation, AnInventedSignatureIsRefused) {
  std::memset(quote.signature, 0, sizeof quote.signature);
  EXPECT_THAT(check().error, HasSubstr("signature"));
}

TEST_F(Attestation, TheEventLogMustLeadToTheMeasurements) {
  log.events[2].digest[0] ^= 1;
  EXPECT_THAT(check().error, HasSubstr("measurement 1"));
}

TEST_F(Attestation, AnEventThatIsLeftOutIsMissed) {
  --log.count;
  EXPECT_THAT(check().error, HasSubstr("measurement 2"));
}

TEST_F(Attestation, MalformedLogsAreRefused) {
  log.events[0].measurement = SECURITY_MEASUREMENTS;
  EXPECT_THAT(check().error, HasSubstr("there is not"));
  log.count = EVENT_LOG_ENTRIES + 1;
  EXPECT_THAT(check().error, HasSubstr("the event log is none"));
  log.count = 0;
  log.lost = 2;
  EXPECT_THAT(check().error, HasSubstr("lost 2"));
}

TEST_F(Attestation, WhatIsTooShortIsRefused) {
  AttestResult result;
  scenarios::check_attestation(result, nonce, point);
  EXPECT_THAT(result.error, HasSubstr("0 bytes"));
}

TEST_F(Attestation, OpenSslAloneVerifiesTheFiles) {
  const std::string openssl = find_program("openssl");
  ASSERT_FALSE(openssl.empty());
  const TemporaryFolder folder;
  const scenarios::OutputFolder out(folder.path());
  const scenarios::OutputFolder files = scenarios::attestation_folder(out, "quote");
  scenarios::write_attestation(check(), files);
  const auto verify = [&] {
    return run_program({openssl, "dgst", "-sha384", "-verify", files.file("attestation.pem"), "-signature",
                        files.file("quote.sig"), files.file("quote.bin")},
                       {})
        .status;
  };
  EXPECT_EQ(verify(), 0);
  EXPECT_THAT(read_file(files.file("event_log.json")), HasSubstr("firmware controller"));
  quote.security_version ^= 1;
  scenarios::write_attestation(check(), files);
  EXPECT_EQ(verify(), 1);
}

}  // namespace
}  // namespace cardvp
