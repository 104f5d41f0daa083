#include "models/security/key_slots.h"

#include <openssl/crypto.h>

#include <cassert>

namespace cardvp::security {

const KeySlots::Info KeySlots::kNone;

KeySlots::KeySlots(Crypto& crypto, unsigned count)
    : crypto_(crypto), slots_(count), memory_(std::size_t{count} * kPlaceBytes) {}

Output KeySlots::place(unsigned slot) const { return memory_.bytes().subspan(slot * kPlaceBytes, kPlaceBytes); }

Input KeySlots::key(unsigned slot) const {
  assert(info(slot).valid);
  return place(slot).first(slots_[slot].info.bytes);
}

Crypto::Xts* KeySlots::xts(unsigned slot) const {
  if (!slots_[slot].xts) slots_[slot].xts = crypto_.make_xts(key(slot));
  return slots_[slot].xts.get();
}

Crypto::Gcm* KeySlots::gcm(unsigned slot) const {
  if (!slots_[slot].gcm) slots_[slot].gcm = crypto_.make_gcm(key(slot));
  return slots_[slot].gcm.get();
}

void KeySlots::load(unsigned slot, std::size_t bytes, std::uint16_t purpose, std::uint16_t owner) {
  assert(!info(slot).valid && bytes >= 1 && bytes <= kMostBytes);
  const Output rest = place(slot).subspan(bytes);
  OPENSSL_cleanse(rest.data(), rest.size());
  slots_[slot].info = {true, static_cast<std::uint8_t>(bytes), purpose, owner};
}

void KeySlots::destroy(unsigned slot) {
  if (slot >= slots_.size()) return;
  const Output all = place(slot);
  OPENSSL_cleanse(all.data(), all.size());
  slots_[slot] = {};
}

void KeySlots::destroy_owner(std::uint16_t owner) {
  for (unsigned slot = 0; slot < slots_.size(); ++slot)
    if (slots_[slot].info.valid && slots_[slot].info.owner == owner) destroy(slot);
}

void KeySlots::destroy_all() {
  for (unsigned slot = 0; slot < slots_.size(); ++slot) destroy(slot);
}

}  // namespace cardvp::security
