// Operations on data in card memory: ciphers, digests, random numbers, measurement.
#include <algorithm>
#include <cstring>

#include "models/security/operations.h"

namespace cardvp::security {
namespace {

// Neither apart nor the same place: what no cipher could do in one pass.
bool overlap(std::uint64_t a, std::uint64_t b, std::uint64_t size) { return a != b && (a > b ? a - b : b - a) < size; }

bool tag_size_exists(std::uint32_t size) { return size == 4 || size == 8 || (size >= 12 && size <= 16); }

constexpr std::uint32_t kMostIv = 128;

}  // namespace

Outcome Operations::xts(const Descriptor& d, Result& result) {
  const std::uint32_t unit = d.unit_size == 0 ? d.source_size : d.unit_size;
  if (d.unit_size != 0 && d.unit_size != 512 && d.unit_size != 4096) return {SECURITY_BAD_DESCRIPTOR, {}};
  if (d.source_size > SECURITY_MOST_BYTES || unit < 16 || d.source_size % unit != 0)
    return {SECURITY_BAD_DESCRIPTOR, {}};
  if (d.destination_size < d.source_size || overlap(d.source, d.destination, d.source_size))
    return {SECURITY_BAD_DESCRIPTOR, {}};
  if (const security_status bad = check_key(d.key_slot, SECURITY_FOR_XTS); bad != SECURITY_OK) return {bad, {}};
  Crypto::Xts* const cipher = slots_.xts(d.key_slot);
  if (!cipher) return {SECURITY_BAD_KEY, {}};
  const MemoryInput from(memory_, d.source, d.source_size);
  if (!from.ok()) return {SECURITY_BUS_ERROR, {}};
  MemoryOutput to(memory_, d.destination, d.source_size);
  if (!to.ok()) return {SECURITY_BUS_ERROR, {}};
  Crypto::Tweak tweak;
  std::copy(std::begin(d.tweak), std::end(d.tweak), tweak.begin());
  const CipherDirection direction =
      d.operation == SECURITY_XTS_ENCRYPT ? CipherDirection::kEncrypt : CipherDirection::kDecrypt;
  const Outcome outcome =
      d.source_size == 0 ? Outcome{} : cipher->run(direction, tweak, unit, from.bytes(), to.bytes());
  if (outcome.status == SECURITY_OK && !to.finish()) return {SECURITY_BUS_ERROR, outcome.took};
  result.size = d.source_size;
  return outcome;
}

Outcome Operations::gcm(const Descriptor& d, Result& result) {
  if (d.source_size > SECURITY_MOST_BYTES || d.first_size > SECURITY_MOST_BYTES || d.destination_size < d.source_size)
    return {SECURITY_BAD_DESCRIPTOR, {}};
  if (d.second_size < 1 || d.second_size > kMostIv || !tag_size_exists(d.tag_size))
    return {SECURITY_BAD_DESCRIPTOR, {}};
  if (overlap(d.source, d.destination, d.source_size)) return {SECURITY_BAD_DESCRIPTOR, {}};
  if (const security_status bad = check_key(d.key_slot, SECURITY_FOR_GCM); bad != SECURITY_OK) return {bad, {}};
  Crypto::Gcm* const cipher = slots_.gcm(d.key_slot);
  if (!cipher) return {SECURITY_BAD_KEY, {}};
  const MemoryInput additional(memory_, d.first, d.first_size);
  const MemoryInput iv(memory_, d.second, d.second_size);
  const MemoryInput from(memory_, d.source, d.source_size);
  if (!additional.ok() || !iv.ok() || !from.ok()) return {SECURITY_BUS_ERROR, {}};
  MemoryOutput to(memory_, d.destination, d.source_size);
  if (!to.ok()) return {SECURITY_BUS_ERROR, {}};
  Outcome outcome;
  if (d.operation == SECURITY_GCM_SEAL) {
    MemoryOutput tag(memory_, d.tag, d.tag_size);
    if (!tag.ok()) return {SECURITY_BUS_ERROR, {}};
    outcome = cipher->seal(iv.bytes(), additional.bytes(), from.bytes(), to.bytes(), tag.bytes());
    if (outcome.status == SECURITY_OK && !(to.finish() && tag.finish())) return {SECURITY_BUS_ERROR, outcome.took};
  } else {
    const MemoryInput tag(memory_, d.tag, d.tag_size);
    if (!tag.ok()) return {SECURITY_BUS_ERROR, {}};
    outcome = cipher->open(iv.bytes(), additional.bytes(), from.bytes(), to.bytes(), tag.bytes());
    if (outcome.status == SECURITY_OK && !to.finish()) return {SECURITY_BUS_ERROR, outcome.took};
  }
  result.size = d.source_size;
  return outcome;
}

Outcome Operations::hash(const Descriptor& d, Result& result) {
  const std::size_t size = digest_bytes(d.algorithm);
  if (size == 0 || d.source_size > SECURITY_MOST_BYTES || d.destination_size < size)
    return {SECURITY_BAD_DESCRIPTOR, {}};
  const MemoryInput from(memory_, d.source, d.source_size);
  if (!from.ok()) return {SECURITY_BUS_ERROR, {}};
  std::array<std::byte, 64> digest;
  const Output made = std::span(digest).first(size);
  return store(crypto_->hash(static_cast<security_hash>(d.algorithm), from.bytes(), made), d.destination, made, result);
}

Outcome Operations::hmac(const Descriptor& d, Result& result) {
  if (d.source_size > SECURITY_MOST_BYTES || d.destination_size < 1 || d.destination_size > digest_bytes(d.algorithm))
    return {SECURITY_BAD_DESCRIPTOR, {}};
  if (const security_status bad = check_key(d.key_slot, SECURITY_FOR_HMAC); bad != SECURITY_OK) return {bad, {}};
  const MemoryInput from(memory_, d.source, d.source_size);
  if (!from.ok()) return {SECURITY_BUS_ERROR, {}};
  std::array<std::byte, 64> mac;
  const Output made = std::span(mac).first(d.destination_size);
  const Outcome outcome =
      crypto_->hmac(static_cast<security_hash>(d.algorithm), slots_.key(d.key_slot), from.bytes(), made);
  return store(outcome, d.destination, made, result);
}

Outcome Operations::random(const Descriptor& d, Result& result) {
  if (d.destination_size > SECURITY_MOST_BYTES) return {SECURITY_BAD_DESCRIPTOR, {}};
  MemoryOutput to(memory_, d.destination, d.destination_size);
  if (!to.ok()) return {SECURITY_BUS_ERROR, {}};
  random_->generate(to.bytes());
  if (!to.finish()) return {SECURITY_BUS_ERROR, {}};
  result.size = d.destination_size;
  return {};
}

Outcome Operations::extend(const Descriptor& d) {
  if (d.algorithm >= SECURITY_MEASUREMENTS || d.source_size != SECURITY_DIGEST_BYTES)
    return {SECURITY_BAD_DESCRIPTOR, {}};
  const MemoryInput from(memory_, d.source, d.source_size);
  if (!from.ok()) return {SECURITY_BUS_ERROR, {}};
  Measurement& measurement = measurements_[d.algorithm];
  std::array<std::byte, 2 * SECURITY_DIGEST_BYTES> both;
  std::memcpy(both.data(), measurement.data(), measurement.size());
  std::memcpy(both.data() + measurement.size(), from.bytes().data(), from.bytes().size());
  return crypto_->hash(SECURITY_SHA384, both, std::as_writable_bytes(std::span(measurement)));
}

}  // namespace cardvp::security
