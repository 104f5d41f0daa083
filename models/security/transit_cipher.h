// What the network data path needs of the security engine: AES-GCM by a key slot's number, for packets between cards.
// The engine implements it; the NIC engine knows no more of keys than this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <systemc>

#include "models/security/volume_cipher.h"

namespace cardvp::security {

class TransitCipher {
 public:
  static constexpr std::size_t kIvBytes = 12;
  static constexpr std::size_t kTagBytes = 16;
  using Iv = std::span<const std::byte, kIvBytes>;

  virtual ~TransitCipher() = default;

  // Whether the slot holds a key of this owner for AES-256-GCM now.
  virtual bool usable_in_transit(KeyReference key) const = 0;

  enum class Result : std::uint8_t { kOk, kNoKey, kForged };
  // `data` in place; the tag is written, or compared. On kNoKey and kForged the data means nothing any longer. The
  // caller sees to it that no IV is used twice with a key. No simulated time passes: see reserve_transit().
  virtual Result seal(KeyReference key, Iv iv, std::span<const std::byte> additional, std::span<std::byte> data,
                      std::span<std::byte, kTagBytes> tag) = 0;
  virtual Result open(KeyReference key, Iv iv, std::span<const std::byte> additional, std::span<std::byte> data,
                      std::span<const std::byte, kTagBytes> tag) = 0;

  // Reserves a lane, as VolumeCipher::reserve does.
  virtual sc_core::sc_time reserve_transit(std::uint64_t bytes, sc_core::sc_time start) = 0;
  // Behind seal() or open(): as VolumeCipher::done.
  virtual sc_core::sc_time done_in_transit(sc_core::sc_time reserved) const { return reserved; }
};

}  // namespace cardvp::security
