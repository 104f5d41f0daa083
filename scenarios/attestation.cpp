#include "scenarios/attestation.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "firmware/sdk/include/handoff.h"
#include "host/workload/random.h"
#include "models/security/descriptor.h"
#include "models/security/device_keys.h"

namespace cardvp::scenarios {
namespace {

constexpr std::size_t kSignedBytes = offsetof(security_quote, signature);

template <class T, void (*kFree)(T*)>
struct Free {
  void operator()(T* object) const { kFree(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG, ECDSA_SIG_free>>;
using Digest = std::array<std::uint8_t, SECURITY_DIGEST_BYTES>;

// Null: no point of the curve.
Key public_key(const security_quote& quote) {
  std::array<unsigned char, 1 + sizeof quote.public_key> point;
  point[0] = POINT_CONVERSION_UNCOMPRESSED;
  std::memcpy(point.data() + 1, quote.public_key, sizeof quote.public_key);
  char group[] = "P-384";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                             OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
                             OSSL_PARAM_construct_end()};
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
    return nullptr;
  return Key(key);
}

std::vector<unsigned char> signature_der(const security_quote& quote) {
  constexpr int kHalf = sizeof quote.signature / 2;
  const Signature signature(ECDSA_SIG_new());
  BIGNUM* const r = BN_bin2bn(quote.signature, kHalf, nullptr);
  BIGNUM* const s = BN_bin2bn(quote.signature + kHalf, kHalf, nullptr);
  if (!signature || ECDSA_SIG_set0(signature.get(), r, s) != 1) throw std::runtime_error("no memory for a signature");
  std::vector<unsigned char> der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)));
  unsigned char* end = der.data();
  i2d_ECDSA_SIG(signature.get(), &end);
  return der;
}

bool signature_right(const security_quote& quote) {
  const Key key = public_key(quote);
  if (!key) return false;
  const std::vector<unsigned char> der = signature_der(quote);
  const DigestContext context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha384(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), der.data(), der.size(), reinterpret_cast<const unsigned char*>(&quote),
                          kSignedBytes) == 1;
}

void extend(Digest& measurement, const std::uint8_t* digest) {
  std::array<std::uint8_t, 2 * SECURITY_DIGEST_BYTES> both;
  std::copy(measurement.begin(), measurement.end(), both.begin());
  std::copy_n(digest, SECURITY_DIGEST_BYTES, both.begin() + SECURITY_DIGEST_BYTES);
  if (EVP_Digest(both.data(), both.size(), measurement.data(), nullptr, EVP_sha384(), nullptr) != 1)
    throw std::runtime_error("SHA-384 failed in libcrypto");
}

// Behind the nonce there are zeros.
bool has_nonce(const security_quote& quote, std::span<const std::uint8_t> nonce) {
  std::array<std::uint8_t, SECURITY_NONCE_BYTES> whole{};
  std::copy_n(nonce.begin(), std::min(nonce.size(), whole.size()), whole.begin());
  return nonce.size() <= whole.size() && std::memcmp(quote.nonce, whole.data(), whole.size()) == 0;
}

std::string hex(const std::uint8_t* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

std::string printable(const char* text, std::size_t size) {
  std::string result(text, ::strnlen(text, size));
  for (char& c : result)
    if (c < ' ' || c > '~') c = '?';
  return result;
}

// The card says what it likes: fills in what the log has, and says what is wrong with it.
std::string replay(const security_quote& quote, std::span<const std::byte> bytes, AttestResult& result) {
  constexpr std::size_t kHeader = offsetof(::event_log, events);
  ::event_log log{};
  std::memcpy(&log, bytes.data(), std::min(bytes.size(), sizeof log));
  if (bytes.size() < kHeader || log.magic != EVENT_LOG_MAGIC || log.count > EVENT_LOG_ENTRIES ||
      bytes.size() < kHeader + log.count * sizeof(::event))
    return "the event log is none";
  std::array<Digest, SECURITY_MEASUREMENTS> measurements{};
  for (std::uint32_t i = 0; i < log.count; ++i) {
    const ::event& entry = log.events[i];
    result.events.push_back({entry.measurement, entry.version, printable(entry.what, sizeof entry.what),
                             hex(entry.digest, sizeof entry.digest)});
    if (entry.measurement >= SECURITY_MEASUREMENTS) return "the event log names a measurement that there is not";
    extend(measurements[entry.measurement], entry.digest);
  }
  if (log.lost != 0) return fmt::format("the event log has lost {} events", log.lost);
  for (std::size_t i = 0; i < measurements.size(); ++i)
    if (std::memcmp(measurements[i].data(), quote.measurements[i], SECURITY_DIGEST_BYTES) != 0)
      return fmt::format("the event log does not lead to measurement {} of the quote", i);
  return {};
}

}  // namespace

