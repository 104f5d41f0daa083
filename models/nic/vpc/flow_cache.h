// The flow cache: what the firmware has decided about flows. A connection is a flow and, if the firmware says so, the
// flow the other way; the two come and go together.
//
// Sets of eight places, chosen by hash. Memory is bounded by the number of places. Nothing polls: what is idle for too
// long is found out when it is looked up, when its place is wanted, and when connections are counted.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include <systemc>

#include "models/net/parse.h"
#include "models/nic/messages.h"
#include "models/nic/vpc/drops.h"

namespace cardvp::nic {

// Where a flow's packets come from: an interface, or a peer with a VPC's number. A flow of one is unknown from another.
struct FlowScope {
  std::uint64_t value = 0;
  static FlowScope egress(std::uint16_t function) { return {function}; }
  static FlowScope ingress(std::uint16_t peer, std::uint32_t vni) {
    return {1ull << 63 | std::uint64_t{peer} << 32 | vni};
  }
  bool is_egress_of(std::uint16_t function) const { return value == function; }
  bool is_ingress_of(std::uint16_t peer) const { return value >> 32 == (1ull << 31 | peer); }
  bool operator==(const FlowScope&) const = default;
};

struct FlowAction {
  vpc_action action = VPC_DROP;
  Drop reason = reason_of(VPC_REASON_NONE);
  bool rewrite_mac = false;
  net::MacAddress mac;
  std::uint16_t peer = VPC_NO_PEER;          // VPC_TO_PEER
  std::uint16_t function = VPC_NO_FUNCTION;  // VPC_TO_INTERFACE; VPC_DROP: whose packet it is, if that is known
  std::uint32_t vni = 0;                     // VPC_TO_PEER
};

struct Flow {
  FlowScope scope;
  net::FlowKey key;
  FlowAction action;
};

class FlowCache {
 public:
  // A place is given up for a new flow if no packet came for so long, or if all it says is to drop.
  static inline const sc_core::sc_time kSpareAfter{1, sc_core::SC_SEC};
  // A TCP connection that has ended (RST, or FIN both ways) is forgotten after so long.
  static inline const sc_core::sc_time kClosedIdle{1, sc_core::SC_SEC};

  explicit FlowCache(std::size_t entries);

  std::size_t capacity() const { return sets_.size() * kWays; }
  void set_idle_timeout(sc_core::sc_time timeout);

  static std::uint64_t hash(FlowScope scope, const net::FlowKey& key);
  // Null if it is unknown. `tcp_flags`: of the packet, 0 if it is none of TCP. `hash`: of scope and key.
  const FlowAction* find(FlowScope scope, const net::FlowKey& key, std::uint64_t hash, std::uint8_t tcp_flags,
                         sc_core::sc_time now);

  // A connection of `owner`; it takes the place of what is known of its flows. False: there is no room.
  bool insert(const Flow& flow, const Flow* reverse, std::uint16_t owner, sc_core::sc_time now);

  // Flows, and an owner's connections (those that are dropped do not count), without what is over.
  std::size_t flows(sc_core::sc_time now);
  std::uint32_t connections(std::uint16_t owner, sc_core::sc_time now);

  void remove_interface(std::uint16_t function);
  void remove_peer(std::uint16_t peer);
  void clear();

 private:
  static constexpr std::size_t kWays = 8;
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t kOwners = 257;  // functions, and what is nobody's

  struct Set {  // a cache line
    Set() { references.fill(kNone); }
    std::array<std::uint32_t, kWays> tags{};  // upper half of the hash
    std::array<std::uint32_t, kWays> references;
  };
  // A reference: index of the connection times 2, plus the side.
  struct Side {
    Flow flow;
    std::uint64_t hash = 0;
    bool present = false;
    bool finished = false;  // it has sent a FIN
  };
  struct Connection {
    std::array<Side, 2> sides;
    sc_core::sc_time last_use;
    std::uint16_t owner = 0;
    bool used = false;
    bool reset = false;                           // by RST
    std::uint32_t before = kNone, after = kNone;  // of the owner's list
    bool drops() const { return sides[0].flow.action.action == VPC_DROP; }
    bool closed() const { return reset || (sides[0].finished && (sides[1].finished || !sides[1].present)); }
  };
  struct Owner {
    std::uint32_t first = kNone;
    std::uint32_t count = 0;       // without those that only drop
    sc_core::sc_time next_expiry;  // nothing of it is over before
  };

  Set& set_of(std::uint64_t hash) { return sets_[((hash & 0xffffffff) * sets_.size()) >> 32]; }
  Owner& owner(std::uint16_t function) { return owners_[std::min<std::size_t>(function, kOwners - 1)]; }
  sc_core::sc_time expiry(const Connection& connection) const;
  std::uint32_t find_reference(FlowScope scope, const net::FlowKey& key, std::uint64_t hash);
  void note_tcp(Connection& connection, unsigned side, std::uint8_t flags);
  bool place(std::uint32_t reference, std::uint64_t hash, sc_core::sc_time now);
  void unplace(std::uint32_t reference, std::uint64_t hash);
  std::uint32_t allocate(const Flow& flow, std::uint16_t owner);
  void erase(std::uint32_t index);
  void forget(FlowScope scope, const net::FlowKey& key, std::uint64_t hash);
  void sweep(Owner& owner, sc_core::sc_time now);
  template <class Condition>
  void remove_if(Condition condition);

  std::vector<Set> sets_;
  std::vector<Connection> connections_;  // grows to what was in use at once
  std::vector<std::uint32_t> free_;
  std::array<Owner, kOwners> owners_;
  std::size_t flows_ = 0;
  sc_core::sc_time idle_timeout_{350, sc_core::SC_SEC};
};

}  // namespace cardvp::nic
