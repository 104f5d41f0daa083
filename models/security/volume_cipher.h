// What the data path of a volume needs of the security engine: AES-XTS by a key slot's number. The engine implements
// it; the NVMe engine knows no more of keys than this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <systemc>

namespace cardvp::security {

// A key as its user knows it.
struct KeyReference {
  std::uint16_t slot = 0;
  std::uint16_t owner = 0;  // the PCIe function that asks: it must be the slot's owner
};

enum class CipherDirection : std::uint8_t { kEncrypt, kDecrypt };

class VolumeCipher {
 public:
  virtual ~VolumeCipher() = default;

  // Whether the slot holds a key of this owner for AES-XTS now.
  virtual bool usable(KeyReference key) const = 0;

  // `from` to `to`, of the same size, a multiple of `unit` (512 or 4096 bytes); they may be the same place, and do not
  // overlap otherwise. The first data unit's number, the tweak, is `first_unit`. No simulated time passes: see
  // reserve(). False, with `to` unchanged, if the key is not usable.
  virtual bool apply(KeyReference key, CipherDirection direction, std::uint64_t first_unit, std::uint32_t unit,
                     std::span<const std::byte> from, std::span<std::byte> to) = 0;

  // Reserves a lane for `bytes` from `start` on (in the future, if the data is still to come; not in the past), or as
  // soon after as one is free; says when it ends.
  // Counts bytes, operations and energy.
  virtual sc_core::sc_time reserve(std::uint64_t bytes, sc_core::sc_time start) = 0;
  // Behind apply(): when its result is there. `reserved`, what reserve() said, unless the cipher is one that knows its
  // time only then (RTL).
  virtual sc_core::sc_time done(sc_core::sc_time reserved) const { return reserved; }
};

}  // namespace cardvp::security