Task<AttestResult> attest(host::nvme::Driver& driver, std::uint64_t seed, const memory::FusesConfig& fuses) {
  AttestResult result;
  std::array<std::uint8_t, host::nvme::kNonceSize> nonce;
  host::Random random(seed);
  for (std::uint8_t& byte : nonce) byte = static_cast<std::uint8_t>(random.next() >> 56);
  host::nvme::AdminData quote = co_await driver.get_quote(nonce);
  host::nvme::AdminData log = co_await driver.get_event_log();
  if (!quote.completion.status.ok())
    result.error = "the card gives no quote: " + quote.completion.status.text();
  else if (!log.completion.status.ok())
    result.error = "the card gives no event log: " + log.completion.status.text();
  // They are at the start of what was transferred.
  result.quote = std::move(quote.data);
  result.quote.resize(std::min(result.quote.size(), sizeof(security_quote)));
  result.event_log = std::move(log.data);
  result.event_log.resize(std::min(result.event_log.size(), sizeof(::event_log)));
  if (result.error.empty()) check_attestation(result, nonce, security::attestation_public_key(fuses));
  co_return result;
}

void check_attestation(AttestResult& result, std::span<const std::uint8_t> nonce, const AttestationKey& key) {
  security_quote quote{};
  if (result.quote.size() != sizeof quote) {
    result.error = fmt::format("a quote of {} bytes instead of {}", result.quote.size(), sizeof quote);
    return;
  }
  std::memcpy(&quote, result.quote.data(), sizeof quote);
  result.card_id = quote.card_id;
  result.life_cycle =
      quote.life_cycle < memory::kLifeCycleNames.size() ? memory::kLifeCycleNames.at(quote.life_cycle) : "unknown";
  result.security_version = quote.security_version;
  for (const auto& measurement : quote.measurements)
    result.measurements.push_back(hex(measurement, sizeof measurement));
  const std::string log_problem = replay(quote, result.event_log, result);

  if (quote.magic != SECURITY_QUOTE_MAGIC || quote.version != SECURITY_QUOTE_VERSION)
    result.error = "the quote is none";
  else if (!has_nonce(quote, nonce))
    result.error = "the quote's nonce is another one";
  else if (std::memcmp(quote.public_key, key.data(), key.size()) != 0)
    result.error = "the quote was signed with a key that is not the card's";
  else if (!signature_right(quote))
    result.error = "the quote's signature is wrong";
  else
    result.error = log_problem;
}

OutputFolder attestation_folder(const OutputFolder& out, const std::string& workload) {
  return out.folder(workload, {"attestation.pem", "event_log.bin", "event_log.json", "quote.bin", "quote.sig"});
}

void write_attestation(const AttestResult& result, const OutputFolder& folder) {
  const auto text = [](const void* bytes, std::size_t size) {
    return std::string_view(static_cast<const char*>(bytes), size);
  };
  folder.write("event_log.bin", text(result.event_log.data(), result.event_log.size()));
  nlohmann::ordered_json events = nlohmann::ordered_json::array();
  for (const AttestResult::Event& event : result.events)
    events.push_back({{"measurement", event.measurement},
                      {"version", event.version},
                      {"what", event.what},
                      {"digest", event.digest}});
  folder.write("event_log.json", events.dump(2) + "\n");

  security_quote quote{};
  if (result.quote.size() != sizeof quote) return;
  std::memcpy(&quote, result.quote.data(), sizeof quote);
  folder.write("quote.bin", text(&quote, kSignedBytes));
  const std::vector<unsigned char> der = signature_der(quote);
  folder.write("quote.sig", text(der.data(), der.size()));
  const Key key = public_key(quote);
  if (!key) return;
  const std::unique_ptr<BIO, decltype(&BIO_free)> pem(BIO_new(BIO_s_mem()), &BIO_free);
  char* data = nullptr;
  if (!pem || PEM_write_bio_PUBKEY(pem.get(), key.get()) != 1) throw std::runtime_error("no memory for a public key");
  const long size = BIO_get_mem_data(pem.get(), &data);
  folder.write("attestation.pem", text(data, static_cast<std::size_t>(size)));
}

}  // namespace cardvp::scenarios
