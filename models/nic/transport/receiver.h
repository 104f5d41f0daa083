// The receiving half of a connection to a peer: what has come of its stream, what of that is held back until its
// predecessor is there, and what is to be acknowledged.
//
// An acknowledgement answers several packets: kMostArrivals of them, or what came within 5 us. A gap alone does
// not hurry it, as packets of several paths leave gaps all the time, and the sender tells loss by the order on each
// path; a packet that comes a second time does: the sender does not know of the first.
#pragma once

#include <array>

#include "models/nic/transport/counters.h"
#include "models/nic/transport/header.h"
#include "models/nic/transport/sequence.h"

namespace cardvp::nic::transport {

class Receiver {
 public:
  Receiver(Shared& shared, std::uint16_t peer) : shared_(shared), peer_(peer), incarnation_(shared.new_incarnation()) {}

  // `inner` may be null only if `replayed`. May call TransportUpper::deliver. True if the packet had come before.
  bool receive(const Data& data, std::uint32_t vni, wire::FramePtr inner, bool replayed, sc_core::sc_time ready,
               sc_core::sc_time now);

  // When an acknowledgement is to be sent; sc_max_time(): not at all.
  sc_core::sc_time ack_due() const { return ack_due_; }
  // The acknowledgement to be sent now.
  Ack make_ack(sc_core::sc_time now);
  // For a receiver that there was before: who hears of this one starts anew.
  Ack make_refusal(std::uint32_t stream) const {
    return {.receiver = incarnation_, .stream = stream, .next = kFirstSequence};
  }
  // Whether a packet is meant for a receiver that there was before.
  bool refuses(const Data& data) const {
    return data.stream != stream_ && data.receiver != 0 && data.receiver != incarnation_;
  }

  std::size_t held() const { return held_; }

 private:
  struct Slot {
    wire::FramePtr inner;
    sc_core::sc_time ready;
    std::uint32_t vni = 0;
    std::uint32_t successor = 0;
    bool has_successor = false;
    bool came = false;
    bool delivered = false;
  };
  struct Came {
    std::uint32_t sequence;
    sc_core::sc_time at;
  };

  void start(std::uint32_t stream);
  void note(std::uint32_t sequence, bool hurry, sc_core::sc_time now);
  bool note_duplicate(std::uint32_t sequence, sc_core::sc_time now);
  void hold(std::uint32_t sequence, std::uint32_t predecessor);
  void deliver(std::uint32_t sequence, sc_core::sc_time ready);
  void advance(sc_core::sc_time ready);

  void list_arrivals(Ack& ack, sc_core::sc_time now);

  Shared& shared_;
  const std::uint16_t peer_;
  const std::uint32_t incarnation_;
  std::uint32_t stream_ = 0;  // 0: none yet
  std::uint32_t ended_stream_ = 0;

  SequenceRing<Slot> slots_;
  std::uint32_t next_ = kFirstSequence;  // all before it have come, and were delivered
  std::uint32_t end_ = kFirstSequence;   // nothing from here on has come
  std::size_t held_ = 0;

  std::array<Came, kMostArrivals> arrivals_;
  unsigned arrival_count_ = 0;
  unsigned maps_sent_ = 0;
  sc_core::sc_time ack_due_ = sc_core::sc_max_time();
};

}  // namespace cardvp::nic::transport
