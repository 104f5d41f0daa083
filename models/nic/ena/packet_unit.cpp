#include "models/nic/ena/packet_unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cardvp::nic::ena {

using sc_core::sc_time;

namespace {

// How far the pipeline may be behind what is handed to it, so that what a function keeps of packets is bounded. Then it
// catches up by half of that before it gets more: not an event for each packet.
const sc_time kMostBehind(2, sc_core::SC_US);
const sc_time kCaughtUp(1, sc_core::SC_US);

}  // namespace

const char* name_of(Drop reason) {
  static constexpr const char* kNames[] = {"tx_malformed", "tx_unreadable", "tx_offload",   "tx_too_long",
                                           "rx_too_long",  "rx_no_queue",   "rx_no_buffer", "rx_many_buffers",
                                           "rx_backlog",   "rx_unsent"};
  static_assert(std::size(kNames) == kDrops);
  return kNames[static_cast<std::size_t>(reason)];
}

PacketUnit::PacketUnit(Sim& sim, const std::string& name, const Config& config, pcie::Function& host,
                       DataPath& data_path, wire::FramePool& frames, const PacketMath& math)
    : sim_(sim),
      name_(name),
      log_(sim.log, name),
      energy_(sim.energy.meter(name)),
      config_(config),
      host_(host),
      data_path_(data_path),
      frames_(frames),
      math_(math),
      tx_{sim.stats.counter(name + ".tx_packets", "packets"), sim.stats.counter(name + ".tx_bytes", "bytes")},
      rx_{sim.stats.counter(name + ".rx_packets", "packets"), sim.stats.counter(name + ".rx_bytes", "bytes")} {
  for (unsigned i = 0; i < kDrops; ++i)
    drops_[i] = &sim.stats.counter(fmt::format("{}.drops.{}", name, name_of(static_cast<Drop>(i))), "packets");
}

void PacketUnit::reset() { totals_ = {}; }

PacketUnit::QueueCounters PacketUnit::queue_counters(const char* direction, unsigned index) const {
  const std::string queue = fmt::format("{}.{}{}", name_, direction, index);
  return {sim_.stats.counter(queue + ".packets", "packets"), sim_.stats.counter(queue + ".bytes", "bytes")};
}

sc_time PacketUnit::transmit_from() const {
  if (tx_pipeline_.free <= now() + kMostBehind) return tx_allowed_;
  return std::max(tx_allowed_, tx_pipeline_.free - kCaughtUp);
}

void PacketUnit::transmit(wire::FramePtr frame, sc_time calculated, QueueCounters counters) {
  const std::uint64_t bytes = frame->size();
  const sc_time ready = tx_pipeline_.pass(now(), config_.packet_overhead, calculated);
  energy_.add_picojoules(config_.picojoules_per_packet + static_cast<double>(bytes) * config_.picojoules_per_byte);
  const DataPath::Sent sent = data_path_.transmit(config_.function, std::move(frame), ready);
  tx_allowed_ = sent.next;
  if (!sent.accepted) {
    ++totals_.tx_drops;
    return;
  }
  totals_.tx_bytes += bytes;
  ++totals_.tx_packets;
  for (const QueueCounters& each : {tx_, counters}) {
    each.packets.add();
    each.bytes.add(bytes);
  }
}

sc_time PacketUnit::receive_at(sc_time ready, sc_time calculated) {
  return rx_pipeline_.pass(std::max(ready, now()), config_.packet_overhead, calculated);
}

void PacketUnit::received(std::uint64_t bytes, QueueCounters counters) {
  energy_.add_picojoules(config_.picojoules_per_packet + static_cast<double>(bytes) * config_.picojoules_per_byte);
  totals_.rx_bytes += bytes;
  ++totals_.rx_packets;
  for (const QueueCounters& each : {rx_, counters}) {
    each.packets.add();
    each.bytes.add(bytes);
  }
}

void PacketUnit::drop(Drop reason, std::uint64_t packets) {
  drops_[static_cast<std::size_t>(reason)]->add(packets);
  if (reason < Drop::kRxTooLong) {
    totals_.tx_drops += packets;
    return;
  }
  totals_.rx_drops += packets;
  // RX_OVERRUNS: those without a buffer, or without a queue to have one.
  if (reason == Drop::kRxNoQueue || reason == Drop::kRxNoBuffer) totals_.rx_overruns += packets;
}

void PacketUnit::stopped(const char* queue, unsigned index, DmaStatus status) const {
  log_.warning("submission queue cannot be read: it stops",
               {{"queue", queue}, {"index", index}, {"status", static_cast<unsigned>(status)}});
}

}  // namespace cardvp::nic::ena
