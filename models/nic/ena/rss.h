// Receive-side scaling: which RX queue a frame goes to, by the firmware's registers (nic_control.def, from RSS on).
//
// Hashed are, of what RSS_FIELDS names for the kind of traffic, in this order: source address, destination address,
// source port, destination port, as they stand in the packet; of frames that are not IP, source and destination MAC
// address. MAC addresses of IP, and ports of what has none, are not hashed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "models/base/registers.h"
#include "models/net/parse.h"
#include "models/net/toeplitz.h"

namespace cardvp::nic::ena {

class Rss {
 public:
  explicit Rss(const RegisterBank& control) : control_(control) {}

  // RSS or RSS_KEY changed.
  void key_changed() { toeplitz_.reset(); }

  std::uint32_t hash(std::span<const std::byte> frame, const net::Parsed& parsed);
  std::uint16_t queue_of(std::uint32_t hash) const;

 private:
  const net::Toeplitz& toeplitz();

  const RegisterBank& control_;
  std::optional<net::Toeplitz> toeplitz_;  // of the key in force, made when it is first needed
};

}  // namespace cardvp::nic::ena
