#include "models/security/device_keys.h"

#include <stdexcept>
#include <string_view>

#include "models/security/secret.h"

namespace cardvp::security {
namespace {

void derive(Crypto& crypto, DeviceSecret secret, std::uint64_t card_id, std::string_view info, Output key) {
  std::array<std::byte, 8> salt;
  for (std::size_t i = 0; i < salt.size(); ++i) salt[i] = static_cast<std::byte>(card_id >> 8 * i);
  crypto.hkdf(SECURITY_SHA384, secret, salt, std::as_bytes(std::span(info)), key);
}

}  // namespace

void derive_transport_key(Crypto& crypto, DeviceSecret secret, std::uint64_t card_id,
                          std::span<std::byte, kTransportKeyBytes> key) {
  derive(crypto, secret, card_id, "cardvp transport key", key);
}

void derive_attestation_key(Crypto& crypto, DeviceSecret secret, std::uint64_t card_id,
                            std::span<std::byte, kAttestationKeyBytes> key) {
  const SecretMemory seed(72);
  derive(crypto, secret, card_id, "cardvp attestation key", seed.bytes());
  crypto.ec_private(SECURITY_P384, seed.bytes(), key);
}

std::vector<std::uint8_t> wrap_for_card(const memory::FusesConfig& fuses, std::span<const std::uint8_t> key) {
  if (key.size() < 16 || key.size() > 248 || key.size() % 8 != 0)
    throw std::invalid_argument("a key that can be wrapped has 16 to 248 bytes, a multiple of 8");
  const std::unique_ptr<Crypto> crypto = make_openssl_crypto();
  const SecretMemory transport(kTransportKeyBytes);
  derive_transport_key(*crypto, std::as_bytes(std::span(fuses.device_secret)), fuses.card_id,
                       transport.bytes().first<kTransportKeyBytes>());
  std::vector<std::uint8_t> wrapped(wrapped_bytes(key.size()));
  crypto->wrap(transport.bytes(), std::as_bytes(key), false, std::as_writable_bytes(std::span(wrapped)));
  return wrapped;
}

std::array<std::uint8_t, 2 * kAttestationKeyBytes> attestation_public_key(const memory::FusesConfig& fuses) {
  const std::unique_ptr<Crypto> crypto = make_openssl_crypto();
  const SecretMemory key(kAttestationKeyBytes);
  derive_attestation_key(*crypto, std::as_bytes(std::span(fuses.device_secret)), fuses.card_id,
                         key.bytes().first<kAttestationKeyBytes>());
  std::array<std::uint8_t, 2 * kAttestationKeyBytes> made;
  crypto->ec_public(SECURITY_P384, key.bytes(), std::as_writable_bytes(std::span(made)));
  return made;
}

}  // namespace cardvp::security
