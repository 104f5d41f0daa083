// A volume cipher with keys that the test sets: what the security engine is to the NVMe engine. The mathematics is
// OpenSSL's, one data unit at a time.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "models/security/volume_cipher.h"

namespace cardvp::nvme {

using XtsKey = std::array<std::uint8_t, 64>;

inline XtsKey xts_key(unsigned seed) {
  XtsKey key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(seed * 31 + i * 17 + (i >> 5));
  return key;
}

// AES-256-XTS of whole data units (IEEE 1619): the first unit's number is `unit_number`.
inline std::vector<std::byte> xts(const XtsKey& key, bool encrypt, std::uint64_t unit_number, std::uint32_t unit,
                                  std::span<const std::byte> from) {
  std::vector<std::byte> to(from.size());
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                &EVP_CIPHER_CTX_free);
  for (std::size_t at = 0; at < from.size(); at += unit, ++unit_number) {
    std::array<std::uint8_t, 16> tweak{};
    for (unsigned i = 0; i < 8; ++i) tweak[i] = static_cast<std::uint8_t>(unit_number >> 8 * i);
    int size = 0;
    EVP_CipherInit_ex(context.get(), EVP_aes_256_xts(), nullptr, key.data(), tweak.data(), encrypt);
    EVP_CipherUpdate(context.get(), reinterpret_cast<unsigned char*>(&to[at]), &size,
                     reinterpret_cast<const unsigned char*>(&from[at]), static_cast<int>(unit));
  }
  return to;
}

class FakeCipher : public security::VolumeCipher {
 public:
  struct Slot {
    XtsKey key;
    std::uint16_t owner;
  };
  // What the test sets,
  std::map<std::uint16_t, Slot> slots;
  sc_core::sc_time latency{1, sc_core::SC_US};
  // and sees.
  struct Reservation {
    std::uint64_t bytes;
    sc_core::sc_time start;
  };
  std::vector<Reservation> reservations;
  unsigned operations = 0;

  bool usable(security::KeyReference key) const override {
    const auto found = slots.find(key.slot);
    return found != slots.end() && found->second.owner == key.owner;
  }
  bool apply(security::KeyReference key, security::CipherDirection direction, std::uint64_t first_unit,
             std::uint32_t unit, std::span<const std::byte> from, std::span<std::byte> to) override {
    if (!usable(key) || from.size() != to.size() || from.size() % unit != 0) return false;
    ++operations;
    const auto result =
        xts(slots.at(key.slot).key, direction == security::CipherDirection::kEncrypt, first_unit, unit, from);
    std::copy(result.begin(), result.end(), to.begin());
    return true;
  }
  sc_core::sc_time reserve(std::uint64_t bytes, sc_core::sc_time start) override {
    reservations.push_back({bytes, start});
    return start + latency;
  }
};

}  // namespace cardvp::nvme
