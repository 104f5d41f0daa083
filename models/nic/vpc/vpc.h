// The VPC data path: what becomes of a packet between an interface and the wire.
//
// Out: source checks of a known flow are part of its verdict, so a packet is parsed, looked up in the flow cache, held
// to its interface's allowances, encapsulated (Geneve, RFC 8926) with the VPC's number, sealed if its peer's packets
// are, and sent, over one path or many. In: the same backwards. A packet that the cache does not know goes to the
// firmware (messages.h), which decides once for the flow. Fragments and what is no IP go there each time.
//
// On the card bus: the card's page (vpc.def), then a page per function (vpc_interface.def).
//
// Every packet that goes no further is counted under "drops.REASON", of the interface that it belongs to, or of the
// data path if that is not known.
#pragma once

#include <array>
#include <memory>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/base/bus_target.h"
#include "models/base/card_memory.h"
#include "models/memory/mailbox.h"
#include "models/nic/data_path.h"
#include "models/security/transit_cipher.h"
#include "models/wire/port.h"

namespace cardvp::nic {

struct VpcConfig {
  std::size_t flow_entries = 65536;              // of the flow cache, both directions of a connection
  std::size_t peers = 256;                       // most of them
  sc_core::sc_time lookup{100, sc_core::SC_NS};  // parse, look up, encapsulate or decapsulate: each packet, pipelined
  double picojoules_per_packet = 0;
};

// PART OF THE DESIGN, NOT THE END OF IT: the members behind this interface are the implementation's to choose.
class Vpc : public BusTarget, public DataPath, private wire::PortClient {
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

  // Card reset: registers, flows, peers, associations; packets that are with the firmware are dropped.
  void reset();

 private:
  bool access(const BusAccess& access) override;
  void receive(wire::FramePtr frame) override;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cardvp::nic
