// Who may call the gateway: the operator's key (ECDSA P-384), and calls signed with it.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace cardvp::platform {

// A public key's X and Y, and a signature's r and s, as the security engine takes them: big-endian numbers.
using OperatorKey = std::array<std::byte, 96>;
using RawSignature = std::array<std::byte, 96>;

// From a PEM file ("BEGIN PUBLIC KEY"). Throws std::runtime_error: not to be read, or no P-384 key.
OperatorKey read_operator_key(const std::filesystem::path& file);

// The line that the gateway takes for `call`, JSON text, without a newline: signed with the private key of a PEM file.
// Throws std::runtime_error: not to be read, or no P-384 key.
std::string sign_call(const std::filesystem::path& private_key, std::string_view call);

// The signature out of its hexadecimal DER form (SEQUENCE of two INTEGERs, RFC 3279), which OpenSSL's programs write.
// Nothing: it is none, or not in the one form that DER allows, or r or s has more than 48 bytes.
std::optional<RawSignature> decode_signature(std::string_view hex);

}  // namespace cardvp::platform
