// The engine's key slots: keys by number, with purposes and an owner. Key bytes are in memory that core dumps leave
// out; they are zeroised, with everything that was made of them, when a slot is destroyed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/security/crypto.h"
#include "models/security/secret.h"

namespace cardvp::security {

class KeySlots {
 public:
  static constexpr std::size_t kMostBytes = 255;                         // of a key
  static constexpr std::size_t kPlaceBytes = wrapped_bytes(kMostBytes);  // unwrapping needs that much

  struct Info {
    bool valid = false;
    std::uint8_t bytes = 0;
    std::uint16_t purpose = 0;
    std::uint16_t owner = 0;
  };

  KeySlots(Crypto& crypto, unsigned count);

  unsigned count() const { return static_cast<unsigned>(slots_.size()); }
  // Nothing valid for a number that does not exist.
  const Info& info(unsigned slot) const { return slot < slots_.size() ? slots_[slot].info : kNone; }

  // The bytes of a valid slot: for the engine's operations alone.
  Input key(unsigned slot) const;
  // The ciphers of a valid slot's key; null if the key is of no use for them.
  Crypto::Xts* xts(unsigned slot) const;
  Crypto::Gcm* gcm(unsigned slot) const;

  // A new key is written to place(), kPlaceBytes of a slot that holds none, and becomes one by load(). destroy() gives
  // it up.
  Output place(unsigned slot) const;
  void load(unsigned slot, std::size_t bytes, std::uint16_t purpose, std::uint16_t owner);

  void destroy(unsigned slot);  // a number that does not exist is ignored
  void destroy_owner(std::uint16_t owner);
  void destroy_all();

 private:
  struct Slot {
    Info info;
    // Made at first use.
    mutable std::unique_ptr<Crypto::Xts> xts;
    mutable std::unique_ptr<Crypto::Gcm> gcm;
  };
  static const Info kNone;

  Crypto& crypto_;
  std::vector<Slot> slots_;
  SecretMemory memory_;
};

}  // namespace cardvp::security
