// The keys that a card has from the start, derived from the device secret in its fuses: HKDF with SHA-384 (RFC 5869),
// salt: the card id, 8 bytes, little-endian. Who has the secret (the operator, the tests) derives the same.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "models/memory/fuses.h"
#include "models/security/crypto.h"

namespace cardvp::security {

inline constexpr std::size_t kTransportKeyBytes = 32;
inline constexpr std::size_t kAttestationKeyBytes = 48;

using DeviceSecret = std::span<const std::byte, 32>;

// info: "cardvp transport key". AES-256 key wrap: wraps what is sent to the card.
void derive_transport_key(Crypto& crypto, DeviceSecret secret, std::uint64_t card_id,
                          std::span<std::byte, kTransportKeyBytes> key);

// info: "cardvp attestation key". 72 bytes of HKDF, their number mod (n - 1), plus 1, is a private key of P-384.
void derive_attestation_key(Crypto& crypto, DeviceSecret secret, std::uint64_t card_id,
                            std::span<std::byte, kAttestationKeyBytes> key);

// For the operator's tools. The key wrapped under the transport key (KW): 8 bytes longer. key: 16 to 248 bytes, a
// multiple of 8; otherwise std::invalid_argument.
std::vector<std::uint8_t> wrap_for_card(const memory::FusesConfig& fuses, std::span<const std::uint8_t> key);
// X and Y.
std::array<std::uint8_t, 2 * kAttestationKeyBytes> attestation_public_key(const memory::FusesConfig& fuses);

}  // namespace cardvp::security
