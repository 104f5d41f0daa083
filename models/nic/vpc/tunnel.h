// What is between the flow cache and the wire: outer headers, encryption, and the card's port.
#pragma once

#include <cstdint>
#include <optional>

#include "models/base/model.h"
#include "models/nic/transport/transport.h"
#include "models/nic/vpc/peers.h"
#include "models/nic/vpc/transit.h"
#include "models/wire/port.h"

namespace cardvp::nic {

class Tunnel : public TransportLower {
 public:
  // `drops`: of what has no interface: the transport's.
  Tunnel(Sim& sim, const std::string& name, Peers& peers, Transit& transit, DropCounters& drops,
         wire::FramePool& frames);

  void connect(wire::Port& port) { port_ = &port; }
  bool connected() const { return port_ != nullptr; }
  void set_endpoint(const geneve::Endpoint& endpoint) { self_ = endpoint; }
  const geneve::Endpoint& endpoint() const { return self_; }

  // TransportLower.
  wire::FramePtr encapsulate(std::uint16_t peer, std::uint32_t vni, std::span<const std::byte> option,
                             wire::FramePtr inner, sc_core::sc_time& ready) override;
  sc_core::sc_time send(std::uint16_t peer, unsigned path, const wire::Frame& outer, sc_core::sc_time at) override;

  struct Sealed {
    std::optional<Drop> drop;
    sc_core::sc_time ready;
  };
  // Puts the outer headers in front of an inner frame, and encrypts it if the peer's packets are.
  Sealed wrap(std::uint16_t peer, geneve::Header header, wire::Frame& frame, sc_core::sc_time ready);
  // To the wire; there is an uplink. When it will have left.
  sc_core::sc_time send(wire::FramePtr frame, sc_core::sc_time at);

  // A frame from the wire to the card's own address. Without `drop` it is the inner frame now.
  struct Unwrapped {
    std::optional<Drop> drop{};
    std::uint16_t peer = VPC_NO_PEER;
    std::uint32_t vni = 0;
    std::span<const std::byte> transport{};  // within the frame's buffer
    bool replayed = false;
    sc_core::sc_time ready{};
  };
  Unwrapped unwrap(wire::Frame& frame, sc_core::sc_time ready);

 private:
  std::optional<Drop> open(const geneve::Packet& packet, std::uint16_t peer, wire::Frame& frame, Unwrapped& unwrapped);

  Sim& sim_;
  Peers& peers_;
  Transit& transit_;
  DropCounters& drops_;
  wire::FramePool& frames_;
  wire::Port* port_ = nullptr;
  geneve::Endpoint self_;
  Counter& sent_;
  Counter& sent_bytes_;
  Counter& sealed_;
  Counter& opened_;
};

}  // namespace cardvp::nic
