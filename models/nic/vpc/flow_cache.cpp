#include "models/nic/vpc/flow_cache.h"

#include <algorithm>

namespace cardvp::nic {

using sc_core::sc_time;

namespace {

enum TcpFlags : std::uint8_t { kFin = 0x01, kSyn = 0x02, kRst = 0x04 };  // RFC 9293, 3.1

}  // namespace

FlowCache::FlowCache(std::size_t entries) : sets_(std::max<std::size_t>(1, entries / kWays)) {}

std::uint64_t FlowCache::hash(FlowScope scope, const net::FlowKey& key) {
  std::uint64_t mixed = net::hash_of(key) ^ (scope.value * 0x9e3779b97f4a7c15);
  mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93;
  return mixed ^ mixed >> 32;
}

void FlowCache::set_idle_timeout(sc_time timeout) {
  idle_timeout_ = timeout;
  for (Owner& owner : owners_) owner.next_expiry = sc_core::SC_ZERO_TIME;
}

sc_time FlowCache::expiry(const Connection& connection) const {
  return connection.last_use + (connection.closed() ? std::min(idle_timeout_, kClosedIdle) : idle_timeout_);
}

std::uint32_t FlowCache::find_reference(FlowScope scope, const net::FlowKey& key, std::uint64_t hash) {
  const Set& set = set_of(hash);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t way = 0; way < kWays; ++way) {
    if (set.tags[way] != tag || set.references[way] == kNone) continue;
    const std::uint32_t reference = set.references[way];
    const Flow& flow = connections_[reference / 2].sides[reference % 2].flow;
    if (flow.scope == scope && flow.key == key) return reference;
  }
  return kNone;
}

const FlowAction* FlowCache::find(FlowScope scope, const net::FlowKey& key, std::uint64_t hash, std::uint8_t tcp_flags,
                                  sc_time now) {
  const std::uint32_t reference = find_reference(scope, key, hash);
  if (reference == kNone) return nullptr;
  Connection& connection = connections_[reference / 2];
  if (expiry(connection) <= now) {
    erase(reference / 2);
    return nullptr;
  }
  connection.last_use = now;
  if (tcp_flags & (kFin | kSyn | kRst)) note_tcp(connection, reference % 2, tcp_flags);
  return &connection.sides[reference % 2].flow.action;
}

void FlowCache::note_tcp(Connection& connection, unsigned side, std::uint8_t flags) {
  if (flags & kRst) connection.reset = true;
  if (flags & kFin) connection.sides[side].finished = true;
  if (flags == kSyn) {  // the ports are used again
    connection.reset = false;
    for (Side& each : connection.sides) each.finished = false;
  }
  Owner& of = owner(connection.owner);
  of.next_expiry = std::min(of.next_expiry, expiry(connection));
}

bool FlowCache::insert(const Flow& flow, const Flow* reverse, std::uint16_t owner_function, sc_time now) {
  const std::uint64_t flow_hash = hash(flow.scope, flow.key);
  const std::uint64_t reverse_hash = reverse ? hash(reverse->scope, reverse->key) : 0;
  forget(flow.scope, flow.key, flow_hash);
  if (reverse) forget(reverse->scope, reverse->key, reverse_hash);

  const std::uint32_t index = allocate(flow, owner_function);
  Connection& connection = connections_[index];
  connection.last_use = now;
  connection.sides[0].hash = flow_hash;
  if (reverse) connection.sides[1] = {*reverse, reverse_hash, false, false};
  for (unsigned side = 0; side < (reverse ? 2u : 1u); ++side) {
    if (!place(index * 2 + side, connection.sides[side].hash, now)) {
      erase(index);
      return false;
    }
    connection.sides[side].present = true;
  }
  Owner& of = owner(owner_function);
  of.next_expiry = std::min(of.next_expiry, expiry(connection));
  return true;
}

