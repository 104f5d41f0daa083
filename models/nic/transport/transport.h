// The multipath transport between two cards, in the manner of SRD: a peer's packets are sprayed over many paths of the
// fabric, each path with a congestion control of its own; what is lost is sent again, over another path; the receiver
// puts the packets of each flow back into their order. Reliable while the peer answers.
//
// It stands between the flow cache and encapsulation: what it sends is an inner frame with a header of its own
// (header.h), which travels as an option of the outer frame and is authenticated with it on encrypted peers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <systemc>

#include "models/base/model.h"
#include "models/wire/frame.h"

namespace cardvp::nic {

struct TransportConfig {
  unsigned paths = 8;  // 1 to 64
  // From the oldest that is not acknowledged to the newest, of one peer; more wait. Packets are sent again as they were
  // sealed, so an anti-replay window below must be a few times as long.
  std::size_t window_packets = 4096;   // at most 16384
  std::size_t waiting_packets = 1024;  // for the window, of one peer; more are dropped
  // How far ahead of what is missing a packet may come, of one peer: what is farther is dropped. Not below the window
  // of any peer: a sealed packet that was dropped here is a replay when it comes again.
  std::size_t reorder_packets = 8192;                   // at most 32768
  sc_core::sc_time first_timeout{500, sc_core::SC_US};  // of retransmission, before a round trip was measured
  sc_core::sc_time least_timeout{50, sc_core::SC_US};
  sc_core::sc_time give_up{1, sc_core::SC_SEC};  // the oldest packet was not acknowledged for so long
};

// What is below: encapsulation and the wire.
class TransportLower {
 public:
  virtual ~TransportLower() = default;
  // The outer frame, whole but for its UDP source port: encapsulated with `option`, sealed if the peer's packets are;
  // `inner` may be null (acknowledgements). There from `ready` on, which is put later by what sealing takes. Null if it
  // cannot be (no key): dropped, and counted.
  virtual wire::FramePtr encapsulate(std::uint16_t peer, std::uint32_t vni, std::span<const std::byte> option,
                                     wire::FramePtr inner, sc_core::sc_time& ready) = 0;
  // Sends a copy of an outer frame by a path: 0 to paths - 1, in its UDP source port. When it will have left.
  virtual sc_core::sc_time send(std::uint16_t peer, unsigned path, const wire::Frame& outer, sc_core::sc_time at) = 0;
};

// What is above.
class TransportUpper {
 public:
  virtual ~TransportUpper() = default;
  virtual void deliver(std::uint16_t peer, std::uint32_t vni, wire::FramePtr inner, sc_core::sc_time ready) = 0;
  // The peer did not answer for TransportConfig::give_up: what was outstanding is dropped and counted.
  virtual void peer_down(std::uint16_t peer) = 0;
};

// PART OF THE DESIGN: private members are the implementation's to choose.
class Transport : public Model {
 public:
  // Both outlive it.
  Transport(sc_core::sc_module_name name, Sim& sim, const TransportConfig& config, TransportLower& lower,
            TransportUpper& upper);
  ~Transport() override;

  // `flow`: a hash; packets of one flow are delivered in their order. When the next packet for this peer is welcome:
  // its window may be full, and then packets wait, up to a bound, and are dropped and counted beyond it.
  sc_core::sc_time transmit(std::uint16_t peer, std::uint32_t vni, std::uint32_t flow, wire::FramePtr inner,
                            sc_core::sc_time ready);

  // A packet of a peer, authenticated if the peer's are. `option`: as encapsulate() was given it, not to be trusted
  // further than the peer. `inner`: null if it carried none. `replayed`: the association has seen it before: it is to
  // be acknowledged again, and delivered no more.
  void receive(std::uint16_t peer, std::uint32_t vni, std::span<const std::byte> option, wire::FramePtr inner,
               bool replayed, sc_core::sc_time ready);

  // Forgets a peer, or all: what is outstanding and held back is dropped.
  void drop_peer(std::uint16_t peer);
  void reset();

 private:
  struct Peer;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cardvp::nic
