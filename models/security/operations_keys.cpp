// Operations that make keys, and those of public-key cryptography.
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "models/security/operations.h"

namespace cardvp::security {
namespace {

// A private key says by its size which curve it is of; 0 for what is none.
security_curve curve_of(std::size_t private_key) {
  for (const security_curve curve : {SECURITY_P256, SECURITY_P384})
    if (curve_bytes(curve) == private_key) return curve;
  return {};
}

constexpr std::uint32_t kMostContext = 1 << 16;  // bytes of salt or info
constexpr std::size_t kMostPoint = 2 * 48;

}  // namespace

Outcome Operations::hkdf(const Descriptor& d, Result& result) {
  const bool to_memory = d.flags & SECURITY_TO_MEMORY;
  const std::size_t digest = digest_bytes(d.algorithm);
  const std::size_t most = to_memory ? 255 * digest : std::min(KeySlots::kMostBytes, 255 * digest);
  if (digest == 0 || d.flags & ~unsigned{SECURITY_TO_MEMORY} || d.destination_size < 1 || d.destination_size > most)
    return {SECURITY_BAD_DESCRIPTOR, {}};
  if (d.first_size > kMostContext || d.second_size > kMostContext) return {SECURITY_BAD_DESCRIPTOR, {}};
  const unsigned purpose = to_memory ? SECURITY_FOR_DERIVE_PUBLIC : SECURITY_FOR_DERIVE;
  if (const security_status bad = check_key(d.key_slot, purpose); bad != SECURITY_OK) return {bad, {}};
  if (!to_memory)
    if (const security_status bad = check_result_slot(d); bad != SECURITY_OK) return {bad, {}};
  const MemoryInput salt(memory_, d.first, d.first_size);
  const MemoryInput info(memory_, d.second, d.second_size);
  if (!salt.ok() || !info.ok()) return {SECURITY_BUS_ERROR, {}};

  const auto algorithm = static_cast<security_hash>(d.algorithm);
  const Input key = slots_.key(d.key_slot);
  if (!to_memory) {
    const Output made = slots_.place(d.result_slot).first(d.destination_size);
    return keep(d, crypto_->hkdf(algorithm, key, salt.bytes(), info.bytes(), made), made.size());
  }
  const SecretMemory made(d.destination_size);
  return store(crypto_->hkdf(algorithm, key, salt.bytes(), info.bytes(), made.bytes()), d.destination, made.bytes(),
               result);
}

Outcome Operations::ecdsa_verify(const Descriptor& d) {
  const std::size_t size = curve_bytes(d.algorithm);
  if (size == 0 || d.source_size < 1 || d.source_size > 64 || d.first_size != 2 * size || d.second_size != 2 * size)
    return {SECURITY_BAD_DESCRIPTOR, {}};
  const MemoryInput digest(memory_, d.source, d.source_size);
  const MemoryInput key(memory_, d.first, d.first_size);
  const MemoryInput signature(memory_, d.second, d.second_size);
  if (!digest.ok() || !key.ok() || !signature.ok()) return {SECURITY_BUS_ERROR, {}};
  return crypto_->ecdsa_verify(static_cast<security_curve>(d.algorithm), digest.bytes(), key.bytes(),
                               signature.bytes());
}

Outcome Operations::ecdh(const Descriptor& d) {
  if (const security_status bad = check_key(d.key_slot, SECURITY_FOR_ECDH); bad != SECURITY_OK) return {bad, {}};
  if (const security_status bad = check_result_slot(d); bad != SECURITY_OK) return {bad, {}};
  const Input key = slots_.key(d.key_slot);
  const security_curve curve = curve_of(key.size());
  const std::size_t size = curve_bytes(curve);
  if (size == 0) return {SECURITY_BAD_KEY, {}};
  if (d.first_size != 2 * size) return {SECURITY_BAD_DESCRIPTOR, {}};
  const MemoryInput peer(memory_, d.first, d.first_size);
  if (!peer.ok()) return {SECURITY_BUS_ERROR, {}};
  return keep(d, crypto_->ecdh(curve, key, peer.bytes(), slots_.place(d.result_slot).first(size)), size);
}

Outcome Operations::ec_public(const Descriptor& d, Result& result) {
  if (const security_status bad = check_key(d.key_slot, SECURITY_FOR_ECDH | SECURITY_FOR_QUOTE); bad != SECURITY_OK)
    return {bad, {}};
  const Input key = slots_.key(d.key_slot);
  const security_curve curve = curve_of(key.size());
  const std::size_t size = 2 * curve_bytes(curve);
  if (size == 0) return {SECURITY_BAD_KEY, {}};
  if (d.destination_size < size) return {SECURITY_BAD_DESCRIPTOR, {}};
  std::array<std::byte, kMostPoint> point;
  const Output made = std::span(point).first(size);
  return store(crypto_->ec_public(curve, key, made), d.destination, made, result);
}

Outcome Operations::wrap(const Descriptor& d, Result& result) {
  if (d.flags & ~unsigned{SECURITY_PADDED}) return {SECURITY_BAD_DESCRIPTOR, {}};
  if (const security_status bad = check_key(d.key_slot, SECURITY_FOR_WRAP); bad != SECURITY_OK) return {bad, {}};
  if (const security_status bad = check_key(d.result_slot, SECURITY_FOR_EXPORT); bad != SECURITY_OK) return {bad, {}};
  const Input key = slots_.key(d.result_slot);
  const std::size_t size = wrapped_bytes(key.size());
  if (d.destination_size < size) return {SECURITY_BAD_DESCRIPTOR, {}};
  std::array<std::byte, wrapped_bytes(KeySlots::kMostBytes)> wrapped;
  const Output made = std::span(wrapped).first(size);
  return store(crypto_->wrap(slots_.key(d.key_slot), key, d.flags & SECURITY_PADDED, made), d.destination, made,
               result);
}

Outcome Operations::unwrap(const Descriptor& d) {
  const bool padded = d.flags & SECURITY_PADDED;
  const std::size_t most = padded ? wrapped_bytes(KeySlots::kMostBytes) : KeySlots::kMostBytes / 8 * 8 + 8;
  if (d.flags & ~unsigned{SECURITY_PADDED} || d.source_size > most) return {SECURITY_BAD_DESCRIPTOR, {}};
  if (const security_status bad = check_key(d.key_slot, SECURITY_FOR_UNWRAP); bad != SECURITY_OK) return {bad, {}};
  if (const security_status bad = check_result_slot(d); bad != SECURITY_OK) return {bad, {}};
  const MemoryInput wrapped(memory_, d.source, d.source_size);
  if (!wrapped.ok()) return {SECURITY_BUS_ERROR, {}};
  std::size_t size = 0;
  Outcome outcome = crypto_->unwrap(slots_.key(d.key_slot), wrapped.bytes(), padded, slots_.place(d.result_slot), size);
  if (outcome.status == SECURITY_OK && size > KeySlots::kMostBytes) outcome.status = SECURITY_BAD_KEY;
  return keep(d, outcome, size);
}

Outcome Operations::generate(const Descriptor& d) {
  const std::size_t of_curve = curve_bytes(d.algorithm);
  const bool fits = d.algorithm == 0 ? d.destination_size >= 16 && d.destination_size <= 64
                                     : of_curve != 0 && d.destination_size == of_curve;
  if (!fits) return {SECURITY_BAD_DESCRIPTOR, {}};
  if (const security_status bad = check_result_slot(d); bad != SECURITY_OK) return {bad, {}};
  const Output made = slots_.place(d.result_slot).first(d.destination_size);
  if (d.algorithm == 0) {
    random_->generate(made);
    return keep(d, {}, made.size());
  }
  const SecretMemory seed(of_curve * 3 / 2);
  random_->generate(seed.bytes());
  return keep(d, crypto_->ec_private(static_cast<security_curve>(d.algorithm), seed.bytes(), made), made.size());
}

Outcome Operations::quote(const Descriptor& d, Result& result) {
  if (d.source_size != SECURITY_NONCE_BYTES || d.destination_size < sizeof(security_quote))
    return {SECURITY_BAD_DESCRIPTOR, {}};
  if (const security_status bad = check_key(d.key_slot, SECURITY_FOR_QUOTE); bad != SECURITY_OK) return {bad, {}};
  const Input key = slots_.key(d.key_slot);
  if (key.size() != curve_bytes(SECURITY_P384)) return {SECURITY_BAD_KEY, {}};
  const MemoryInput nonce(memory_, d.source, d.source_size);
  if (!nonce.ok()) return {SECURITY_BUS_ERROR, {}};

  security_quote quote{};
  quote.magic = SECURITY_QUOTE_MAGIC;
  quote.version = SECURITY_QUOTE_VERSION;
  quote.card_id = identity_.card_id;
  quote.life_cycle = identity_.life_cycle;
  quote.security_version = identity_.security_version;
  std::memcpy(quote.nonce, nonce.bytes().data(), sizeof quote.nonce);
  std::memcpy(quote.measurements, measurements_.data(), sizeof quote.measurements);
  const Outcome known = crypto_->ec_public(SECURITY_P384, key, std::as_writable_bytes(std::span(quote.public_key)));
  if (known.status != SECURITY_OK) return known;
  const Input all = std::as_bytes(std::span(&quote, 1));
  std::array<std::byte, SECURITY_DIGEST_BYTES> digest;
  crypto_->hash(SECURITY_SHA384, all.first(offsetof(security_quote, signature)), digest);
  const Outcome outcome = crypto_->ecdsa_sign(SECURITY_P384, SECURITY_SHA384, digest, key,
                                              std::as_writable_bytes(std::span(quote.signature)));
  return store(outcome, d.destination, all, result);
}

}  // namespace cardvp::security
