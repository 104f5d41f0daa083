#include "models/nic/transport/transport.h"

#include <cassert>
#include <vector>

#include "models/nic/transport/counters.h"
#include "models/nic/transport/receiver.h"
#include "models/nic/transport/sender.h"

namespace cardvp::nic {

using sc_core::sc_time;
using transport::Ack;
using transport::Data;

struct Transport::Parts {
  Parts(Sim& sim, const std::string& name, const TransportConfig& config, TransportLower& lower, TransportUpper& upper)
      : scheduler(sim.scheduler),
        limits(config),
        shared{config, lower, upper, transport::Counters(sim.stats, name + ".", config.paths),
               static_cast<std::uint32_t>(derive_seed(sim.seed, name))} {}

  Peer& peer(std::uint16_t number);
  Peer* find(std::uint16_t number) const { return number < peers.size() ? peers[number].get() : nullptr; }
  void drop(std::uint16_t number);
  void give_up(std::uint16_t number);

  Scheduler& scheduler;
  const transport::PathLimits limits;
  transport::Shared shared;
  std::vector<std::unique_ptr<Peer>> peers;  // by number
};

// A connection: both halves, and when they want to be called. To cancel a timer costs a search, so one that is set too
// early is left, and looks again when it comes.
struct Transport::Peer {
  Peer(Parts& of, std::uint16_t number)
      : parts(of),
        number(number),
        sender(of.shared, number, of.limits),
        receiver(of.shared, number),
        loss_timer(of.scheduler, *this),
        ack_timer(of.scheduler, *this) {}

  sc_time now() const { return parts.scheduler.now(); }
  void received(const Data& data, std::uint32_t vni, wire::FramePtr inner, bool replayed, sc_time ready);
  void settle_acks();
  void send(const Ack& ack);
  void watch_losses();
  void expire();

  Parts& parts;
  const std::uint16_t number;
  transport::Sender sender;
  transport::Receiver receiver;
  Callback<&Peer::expire> loss_timer;
  Callback<&Peer::settle_acks> ack_timer;
  sc_time loss_timer_at;
};

Transport::Peer& Transport::Parts::peer(std::uint16_t number) {
  if (number >= peers.size()) peers.resize(number + std::size_t{1});
  if (!peers[number]) peers[number] = std::make_unique<Peer>(*this, number);
  return *peers[number];
}

void Transport::Parts::drop(std::uint16_t number) {
  Peer* const peer = find(number);
  if (!peer) return;
  shared.count.dropped_outstanding.add(peer->sender.outstanding());
  shared.count.dropped_held.add(peer->receiver.held());
  peers[number].reset();
}

void Transport::Parts::give_up(std::uint16_t number) {
  drop(number);
  shared.count.peer_downs.add();
  shared.upper.peer_down(number);
}

void Transport::Peer::received(const Data& data, std::uint32_t vni, wire::FramePtr inner, bool replayed,
                               sc_time ready) {
  if (receiver.refuses(data)) {
    parts.shared.count.dropped_stale.add();
    return send(receiver.make_refusal(data.stream));
  }
  if (receiver.receive(data, vni, std::move(inner), replayed, ready, now())) sender.suspect_ack_path();
  settle_acks();
}

void Transport::Peer::settle_acks() {
  const sc_time due = receiver.ack_due();
  if (due <= now())
    send(receiver.make_ack(now()));
  else if (due != sc_core::sc_max_time() && !ack_timer.pending())
    ack_timer.call_at(due);
}

void Transport::Peer::send(const Ack& ack) {
  const transport::EncodedOption option(ack);
  sc_time ready = now();
  const wire::FramePtr outer = parts.shared.lower.encapsulate(number, 0, option.bytes(), nullptr, ready);
  if (!outer) return parts.shared.count.dropped_no_outer.add();
  parts.shared.count.acks.add();
  parts.shared.lower.send(number, sender.path_for_ack(now().value()), *outer, ready);
}

void Transport::Peer::watch_losses() {
  // Nothing that was just sent is due before the least timeout.
  if (loss_timer.pending() && loss_timer_at <= now() + parts.shared.config.least_timeout) return;
  const sc_time due = sender.deadline(now());
  if (due == sc_core::sc_max_time() || (loss_timer.pending() && loss_timer_at <= due)) return;
  loss_timer_at = due;
  loss_timer.call_at(due);
}

void Transport::Peer::expire() {
  if (!sender.expire(now())) return parts.give_up(number);  // which ends this object
  watch_losses();
}

Transport::Transport(sc_core::sc_module_name name, Sim& sim, const TransportConfig& config, TransportLower& lower,
                     TransportUpper& upper)
    : Model(name, sim), parts_(std::make_unique<Parts>(sim, this->name(), config, lower, upper)) {
  assert(config.paths >= 1 && config.paths <= 64);
  assert(config.window_packets >= 1 && config.window_packets <= 16384);
  assert(config.reorder_packets >= 1 && config.reorder_packets <= 32768);
}

Transport::~Transport() = default;

sc_time Transport::transmit(std::uint16_t peer, std::uint32_t vni, std::uint32_t flow, wire::FramePtr inner,
                            sc_time ready) {
  Peer& to = parts_->peer(peer);
  const sc_time next = to.sender.transmit(vni, flow, std::move(inner), ready, now());
  to.watch_losses();
  return next;
}

void Transport::receive(std::uint16_t peer, std::uint32_t vni, std::span<const std::byte> option, wire::FramePtr inner,
                        bool replayed, sc_time ready) {
  transport::Counters& count = parts_->shared.count;
  const auto packet = transport::decode(option);
  if (const auto* const data = std::get_if<Data>(&packet); data && (inner || replayed))
    return parts_->peer(peer).received(*data, vni, std::move(inner), replayed, ready);
  const auto* const ack = std::get_if<Ack>(&packet);
  if (!ack || inner) return count.dropped_bad_option.add();
  if (replayed) return count.dropped_replayed.add();
  Peer* const to = parts_->find(peer);
  if (!to) return count.dropped_stale.add();
  to->sender.acknowledge(*ack, now());
  to->watch_losses();
}

void Transport::drop_peer(std::uint16_t peer) { parts_->drop(peer); }

void Transport::reset() {
  for (std::size_t number = 0; number < parts_->peers.size(); ++number)
    parts_->drop(static_cast<std::uint16_t>(number));
}

}  // namespace cardvp::nic
