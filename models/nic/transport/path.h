// One path to a peer, as the sender sees it: its round trip, its congestion window, its timeout.
//
// Congestion control is by delay first and by loss second. The window, in packets in flight, doubles each round trip
// until the path shows its limit, and then grows by one packet each round trip. It shrinks, at most once a round trip,
// in proportion to the excess when a round trip is longer than the path's shortest by more than 15 us, and by 0.7 on
// loss. Why delay: the receiver waits for the slowest path, so queues in the fabric cost every flow latency and
// reordering; a control that only knows loss would keep them full. Why 0.7 and not half: much loss in a fabric of many
// paths is no congestion, and what is lost goes another way at once.
//
// Timeouts follow RFC 6298, with backoff; round trips are measured by packets that were sent once only (Karn). A path
// on which nothing arrives any more rests: it is left alone, longer each time, and then tried with one packet.
#pragma once

#include <algorithm>
#include <cstdint>

#include <systemc>

#include "models/nic/transport/transport.h"

namespace cardvp::nic::transport {

using Ticks = std::uint64_t;  // time in units of sc_time::value()

struct PathLimits {
  explicit PathLimits(const TransportConfig& config);

  double most_window;  // packets
  Ticks first_timeout, least_timeout;
  Ticks queueing;   // that a path may have on top of its shortest round trip
  Ticks ack_delay;  // at the receiver
  Ticks least_rest;
  // The shortest round trip is of the last one to two such periods, for routes change. Each begins with half a window,
  // so that the path's queue is seen empty.
  Ticks memory;
};

class Path {
 public:
  explicit Path(const PathLimits& limits) : limits_(&limits) {}

  // Whether one more may be sent now.
  bool has_room(Ticks now) const { return in_flight_ < window_ && now >= rest_until_; }
  Ticks rest_until() const { return rest_until_; }
  unsigned in_flight() const { return in_flight_; }

  // A packet goes this way; `left`: when it will have left the card. Returns its place in the path's order.
  std::uint32_t sent(Ticks left) {
    ++in_flight_;
    last_left_ = left;
    return order_++;
  }
  Ticks last_left() const { return last_left_; }

  // What a packet took, in flight or taken for lost, that was sent once only.
  void measure(Ticks round_trip, Ticks now);
  // One in flight, which left at `left`, has been acknowledged; `round_trip`: 0 if there is no measurement.
  void acknowledged(Ticks left, Ticks round_trip, Ticks now);
  // A packet sent once has arrived, the `order`th: what was sent well before it and has not arrived is lost.
  void arrived(std::uint32_t order) {
    if (static_cast<std::int32_t>(order - arrived_) > 0) arrived_ = order;
    backoff_ = rests_ = silent_ = 0;
  }
  // By how many places at least.
  bool passed(std::uint32_t order, std::int32_t places) const {
    return static_cast<std::int32_t>(arrived_ - order) >= places;
  }
  void lost(Ticks left, Ticks now);
  void forgotten() { --in_flight_; }
  // So many packets, one at least, were lost for their acknowledgement did not come in time. True if the path is to be
  // taken for dead: then what else is on it is lost, too.
  bool timed_out(unsigned packets, Ticks now);

  Ticks timeout(bool back_off) const;
  // The round trip to be expected; 0 if there is no measurement.
  Ticks round_trip() const { return smoothed_; }
  Ticks shortest() const { return shortest_ == ~Ticks{0} ? 0 : shortest_; }
  double window() const { return window_; }

 private:
  static constexpr double kFirstWindow = 16;
  static constexpr unsigned kMostBackoff = 4;  // of the timeout: 16 times
  static constexpr unsigned kMostRests = 8;    // that make the next one longer: 256 times
  static constexpr unsigned kSilent = 3;       // packets timed out without an arrival, until a path is left

  void forget_shortest(Ticks now);
  void shrink(double factor, Ticks now);

  const PathLimits* limits_;
  double window_ = kFirstWindow;
  unsigned in_flight_ = 0;
  std::uint32_t order_ = 1;
  std::uint32_t arrived_ = 0;
  unsigned backoff_ = 0;
  unsigned rests_ = 0;
  unsigned silent_ = 0;
  bool doubling_ = true;
  Ticks smoothed_ = 0, variation_ = 0;
  Ticks shortest_ = ~Ticks{0}, shortest_of_period_ = ~Ticks{0}, period_end_ = 0;
  Ticks last_left_ = 0;
  Ticks shrunk_at_ = 0;
  Ticks rest_until_ = 0;
};

}  // namespace cardvp::nic::transport
