#include "models/wire/fabric.h"

#include <cstring>

#include "models/net/parse.h"

namespace cardvp::wire {

using sc_core::sc_time;

namespace {

// What decides about the path. Of what is not IP, or not what it says it is, the addresses of Ethernet.
net::FlowKey flow_of(std::span<const std::byte> frame) {
  const net::Parsed parsed = net::parse(frame);
  if (parsed.ip() && parsed.fault == net::Fault::kNone) return net::flow_key(frame, parsed);
  net::FlowKey key;
  std::memcpy(key.destination.bytes.data(), frame.data(), 6);
  std::memcpy(key.source.bytes.data(), frame.data() + 6, 6);
  return key;
}

}  // namespace

Fabric::Fabric(Sim& sim, std::string name, const Config& config, FramePool& frames)
    : sim_(sim),
      name_(std::move(name)),
      config_(config),
      frames_(frames),
      flooded_(sim.stats.counter(name_ + ".flooded", "frames")),
      not_learned_(sim.stats.counter(name_ + ".not_learned", "frames")) {
  if (config_.paths.empty()) config_.paths.emplace_back();
}

FabricPort& Fabric::add_port(const std::string& name) {
  const auto number = static_cast<std::uint16_t>(ports_.size());
  Forwarding& forwarding = *this;
  ports_.push_back(std::make_unique<FabricPort>(sim_, name_ + "." + name, config_, number, forwarding));
  return *ports_.back();
}

void Fabric::forward(FabricPort& from, FramePtr frame, sc_time at) {
  const net::MacAddress source = net::source_mac(frame->bytes());
  if (source.is_multicast()) return from.drop(Drop::kBadSource);
  const Path::Crossing crossing = from.cross(path_of(*frame), frame->size(), at);
  if (crossing.drop != Drop::kNone) return from.drop(crossing.drop);
  if (config_.type == Config::Type::kLoopback) return from.put_out(std::move(frame), crossing.arrival);
  if (!table_.learn(source, from.number())) not_learned_.add();
  const net::MacAddress destination = net::destination_mac(frame->bytes());
  const auto port = destination.is_multicast() ? std::nullopt : table_.find(destination);
  if (!port) return flood(from, std::move(frame), crossing.arrival);
  if (*port == from.number()) return from.drop(Drop::kFiltered);
  ports_[*port]->put_out(std::move(frame), crossing.arrival);
}

std::size_t Fabric::path_of(const Frame& frame) const {
  if (config_.paths.size() == 1) return 0;
  const std::uint64_t high = net::hash_of(flow_of(frame.bytes())) >> 32;
  return high * config_.paths.size() >> 32;
}

void Fabric::flood(const FabricPort& from, FramePtr frame, sc_time arrival) {
  flooded_.add();
  FabricPort* last = nullptr;  // gets the frame itself, others get copies
  for (const auto& port : ports_) {
    if (port.get() == &from) continue;
    if (last) last->put_out(frames_.make(frame->bytes()), arrival);
    last = port.get();
  }
  if (last) last->put_out(std::move(frame), arrival);
}

}  // namespace cardvp::wire
