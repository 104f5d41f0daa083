// Which address is behind which port of a switch, as learned from source addresses (IEEE 802.1Q, 8.7). Bounded: what
// comes when it is full is not learned, and so flooded. Nothing is forgotten: ports do not come and go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/net/address.h"

namespace cardvp::wire {

class MacTable {
 public:
  static constexpr std::size_t kMostEntries = 16384;

  // False: there is no room. An address that has moved is now there.
  bool learn(const net::MacAddress& mac, std::uint16_t port);
  std::optional<std::uint16_t> find(const net::MacAddress& mac) const;
  std::size_t size() const { return size_; }

 private:
  struct Entry {
    std::uint64_t key = 0;  // the address and kUsed; 0: free
    std::uint16_t port = 0;
  };
  static constexpr std::uint64_t kUsed = std::uint64_t{1} << 48;
  static constexpr std::size_t kSlots = 2 * kMostEntries;  // a power of two

  static std::uint64_t key_of(const net::MacAddress& mac);
  std::size_t slot_of(std::uint64_t key) const;  // where it is, or is to be

  std::vector<Entry> entries_ = std::vector<Entry>(kSlots);
  std::size_t size_ = 0;
};

}  // namespace cardvp::wire
