// Packets that the flow cache does not know, on their way to the firmware and back.
//
// One that starts a flow takes a slot of card memory; others of its flow wait behind it and share its verdict, if that
// is for the flow, or else go to the firmware one after another. Everything is bounded, and a flood of new flows hurts
// whom it comes from: a slot is given only to who holds less than half as many as are free (and at most kMostOfOne), so
// that who holds none gets one as long as there is any.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "models/base/card_memory.h"
#include "models/base/model.h"
#include "models/nic/vpc/drops.h"
#include "models/nic/vpc/firmware_channel.h"
#include "models/nic/vpc/flow_cache.h"
#include "models/wire/frame.h"

namespace cardvp::nic {

// All packets of a flow have it in common.
struct UnknownFlow {
  FlowScope scope;
  net::FlowKey key;        // of IP
  std::uint64_t hash = 0;  // of scope and key
  bool cacheable = false;  // a verdict may be for the flow; else each packet goes to the firmware
  std::uint8_t direction = VPC_EGRESS;
  std::uint16_t function = VPC_NO_FUNCTION;  // VPC_EGRESS
  std::uint16_t peer = VPC_NO_PEER;          // VPC_INGRESS
  std::uint32_t vni = 0;
  std::uint8_t flags = 0;  // VPC_PACKET_...
  std::uint16_t ether_type = 0;

  bool from(std::uint16_t interface) const { return direction == VPC_EGRESS && function == interface; }
  std::uint32_t source() const { return std::uint32_t{direction} << 16 | (direction == VPC_EGRESS ? function : peer); }
};

class SlowPathClient {
 public:
  virtual ~SlowPathClient() = default;
  // A verdict has come: what it means, and whether it is for all packets of the flow.
  struct Decision {
    FlowAction action;
    bool for_flow = false;
  };
  virtual Decision decide(const UnknownFlow& flow, const vpc_message_verdict& verdict) = 0;
  virtual void apply(const UnknownFlow& flow, const FlowAction& action, wire::FramePtr frame, sc_core::sc_time at) = 0;
  virtual void drop(const UnknownFlow& flow, Drop reason) = 0;
};

class SlowPath {
 public:
  static constexpr unsigned kMostOfOne = 16;  // slots
  static constexpr std::size_t kMostWaiting =
      128;  // packets behind a flow's first: what a queue can send while the firmware decides
  // A slot that the firmware has held for so long is taken away when others want it.
  static inline const sc_core::sc_time kMostHeld{1, sc_core::SC_SEC};

  SlowPath(Sim& sim, const std::string& name, FirmwareChannel& firmware, CardMemory& memory, SlowPathClient& client);

  // From now on; 0: there is none.
  void set_slots(std::uint64_t address) { slots_address_ = address; }

  // The packet goes to the firmware at `ready`; nothing, or why it was not taken.
  std::optional<Drop> submit(const UnknownFlow& flow, wire::FramePtr frame, sc_core::sc_time ready,
                             std::uint32_t generation);
  void verdict(const vpc_message_verdict& verdict, std::uint32_t generation);

  template <class Condition>
  void drop_if(Condition condition, Drop reason) {
    for (Slot& slot : slots_)
      if (slot.frame && condition(slot.flow)) drop(slot, reason);
  }

 private:
  struct Waiting {
    wire::FramePtr frame;
    sc_core::sc_time ready;
  };
  struct Slot {
    UnknownFlow flow;
    wire::FramePtr frame;  // null: free
    std::deque<Waiting> waiting;
    std::uint32_t tag = 0;
    std::uint32_t generation = 0;
    sc_core::sc_time due;  // to be sent then
    bool sent = false;
    std::uint64_t order = 0;
  };

  Slot* find(const UnknownFlow& flow);
  Slot* allocate(const UnknownFlow& flow);
  void start(Slot& slot, wire::FramePtr frame, sc_core::sc_time ready, std::uint32_t generation);
  void send_due();
  bool send(Slot& slot);
  void drop(Slot& slot, Drop reason);
  void arm();

  Sim& sim_;
  FirmwareChannel& firmware_;
  CardMemory& memory_;
  SlowPathClient& client_;
  std::uint64_t slots_address_ = 0;
  std::array<Slot, VPC_SLOTS> slots_;
  std::uint64_t order_ = 0;
  Callback<&SlowPath::send_due> timer_;
  Counter& to_firmware_;
  Counter& stale_verdicts_;
};

}  // namespace cardvp::nic
