// Receive-side scaling: which RX queue a frame goes to, by the firmware's registers (nic_control.def, from RSS on).
//
// Hashed are, of what RSS_FIELDS names for the kind of traffic, in this order: source address, destination address,
// source port, destination port, as they stand in the packet; of frames that are not IP, source and destination MAC
// address. MAC addresses of IP, and ports of what has none, are not hashed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "models/base/registers.h"
#include "models/net/parse.h"
#include "models/nic/packet_math.h"

namespace cardvp::nic::ena {

class Rss {
 public:
  Rss(const RegisterBank& control, ToeplitzMath& toeplitz) : control_(control), toeplitz_(toeplitz) {}

  // RSS or RSS_KEY changed.
  void key_changed() { key_.reset(); }

  // 0 if the hardware fails.
  std::uint32_t hash(std::span<const std::byte> frame, const net::Parsed& parsed, TimedMath& math);
  std::uint16_t queue_of(std::uint32_t hash) const;

 private:
  ToeplitzMath::Key& key();

  const RegisterBank& control_;
  ToeplitzMath& toeplitz_;
  std::unique_ptr<ToeplitzMath::Key> key_;  // in force, made when it is first needed
};

}  // namespace cardvp::nic::ena
