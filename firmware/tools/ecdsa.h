// ECDSA signatures on P-384 that depend on key and digest alone (RFC 6979), so that the same input makes the same
// image: OpenSSL has no option for it before 3.2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cardvp::tools {

using P384Signature = std::array<std::uint8_t, 96>;  // r and s, big-endian

// `digest`: SHA-384 of what is signed. Throws std::invalid_argument if the private key is not in 1 to n - 1.
P384Signature sign_p384(std::span<const std::uint8_t, 48> private_key, std::span<const std::uint8_t, 48> digest);

}  // namespace cardvp::tools
