// The sending half of a connection to a peer: a stream of packets, sprayed over the paths, kept until they are
// acknowledged, and sent again when they are lost.
#pragma once

#include <array>
#include <vector>

#include "models/nic/transport/counters.h"
#include "models/nic/transport/header.h"
#include "models/nic/transport/path.h"
#include "models/nic/transport/sequence.h"

namespace cardvp::nic::transport {

class Sender {
 public:
  Sender(Shared& shared, std::uint16_t peer, const PathLimits& limits);

  // See Transport::transmit.
  sc_core::sc_time transmit(std::uint32_t vni, std::uint32_t flow, wire::FramePtr inner, sc_core::sc_time ready,
                            sc_core::sc_time now);
  void acknowledge(const Ack& ack, sc_core::sc_time now);

  // When expire() is to be called, not before `now`; sc_max_time(): not at all.
  sc_core::sc_time deadline(sc_core::sc_time now) const;
  // Sends again what is due. False if the peer has not acknowledged anything in order for give_up.
  bool expire(sc_core::sc_time now);

  // For acknowledgements: the same as long as it seems good, so that none overtakes another.
  unsigned path_for_ack(Ticks now);
  // Packets come again: their acknowledgements may have been lost.
  void suspect_ack_path() { ++ack_path_; }
  // Sent and not acknowledged, or waiting.
  std::size_t outstanding() const { return (end_ - first_) - acknowledged_ahead_ + (waiting_end_ - waiting_first_); }

 private:
  // A packet that was sent. It is in one list: its path's, or that of lost ones, which want to be sent again.
  struct Packet {
    enum class State : std::uint8_t { kAcknowledged, kInFlight, kLost };
    wire::FramePtr outer;
    Ticks left = 0;
    std::uint32_t order = 0;  // on its path
    std::uint32_t prev = 0, next = 0;
    std::uint8_t path = 0;
    State state = State::kAcknowledged;
    bool repeated = false;
  };
  struct Waiting {
    wire::FramePtr inner;
    sc_core::sc_time ready;
    std::uint32_t vni = 0;
    std::uint32_t flow = 0;
  };
  struct Route {
    Path path;
    SequenceList packets;  // in flight, in the order in which they were sent
  };
  static constexpr int kNone = -1;
  static constexpr std::int32_t kMostReordering = 64;
  static constexpr std::size_t kFlowSlots = 1024;  // flows that share one are put in one order: no harm

  int choose(Ticks now, int avoid);
  void pump(Ticks now);
  void send_new(unsigned path, Waiting& waiting, Ticks now);
  void send(std::uint32_t sequence, unsigned path, sc_core::sc_time at);
  std::uint16_t distance_to_predecessor(std::uint32_t flow);

  bool in_window(std::uint32_t sequence) const { return sequence - first_ < end_ - first_; }
  void acknowledge_arrivals(const Ack& ack, Ticks now);
  void acknowledge_map(const Ack& ack, Ticks now);
  void acknowledge_one(std::uint32_t sequence, Ticks age, bool timed, Ticks now);
  void note_early(const Packet& packet, Ticks now);
  void advance(Ticks now);
  void lose(std::uint32_t sequence, Ticks now);
  void lose_passed(Ticks now);
  void expire(Route& route, Ticks now);
  void update_near();
  void restart(Ticks now);
  Ticks timeout(const Path& path, Ticks now) const;
  Ticks time_to_drain() const;

  Shared& shared_;
  const std::uint16_t peer_;
  const PathLimits& limits_;
  const Ticks give_up_;
  std::vector<Route> routes_;
  unsigned cursor_ = 0;  // the path to be tried first
  unsigned ack_path_ = 0;
  Ticks near_ = ~Ticks{0};  // round trips up to this count as short

  std::uint32_t stream_;
  std::uint32_t receiver_ = 0;
  SequenceRing<Packet> sent_;
  std::uint32_t first_ = kFirstSequence;  // the oldest that is not acknowledged
  std::uint32_t end_ = kFirstSequence;    // the next to be sent
  std::size_t acknowledged_ahead_ = 0;    // of those in between
  SequenceList lost_;
  std::int32_t reordering_ = 3;  // places by which packets of a path may be out of order
  Ticks heard_ = 0;              // when something last arrived at the first try
  Ticks progress_ = 0;           // when first_ last moved, or there was nothing outstanding
  std::array<std::uint32_t, kFlowSlots> last_of_flow_;

  SequenceRing<Waiting> waiting_;
  std::uint32_t waiting_first_ = 0, waiting_end_ = 0;
};

}  // namespace cardvp::nic::transport
