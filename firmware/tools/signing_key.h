// P-384 keys in PEM files, and what they sign.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>

namespace cardvp::tools {

using Digest = std::array<std::uint8_t, 48>;
using Point = std::array<std::uint8_t, 96>;      // X and Y, big-endian
using Signature = std::array<std::uint8_t, 96>;  // r and s, big-endian

Digest sha384(std::span<const std::uint8_t> bytes);

class SigningKey {
 public:
  // Throws std::runtime_error, with the path and what is wrong: no file, no private key, another curve.
  explicit SigningKey(const std::filesystem::path& pem);
  ~SigningKey();
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;

  const Point& public_key() const { return public_key_; }
  Signature sign(const Digest& digest) const;

 private:
  std::array<std::uint8_t, 48> private_key_;
  Point public_key_;
};

// False also for a key that is no point of the curve.
bool verify(const Point& public_key, const Digest& digest, const Signature& signature);

}  // namespace cardvp::tools
