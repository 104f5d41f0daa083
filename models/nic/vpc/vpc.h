// The VPC data path: what becomes of a packet between an interface and the wire.
//
// Out: source checks of a known flow are part of its verdict, so a packet is parsed, looked up in the flow cache, held
// to its interface's allowances, encapsulated (Geneve, RFC 8926) with the VPC's number, sealed if its peer's packets
// are, and sent, over one path or many. In: the same backwards. A packet that the cache does not know goes to the
// firmware (messages.h), which decides once for the flow. Fragments and what is no IP go there each time.
//
// On the card bus: the card's page (vpc.def), then a page per function (vpc_interface.def).
//
// Every packet that goes no further is counted under "drops.REASON" (drops.h), of the interface that it belongs to, or
// of the data path if that is not known.
#pragma once

#include <array>
#include <memory>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/base/bus_target.h"
#include "models/base/card_memory.h"
#include "models/nic/data_path.h"
#include "models/nic/transport/transport.h"
#include "models/nic/vpc/flow_cache.h"
#include "models/nic/vpc/interface.h"
#include "models/nic/vpc/slow_path.h"
#include "models/nic/vpc/tunnel.h"
#include "models/wire/ring.h"

namespace cardvp::nic {

struct VpcConfig {
  std::size_t flow_entries = 65536;              // of the flow cache, both directions of a connection
  std::size_t peers = 256;                       // most of them
  sc_core::sc_time lookup{100, sc_core::SC_NS};  // parse, look up, encapsulate or decapsulate: each packet, pipelined
  double picojoules_per_packet = 0;
  TransportConfig transport{};
};

class Vpc : public BusTarget,
            public DataPath,
            private wire::PortClient,
            private TransportUpper,
            private SlowPathClient,
            private InterfaceClient {
 public:
  // `cipher`: null if the card has none: then nothing goes to or comes from a peer that is encrypted.
  Vpc(sc_core::sc_module_name name, Sim& sim, const VpcConfig& config, memory::Mailbox::Channel& channel,
      security::TransitCipher* cipher, wire::FramePool& frames);
  ~Vpc() override;

  // The way to the slots in card memory.
  tlm_utils::simple_initiator_socket<Vpc> card{"card"};

  // Without an uplink what goes to the wire is dropped as no_uplink. Before simulation only.
  void connect_uplink(wire::Port& port);

  // DataPath.
  void connect(std::uint16_t function, HostSide& host) override;
  Sent transmit(std::uint16_t function, wire::FramePtr frame, sc_core::sc_time ready) override;
  void device_reset(std::uint16_t function) override;

  // Card reset: registers, flows, peers, associations; packets that wait are dropped.
  void reset();

 private:
  // How far ahead of the wire an interface may send, and how far it still is when it may go on: less than the pipeline
  // would leave gaps.
  static inline const sc_core::sc_time kMostAhead{4, sc_core::SC_US};
  static inline const sc_core::sc_time kStillAhead{2, sc_core::SC_US};

  // vpc_control.cpp: what the firmware says.
  void hang_hooks();
  void apply_registers();
  bool access(const BusAccess& access) override;
  void on_message(const memory::Message& message);
  void inject(const vpc_message_inject& message);
  void mode_changed(Interface& interface) override;
  std::uint32_t connections_of(const Interface& interface) override;
  std::uint64_t command_peer(std::uint16_t index, std::uint64_t operation);
  std::uint64_t command_association(std::uint64_t operation);
  bool enabled() const;
  std::uint32_t generation() const;

  // egress.cpp: out.
  Sent transmit_bridged(Interface& from, wire::FramePtr frame, sc_core::sc_time at);
  Sent transmit_unknown(Interface& from, UnknownFlow& flow, wire::FramePtr frame, sc_core::sc_time at);
  Sent refuse(Interface& from, Drop reason);
  // By its allowances, then leave().
  Sent forward(Interface& from, Departure departure);
  Sent leave(Interface& from, Departure departure);
  Sent to_peer(Interface& from, Departure departure);
  Sent to_interface(Interface& from, Departure departure);
  Sent bridge(Interface& from, Departure departure);
  void depart(Interface& from, Departure departure) override;
  Sent to_wire(wire::FramePtr frame, sc_core::sc_time at);

  // ingress.cpp: in.
  void receive(wire::FramePtr frame, sc_core::sc_time at) override;
  void receive_tunnelled(wire::FramePtr frame, sc_core::sc_time at);
  void transport_received();
  void receive_bridged(wire::FramePtr frame, sc_core::sc_time ready);
  void deliver(std::uint16_t peer, std::uint32_t vni, wire::FramePtr inner, sc_core::sc_time ready) override;
  void peer_down(std::uint16_t peer) override;
  void arrive(const FlowAction& action, wire::FramePtr frame, sc_core::sc_time ready);
  // To bridged interfaces but `except`; whether there was one.
  bool deliver_bridged(const Interface* except, const wire::Frame& frame, sc_core::sc_time ready);

  // vpc.cpp: known and unknown flows.
  const FlowAction* look_up(UnknownFlow& flow, std::span<const std::byte> frame, const net::Parsed& parsed,
                            bool cacheable);
  Decision decide(const UnknownFlow& flow, const vpc_message_verdict& verdict) override;
  bool install(const UnknownFlow& flow, const FlowAction& action, const vpc_message_verdict& verdict);
  void apply(const UnknownFlow& flow, const FlowAction& action, wire::FramePtr frame, sc_core::sc_time at) override;
  void drop(const UnknownFlow& flow, Drop reason) override;

  Interface* interface(std::uint16_t function) const {
    return function < interfaces_.size() ? interfaces_[function].get() : nullptr;
  }

  VpcConfig config_;
  wire::FramePool& frames_;
  RegisterBank registers_;
  RegisterBank absent_;  // the page of a function without an interface
  FirmwareChannel firmware_;
  memory::Mailbox::Channel& channel_;
  CardMemory card_memory_{card};
  DropCounters drops_;
  Peers peers_;
  Transit transit_;
  Tunnel tunnel_;
  std::unique_ptr<Transport> transport_;
  // For the transport, which measures time and so gets each when it has arrived.
  struct TransportPacket {
    sc_core::sc_time at, ready;
    std::uint16_t peer = 0;
    bool replayed = false;
    std::uint32_t vni = 0;
    std::size_t option_bytes = 0;
    std::array<std::byte, geneve::kMostTransportBytes> option;
    wire::FramePtr inner;  // null: there is none
  };
  wire::Ring<TransportPacket> arriving_;
  Callback<&Vpc::transport_received> transport_arrival_{scheduler(), *this};
  FlowCache flows_;
  SlowPath slow_path_;
  std::array<std::unique_ptr<Interface>, 256> interfaces_;  // by function number
  std::vector<Interface*> connected_;                       // those that there are
  Counter& wire_packets_;
  Counter& wire_bytes_;
  Counter& hits_;
  Counter& misses_;
  Counter& installed_;
  Counter& not_cached_;
  Counter& consumed_;
  Counter& injected_;
  Counter& bad_messages_;
};

}  // namespace cardvp::nic
