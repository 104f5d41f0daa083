// The other cards, by number and by their address on the wire.
#pragma once

#include <cstdint>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "models/nic/messages.h"
#include "models/nic/vpc/geneve.h"

namespace cardvp::nic {

struct Peer {
  bool stored = false;
  geneve::Endpoint endpoint;
  bool encrypt = false;
  bool multipath = false;
};

class Peers {
 public:
  explicit Peers(std::size_t count) : peers_(count) {}

  std::size_t count() const { return peers_.size(); }
  // Nothing stored for a number that does not exist.
  const Peer& operator[](std::uint16_t index) const { return index < peers_.size() ? peers_[index] : kNone; }
  std::uint16_t find(const net::IpAddress& address) const {
    const auto found = by_address_.find(address);
    return found == by_address_.end() ? std::uint16_t{VPC_NO_PEER} : found->second;
  }

  // False, with nothing changed, if another peer has the address. The number exists.
  bool store(std::uint16_t index, const Peer& peer) {
    const std::uint16_t holder = find(peer.endpoint.ip);
    if (holder != VPC_NO_PEER && holder != index) return false;
    remove(index);
    peers_[index] = peer;
    by_address_[peer.endpoint.ip] = index;
    return true;
  }
  void remove(std::uint16_t index) {
    if (!peers_[index].stored) return;
    by_address_.erase(peers_[index].endpoint.ip);
    peers_[index] = {};
  }
  void reset() {
    by_address_.clear();
    peers_.assign(peers_.size(), {});
  }

 private:
  struct Hash {
    std::size_t operator()(const net::IpAddress& address) const {
      std::uint64_t halves[2];
      std::memcpy(halves, address.bytes.data(), sizeof halves);
      const std::uint64_t mixed = (halves[0] * 0x9e3779b97f4a7c15) ^ (halves[1] * 0xd6e8feb86659fd93);
      return mixed ^ mixed >> 32;
    }
  };
  static inline const Peer kNone{};

  std::vector<Peer> peers_;
  std::unordered_map<net::IpAddress, std::uint16_t, Hash> by_address_;  // never walked
};

}  // namespace cardvp::nic