// A free place of the set, or else that of the flow which can be spared best: one that is only dropped, or the one that
// is idle for longest.
bool FlowCache::place(std::uint32_t reference, std::uint64_t hash, sc_time now) {
  Set& set = set_of(hash);
  auto free = std::find(set.references.begin(), set.references.end(), kNone);
  if (free == set.references.end()) {
    sc_time oldest = sc_core::sc_max_time();
    std::uint32_t victim = kNone;
    for (const std::uint32_t other : set.references) {
      const Connection& connection = connections_[other / 2];
      if (other / 2 == reference / 2) continue;
      const sc_time since = connection.drops() ? sc_core::SC_ZERO_TIME : connection.last_use;
      const bool spare = connection.drops() || expiry(connection) <= now || since + kSpareAfter <= now;
      if (!spare || since >= oldest) continue;
      oldest = since;
      victim = other / 2;
    }
    if (victim == kNone) return false;
    erase(victim);
    free = std::find(set.references.begin(), set.references.end(), kNone);
  }
  *free = reference;
  set.tags[static_cast<std::size_t>(free - set.references.begin())] = static_cast<std::uint32_t>(hash >> 32);
  ++flows_;
  return true;
}

void FlowCache::unplace(std::uint32_t reference, std::uint64_t hash) {
  Set& set = set_of(hash);
  *std::find(set.references.begin(), set.references.end(), reference) = kNone;
  --flows_;
}

std::uint32_t FlowCache::allocate(const Flow& flow, std::uint16_t owner_function) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(connections_.size()));
    connections_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Owner& of = owner(owner_function);
  Connection& connection = connections_[index] = {};
  connection.used = true;
  connection.owner = owner_function;
  connection.sides[0].flow = flow;
  connection.after = of.first;
  if (of.first == kNone) of.next_expiry = sc_core::sc_max_time();
  if (of.first != kNone) connections_[of.first].before = index;
  of.first = index;
  if (!connection.drops()) ++of.count;
  return index;
}

void FlowCache::erase(std::uint32_t index) {
  Connection& connection = connections_[index];
  for (unsigned side = 0; side < 2; ++side)
    if (connection.sides[side].present) unplace(index * 2 + side, connection.sides[side].hash);
  Owner& of = owner(connection.owner);
  (connection.before == kNone ? of.first : connections_[connection.before].after) = connection.after;
  if (connection.after != kNone) connections_[connection.after].before = connection.before;
  if (!connection.drops()) --of.count;
  connection = {};
  free_.push_back(index);
}

void FlowCache::forget(FlowScope scope, const net::FlowKey& key, std::uint64_t hash) {
  const std::uint32_t reference = find_reference(scope, key, hash);
  if (reference != kNone) erase(reference / 2);
}

void FlowCache::sweep(Owner& owner, sc_time now) {
  if (owner.next_expiry > now) return;
  owner.next_expiry = sc_core::sc_max_time();
  for (std::uint32_t index = owner.first; index != kNone;) {
    const std::uint32_t after = connections_[index].after;
    const sc_time end = expiry(connections_[index]);
    if (end <= now)
      erase(index);
    else
      owner.next_expiry = std::min(owner.next_expiry, end);
    index = after;
  }
}

std::size_t FlowCache::flows(sc_time now) {
  for (Owner& each : owners_) sweep(each, now);
  return flows_;
}

std::uint32_t FlowCache::connections(std::uint16_t function, sc_time now) {
  Owner& of = owner(function);
  sweep(of, now);
  return of.count;
}

template <class Condition>
void FlowCache::remove_if(Condition condition) {
  for (std::uint32_t index = 0; index < connections_.size(); ++index)
    if (connections_[index].used && condition(connections_[index])) erase(index);
}

void FlowCache::remove_interface(std::uint16_t function) {
  const auto concerns = [function](const Side& side) {
    return side.present && (side.flow.scope.is_egress_of(function) ||
                            (side.flow.action.action == VPC_TO_INTERFACE && side.flow.action.function == function));
  };
  remove_if([=](const Connection& connection) {
    return connection.owner == function || concerns(connection.sides[0]) || concerns(connection.sides[1]);
  });
}

void FlowCache::remove_peer(std::uint16_t peer) {
  const auto concerns = [peer](const Side& side) {
    return side.present && ((side.flow.action.action == VPC_TO_PEER && side.flow.action.peer == peer) ||
                            side.flow.scope.is_ingress_of(peer));
  };
  remove_if(
      [=](const Connection& connection) { return concerns(connection.sides[0]) || concerns(connection.sides[1]); });
}

void FlowCache::clear() {
  remove_if([](const Connection&) { return true; });
}

}  // namespace cardvp::nic
