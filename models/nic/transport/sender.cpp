#include "models/nic/transport/sender.h"

#include <algorithm>

namespace cardvp::nic::transport {

using sc_core::sc_time;

Sender::Sender(Shared& shared, std::uint16_t peer, const PathLimits& limits)
    : shared_(shared),
      peer_(peer),
      limits_(limits),
      give_up_(shared.config.give_up.value()),
      routes_(shared.config.paths, Route{Path(limits), {}}),
      stream_(shared.new_incarnation()) {
  last_of_flow_.fill(kFirstSequence - 1);
}

// --- Sending ---------------------------------------------------------------------------------------------------------

sc_time Sender::transmit(std::uint32_t vni, std::uint32_t flow, wire::FramePtr inner, sc_time ready, sc_time now) {
  if (waiting_end_ - waiting_first_ >= shared_.config.waiting_packets) {
    shared_.count.dropped_window.add();
    return now + sc_time::from_value(time_to_drain());
  }
  waiting_.reach(waiting_first_, waiting_end_ + 1 - waiting_first_);
  waiting_[waiting_end_++] = {std::move(inner), ready, vni, flow};
  pump(now.value());
  return now + sc_time::from_value(time_to_drain());
}

// What was lost first: the receiver holds back others for it.
void Sender::pump(Ticks now) {
  while (!lost_.empty()) {
    const std::uint32_t sequence = lost_.front();
    const int path = choose(now, sent_[sequence].path);
    if (path == kNone) return;
    lost_.remove(sent_, sequence);
    sent_[sequence].repeated = true;
    shared_.count.retransmissions.add();
    send(sequence, static_cast<unsigned>(path), sc_time::from_value(now));
  }
  while (waiting_first_ != waiting_end_ && end_ - first_ < shared_.config.window_packets) {
    const int path = choose(now, kNone);
    if (path == kNone) return;
    send_new(static_cast<unsigned>(path), waiting_[waiting_first_++], now);
  }
}

void Sender::send_new(unsigned path, Waiting& waiting, Ticks now) {
  const EncodedOption option(
      Data{.stream = stream_, .receiver = receiver_, .sequence = end_, .after = distance_to_predecessor(waiting.flow)});
  sc_time ready = std::max(waiting.ready, sc_time::from_value(now));
  wire::FramePtr outer = shared_.lower.encapsulate(peer_, waiting.vni, option.bytes(), std::move(waiting.inner), ready);
  if (!outer) return shared_.count.dropped_no_outer.add();

  if (first_ == end_) progress_ = now;
  last_of_flow_[waiting.flow % kFlowSlots] = end_;
  sent_.reach(first_, end_ + 1 - first_);
  Packet& packet = sent_[end_];
  packet.outer = std::move(outer);
  packet.repeated = false;
  shared_.count.packets.add();
  send(end_++, path, ready);
}

void Sender::send(std::uint32_t sequence, unsigned path, sc_time at) {
  Packet& packet = sent_[sequence];
  Route& route = routes_[path];
  packet.left = shared_.lower.send(peer_, path, *packet.outer, at).value();
  packet.path = static_cast<std::uint8_t>(path);
  packet.order = route.path.sent(packet.left);
  packet.state = Packet::State::kInFlight;
  route.packets.append(sent_, sequence);
  shared_.count.paths[path].packets.add();
}

// A predecessor that is not in the window any more was delivered.
std::uint16_t Sender::distance_to_predecessor(std::uint32_t flow) {
  const std::uint32_t last = last_of_flow_[flow % kFlowSlots];
  return in_window(last) ? static_cast<std::uint16_t>(end_ - last) : std::uint16_t{0};
}

// Paths with a short round trip take turns, and those that nothing was sent by for a while: theirs may have become
// short. If none of them has room, the one with the shortest that has; the one to be avoided last.
int Sender::choose(Ticks now, int avoid) {
  int best = kNone;
  const auto count = static_cast<unsigned>(routes_.size());
  for (unsigned step = 0, i = cursor_; step < count; ++step, i = i + 1 == count ? 0 : i + 1) {
    const Path& path = routes_[i].path;
    if (!path.has_room(now)) continue;
    const bool is_near = path.round_trip() <= near_ || path.last_left() + limits_.least_rest <= now;
    if (is_near && static_cast<int>(i) != avoid) {
      cursor_ = i + 1 == count ? 0 : i + 1;
      return static_cast<int>(i);
    }
    if (best == kNone || best == avoid ||
        (static_cast<int>(i) != avoid && path.round_trip() < routes_[best].path.round_trip()))
      best = static_cast<int>(i);
  }
  return best;
}

void Sender::update_near() {
  Ticks shortest = ~Ticks{0};
  for (const Route& route : routes_) {
    if (const Ticks time = route.path.round_trip()) shortest = std::min(shortest, time);
  }
  near_ = shortest == ~Ticks{0} ? shortest : shortest + shortest / 2 + limits_.queueing;
}

unsigned Sender::path_for_ack(Ticks now) {
  const auto count = static_cast<unsigned>(routes_.size());
  for (unsigned tries = 0; tries < count; ++tries, ++ack_path_) {
    const Path& path = routes_[ack_path_ % count].path;
    if (now >= path.rest_until() && path.round_trip() <= near_) break;
  }
  return ack_path_ % count;
}

// How long the packets that wait will take to go, at the rate that the windows allow; 0 if none waits.
Ticks Sender::time_to_drain() const {
  if (waiting_first_ == waiting_end_) return 0;
  double rate = 0;  // packets per tick
  for (const Route& route : routes_) {
    const Ticks round_trip = route.path.round_trip() ? route.path.round_trip() : limits_.least_timeout;
    rate += route.path.window() / static_cast<double>(round_trip);
  }
  return static_cast<Ticks>((waiting_end_ - waiting_first_) / rate);
}

// --- Acknowledgements ------------------------------------------------------------------------------------------------

void Sender::acknowledge(const Ack& ack, sc_time at) {
  const Ticks now = at.value();
  if (ack.stream != stream_) return shared_.count.dropped_stale.add();
  if (receiver_ != 0 && ack.receiver != receiver_) {
    receiver_ = ack.receiver;
    return restart(now);
  }
  // One that others have overtaken is of use still; one of what was never sent is none.
  if (before(end_, ack.next)) return shared_.count.dropped_bad_option.add();
  receiver_ = ack.receiver;

  acknowledge_arrivals(ack, now);
  acknowledge_map(ack, now);
  for (std::uint32_t sequence = first_; before(sequence, ack.next); ++sequence)
    acknowledge_one(sequence, 0, false, now);
  advance(now);
  lose_passed(now);
  update_near();
  pump(now);
}

void Sender::acknowledge_arrivals(const Ack& ack, Ticks now) {
  const auto unit = sc_time(16, sc_core::SC_NS).value();
  for (unsigned i = 0; i < ack.arrivals; ++i) {
    const Arrival& arrival = ack.arrival[i];
    const auto distance = static_cast<std::int16_t>(arrival.sequence - static_cast<std::uint16_t>(ack.next));
    const std::uint32_t sequence = ack.next + static_cast<std::uint32_t>(std::int32_t{distance});
    if (in_window(sequence)) acknowledge_one(sequence, arrival.age * unit, arrival.age != 0xffff, now);
  }
}

void Sender::acknowledge_map(const Ack& ack, Ticks now) {
  for (unsigned word = 0; word < ack.map.size(); ++word) {
    for (std::uint64_t bits = ack.map[word]; bits;) {
      const auto skip = static_cast<unsigned>(std::countl_zero(bits));
      bits &= ~(1ull << (63 - skip));
      const std::uint32_t sequence = ack.next + ack.map_base + word * 64 + skip;
      if (in_window(sequence)) acknowledge_one(sequence, 0, false, now);
    }
  }
}

void Sender::acknowledge_one(std::uint32_t sequence, Ticks age, bool timed, Ticks now) {
  Packet& packet = sent_[sequence];
  if (packet.state == Packet::State::kAcknowledged) return;
  Route& route = routes_[packet.path];
  if (packet.repeated || packet.state == Packet::State::kLost) note_early(packet, now);
  if (!packet.repeated) {
    route.path.arrived(packet.order);
    heard_ = now;
  }
  Ticks round_trip = 0;
  if (timed && !packet.repeated && packet.left + age < now) {
    round_trip = now - age - packet.left;
    route.path.measure(round_trip, now);
    shared_.count.paths[packet.path].round_trip.add(round_trip);
  }
  if (packet.state == Packet::State::kInFlight) {
    route.packets.remove(sent_, sequence);
    route.path.acknowledged(packet.left, round_trip, now);
  } else {
    lost_.remove(sent_, sequence);
  }
  packet.state = Packet::State::kAcknowledged;
  packet.outer.reset();
  ++acknowledged_ahead_;
}

// One that was taken for lost, and was not: its acknowledgement comes sooner than that of its repetition could. Paths,
// or the acknowledgements' way back, are less in order than was thought.
void Sender::note_early(const Packet& packet, Ticks now) {
  const bool is_early =
      packet.state == Packet::State::kLost || now < packet.left + routes_[packet.path].path.shortest();
  if (!is_early) return;
  shared_.count.spurious.add();
  reordering_ = std::min(kMostReordering, reordering_ * 2);
}

void Sender::advance(Ticks now) {
  while (first_ != end_ && sent_[first_].state == Packet::State::kAcknowledged) {
    ++first_;
    --acknowledged_ahead_;
    progress_ = now;
  }
}

// --- Loss ------------------------------------------------------------------------------------------------------------

void Sender::lose(std::uint32_t sequence, Ticks now) {
  Packet& packet = sent_[sequence];
  Route& route = routes_[packet.path];
  route.packets.remove(sent_, sequence);
  route.path.lost(packet.left, now);
  shared_.count.paths[packet.path].losses.add();
  packet.state = Packet::State::kLost;
  lost_.append(sent_, sequence);
}

void Sender::lose_passed(Ticks now) {
  for (Route& route : routes_) {
    while (!route.packets.empty() && route.path.passed(sent_[route.packets.front()].order, reordering_))
      lose(route.packets.front(), now);
  }
}

void Sender::expire(Route& route, Ticks now) {
  const Ticks limit = timeout(route.path, now);
  unsigned expired = 0;
  while (!route.packets.empty() && sent_[route.packets.front()].left + limit <= now) {
    lose(route.packets.front(), now);
    ++expired;
  }
  if (expired == 0) return;
  shared_.count.timeouts.add();
  if (!route.path.timed_out(expired, now)) return;
  shared_.count.rests.add();
  while (!route.packets.empty()) lose(route.packets.front(), now);
}

bool Sender::expire(sc_time at) {
  const Ticks now = at.value();
  if (first_ != end_ && progress_ + give_up_ <= now) return false;
  for (Route& route : routes_) expire(route, now);
  pump(now);
  return true;
}

sc_time Sender::deadline(sc_time at) const {
  const Ticks now = at.value();
  Ticks due = ~Ticks{0};
  if (first_ != end_) due = progress_ + give_up_;
  const bool wants = !lost_.empty() || waiting_first_ != waiting_end_;
  for (const Route& route : routes_) {
    if (!route.packets.empty())
      due = std::min(due, sent_[route.packets.front()].left + timeout(route.path, now));
    else if (wants && route.path.rest_until() > now)
      due = std::min(due, route.path.rest_until());
  }
  return due == ~Ticks{0} ? sc_core::sc_max_time() : sc_time::from_value(std::max(due, now));
}

// No backoff while others work: what is tried on a path that does not would hold up the window.
Ticks Sender::timeout(const Path& path, Ticks now) const { return path.timeout(heard_ + limits_.least_rest <= now); }

// The receiver has forgotten all. What it had not delivered cannot be sent again: it was sealed as it was.
void Sender::restart(Ticks now) {
  shared_.count.peer_restarts.add();
  shared_.count.dropped_outstanding.add(end_ - first_ - acknowledged_ahead_);
  for (; first_ != end_; ++first_) {
    Packet& packet = sent_[first_];
    if (packet.state == Packet::State::kInFlight) routes_[packet.path].path.forgotten();
    packet = Packet();
  }
  for (Route& route : routes_) route.packets = {};
  lost_ = {};
  acknowledged_ahead_ = 0;
  first_ = end_ = kFirstSequence;
  last_of_flow_.fill(kFirstSequence - 1);
  stream_ = shared_.new_incarnation();
  pump(now);
}

}  // namespace cardvp::nic::transport
