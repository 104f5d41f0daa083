// A host's part in finding its neighbours: ARP (RFC 826) for IPv4, Neighbor Discovery (RFC 4861) for IPv6.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "host/ena/driver.h"
#include "models/base/sync.h"
#include "models/net/address.h"

namespace cardvp::host {

// One address of a host, behind one driver: it answers who asks for it, and asks for others. While it exists it takes
// ARP requests for its address and hears all replies, and what corresponds to them in IPv6.
class Neighbour final : private ena::PacketSink {
 public:
  Neighbour(ena::Driver& driver, const net::IpAddress& address);
  ~Neighbour();
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  // The address that frames for `target` go to; asked for three times, a second apart. Multicast addresses have theirs
  // by rule.
  Task<std::optional<net::MacAddress>> resolve(net::IpAddress target);
  std::uint64_t answered() const { return answered_; }

 private:
  bool receive(unsigned queue, const ena::RxPacket& packet) override;
  bool receive_arp(unsigned queue, std::span<const std::byte> frame);
  bool receive_discovery(unsigned queue, std::span<const std::byte> frame);
  std::vector<std::byte> request(const net::IpAddress& target) const;
  void learn(const net::IpAddress& address, const net::MacAddress& mac);

  ena::Driver& driver_;
  net::IpAddress address_;
  std::map<net::IpAddress, net::MacAddress> known_;
  std::uint64_t answered_ = 0;
  Trigger learned_;
};

}  // namespace cardvp::host
