#include "models/wire/mac_table.h"

namespace cardvp::wire {

std::uint64_t MacTable::key_of(const net::MacAddress& mac) {
  std::uint64_t key = 0;
  for (const std::uint8_t byte : mac.bytes) key = key << 8 | byte;
  return key | kUsed;
}

std::size_t MacTable::slot_of(std::uint64_t key) const {
  std::uint64_t hash = key * 0x9e3779b97f4a7c15;
  hash ^= hash >> 32;
  std::size_t slot = hash & (kSlots - 1);
  while (entries_[slot].key != 0 && entries_[slot].key != key) slot = (slot + 1) & (kSlots - 1);
  return slot;
}

bool MacTable::learn(const net::MacAddress& mac, std::uint16_t port) {
  const std::uint64_t key = key_of(mac);
  Entry& entry = entries_[slot_of(key)];
  if (entry.key == 0) {
    if (size_ == kMostEntries) return false;
    ++size_;
    entry.key = key;
  }
  entry.port = port;
  return true;
}

std::optional<std::uint16_t> MacTable::find(const net::MacAddress& mac) const {
  const Entry& entry = entries_[slot_of(key_of(mac))];
  if (entry.key == 0) return std::nullopt;
  return entry.port;
}

}  // namespace cardvp::wire
