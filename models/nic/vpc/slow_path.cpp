#include "models/nic/vpc/slow_path.h"

#include <algorithm>

#include "models/net/headers.h"

namespace cardvp::nic {

using sc_core::sc_time;

SlowPath::SlowPath(Sim& sim, const std::string& name, FirmwareChannel& firmware, CardMemory& memory,
                   SlowPathClient& client)
    : sim_(sim),
      firmware_(firmware),
      memory_(memory),
      client_(client),
      timer_(sim.scheduler, *this),
      to_firmware_(sim.stats.counter(name + ".packets_to_firmware", "packets")),
      stale_verdicts_(sim.stats.counter(name + ".stale_verdicts", "messages")) {}

SlowPath::Slot* SlowPath::find(const UnknownFlow& flow) {
  if (!flow.cacheable) return nullptr;
  for (Slot& slot : slots_)
    if (slot.flow.hash == flow.hash && slot.frame && slot.flow.cacheable && slot.flow.scope == flow.scope &&
        slot.flow.key == flow.key)
      return &slot;
  return nullptr;
}

SlowPath::Slot* SlowPath::allocate(const UnknownFlow& flow) {
  unsigned held = 0, free = 0;
  Slot* first_free = nullptr;
  Slot* oldest = nullptr;
  for (Slot& slot : slots_) {
    if (!slot.frame) {
      if (!first_free) first_free = &slot;
      ++free;
      continue;
    }
    if (slot.flow.source() == flow.source()) ++held;
    if (!oldest || slot.order < oldest->order) oldest = &slot;
  }
  if (first_free && held < kMostOfOne && held * 2 < free) return first_free;
  if (!oldest || sim_.scheduler.now() < oldest->due + kMostHeld) return nullptr;
  drop(*oldest, Drop::kNoVerdict);
  return oldest;
}

std::optional<Drop> SlowPath::submit(const UnknownFlow& flow, wire::FramePtr frame, sc_time ready,
                                     std::uint32_t generation) {
  if (Slot* const before = find(flow)) {
    if (before->waiting.size() >= kMostWaiting) return Drop::kSlowPathFull;
    before->waiting.push_back({std::move(frame), ready});
    return std::nullopt;
  }
  if (slots_address_ == 0) return Drop::kNoSlots;
  Slot* const slot = allocate(flow);
  if (!slot) return Drop::kSlowPathFull;
  slot->flow = flow;
  start(*slot, std::move(frame), ready, generation);
  return std::nullopt;
}

void SlowPath::start(Slot& slot, wire::FramePtr frame, sc_time ready, std::uint32_t generation) {
  slot.frame = std::move(frame);
  slot.generation = generation;
  slot.due = std::max(ready, sim_.scheduler.now());
  slot.sent = false;
  slot.order = order_++;
  slot.tag = static_cast<std::uint32_t>(slot.order * VPC_SLOTS + static_cast<std::size_t>(&slot - slots_.data()));
  arm();
}

void SlowPath::arm() {
  const Slot* first = nullptr;
  for (const Slot& slot : slots_)
    if (slot.frame && !slot.sent && (!first || slot.due < first->due)) first = &slot;
  if (first)
    timer_.call_at(std::max(first->due, sim_.scheduler.now()));
  else
    timer_.cancel();
}

void SlowPath::send_due() {
  const sc_time now = sim_.scheduler.now();
  for (;;) {
    Slot* next = nullptr;
    for (Slot& slot : slots_)
      if (slot.frame && !slot.sent && slot.due <= now && (!next || slot.order < next->order)) next = &slot;
    if (!next) break;
    next->sent = true;
    if (!send(*next)) drop(*next, Drop::kNoSlots);
  }
  arm();
}

bool SlowPath::send(Slot& slot) {
  const UnknownFlow& flow = slot.flow;
  const std::span<const std::byte> bytes = slot.frame->bytes();
  const auto number = static_cast<std::uint16_t>(&slot - slots_.data());
  sc_time delay;  // of the copy: the firmware hears of it only behind it, and no sooner than its interrupt
  const auto start = bytes.first(std::min<std::size_t>(bytes.size(), VPC_SLOT_BYTES));
  if (!memory_.write(slots_address_ + std::uint64_t{number} * VPC_SLOT_BYTES, start, delay)) return false;
  vpc_message_packet message{};
  message.header = {VPC_MESSAGE_PACKET, flow.function, slot.tag};
  message.direction = flow.direction;
  message.flags = flow.flags;
  message.slot = number;
  message.bytes = static_cast<std::uint16_t>(bytes.size());
  message.ether_type = flow.ether_type;
  message.vni = flow.vni;
  message.peer = flow.peer;
  message.protocol = flow.key.protocol;
  std::copy(flow.key.source.bytes.begin(), flow.key.source.bytes.end(), message.source);
  std::copy(flow.key.destination.bytes.begin(), flow.key.destination.bytes.end(), message.destination);
  message.source_port = flow.key.source_port;
  message.destination_port = flow.key.destination_port;
  const net::MacAddress to = net::destination_mac(bytes), from = net::source_mac(bytes);
  std::copy(to.bytes.begin(), to.bytes.end(), message.destination_mac);
  std::copy(from.bytes.begin(), from.bytes.end(), message.source_mac);
  message.generation = slot.generation;
  to_firmware_.add();
  return firmware_.send(message);
}

void SlowPath::verdict(const vpc_message_verdict& verdict, std::uint32_t generation) {
  Slot& slot = slots_[verdict.header.tag % VPC_SLOTS];
  if (!slot.frame || !slot.sent || slot.tag != verdict.header.tag) return stale_verdicts_.add();
  const UnknownFlow flow = slot.flow;
  const SlowPathClient::Decision decision = client_.decide(flow, verdict);
  const sc_time now = sim_.scheduler.now();
  wire::FramePtr first = std::move(slot.frame);
  std::deque<Waiting> waiting = std::move(slot.waiting);
  slot.waiting.clear();
  if (!decision.for_flow && !waiting.empty()) {
    Waiting next = std::move(waiting.front());
    waiting.pop_front();
    slot.waiting = std::move(waiting);
    waiting.clear();
    start(slot, std::move(next.frame), next.ready, generation);
  }
  client_.apply(flow, decision.action, std::move(first), now);
  for (Waiting& each : waiting) client_.apply(flow, decision.action, std::move(each.frame), std::max(now, each.ready));
}

void SlowPath::drop(Slot& slot, Drop reason) {
  const std::size_t packets = 1 + slot.waiting.size();
  for (std::size_t i = 0; i < packets; ++i) client_.drop(slot.flow, reason);
  slot.frame.reset();
  slot.waiting.clear();
  arm();
}

}  // namespace cardvp::nic
