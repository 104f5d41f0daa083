// The channels of AXI as pins (IHI 0022): an address channel with its burst, and a handshake. Signals that AXI4-Lite
// does not have are not there, which is worth what AXI says for it: one beat, as wide as the bus, incrementing, ID 0.
#pragma once

#include <array>
#include <bit>
#include <string>

#include "rtl/bridges/burst.h"

namespace cardvp::rtl {

struct Handshake {
  Pin valid, ready;

  Handshake(const InterfacePins& pins, const std::string& channel)
      : valid(pins[channel + "valid"]), ready(pins[channel + "ready"]) {}
  explicit operator bool() const { return static_cast<bool>(valid); }  // the interface has the channel
  bool transfer() const { return valid.high() && ready.high(); }
};

// An address channel and its burst. AXI4-Lite's accesses are as wide as the bus (B1.1.1): whole words, of which WSTRB
// says what is written.
struct AddressPins {
  Handshake handshake;
  Pin id, addr, len, size, burst;

  AddressPins(const InterfacePins& pins, const std::string& channel)  // "aw" or "ar"
      : handshake(pins, channel),
        id(pins[channel + "id"]),
        addr(pins[channel + "addr"]),
        len(pins[channel + "len"]),
        size(pins[channel + "size"]),
        burst(pins[channel + "burst"]) {}

  void set(const Burst& from) {
    set_if(id, from.id);
    addr.set(len ? from.address : from.address / from.bytes * from.bytes);
    set_if(len, from.beats - 1);
    set_if(size, static_cast<std::uint64_t>(std::countr_zero(from.bytes)));
    set_if(burst, static_cast<std::uint64_t>(from.type));
  }
  Burst get(unsigned bus) const {
    return {len ? addr.get() : addr.get() / bus * bus, static_cast<unsigned>(get_or(len, 0)) + 1,
            size ? 1u << (size.get() & 7) : bus, burst ? static_cast<BurstType>(burst.get() & 3) : BurstType::kIncr,
            static_cast<std::uint32_t>(get_or(id, 0))};
  }
};

inline std::uint64_t low_bits(unsigned count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

// WSTRB: a bit for each byte lane of the data, up to 128.
class Strobes {
 public:
  static Strobes of(Lanes lanes) {
    Strobes strobes;
    for (unsigned lane = lanes.first; lane < lanes.first + lanes.count; ++lane) strobes.set(lane);
    return strobes;
  }
  // What is on the pin; all lanes if there is none.
  static Strobes of(const Pin& pin, unsigned bus) {
    if (!pin) return of(Lanes{0, bus});
    Strobes strobes;
    pin.get_bytes(strobes.bits_);
    return strobes;
  }
  void put(Pin& pin) const {
    if (pin) pin.set_bytes(bits_);
  }
  bool operator[](unsigned lane) const { return bits_[lane / 8] >> lane % 8 & 1; }

 private:
  void set(unsigned lane) { bits_[lane / 8] = static_cast<std::uint8_t>(bits_[lane / 8] | 1u << lane % 8); }

  std::array<std::uint8_t, kMaxDataBytes / 8> bits_{};
};

}  // namespace cardvp::rtl
