#include "models/nic/transport/receiver.h"

#include <algorithm>

namespace cardvp::nic::transport {

using sc_core::sc_time;

namespace {

sc_time ack_delay() { return {5, sc_core::SC_US}; }

std::uint16_t age_of(sc_time age) {
  const double units = age / sc_time(16, sc_core::SC_NS);
  return static_cast<std::uint16_t>(std::min(units, 65535.0));
}

}  // namespace

bool Receiver::receive(const Data& data, std::uint32_t vni, wire::FramePtr inner, bool replayed, sc_time ready,
                       sc_time now) {
  if (data.stream != stream_) {
    if (replayed || data.stream == 0 || data.stream == ended_stream_) {
      shared_.count.dropped_stale.add();
      return false;
    }
    start(data.stream);
  }
  if (before(data.sequence, next_)) return note_duplicate(data.sequence, now);
  if (data.sequence - next_ >= shared_.config.reorder_packets) {
    shared_.count.dropped_beyond.add();
    return false;
  }
  slots_.reach(next_, data.sequence - next_ + 1);
  Slot& slot = slots_[data.sequence];
  if (slot.came) return note_duplicate(data.sequence, now);
  if (replayed) {
    shared_.count.dropped_replayed.add();
    return false;
  }
  slot.came = true;
  slot.inner = std::move(inner);
  slot.ready = ready;
  slot.vni = vni;
  if (before(end_, data.sequence + 1)) end_ = data.sequence + 1;
  note(data.sequence, false, now);

  const std::uint32_t predecessor = data.sequence - data.after;
  if (data.after == 0 || before(predecessor, next_) || slots_[predecessor].delivered)
    deliver(data.sequence, ready);
  else
    hold(data.sequence, predecessor);
  advance(ready);
  return false;
}

bool Receiver::note_duplicate(std::uint32_t sequence, sc_time now) {
  shared_.count.duplicates.add();
  note(sequence, true, now);
  return true;
}

void Receiver::hold(std::uint32_t sequence, std::uint32_t predecessor) {
  ++held_;
  shared_.count.reordered.add();
  slots_[predecessor].successor = sequence;
  slots_[predecessor].has_successor = true;
}

// A packet, and those that waited for it. Not ready before what they follow, so that order remains order.
void Receiver::deliver(std::uint32_t sequence, sc_time ready) {
  while (true) {
    Slot& slot = slots_[sequence];
    slot.delivered = true;
    ready = std::max(ready, slot.ready);
    shared_.count.delivered.add();
    shared_.upper.deliver(peer_, slot.vni, std::move(slot.inner), ready);
    if (!slot.has_successor) return;
    sequence = slot.successor;
    --held_;
  }
}

// Behind the last of all that came without a gap. A packet that is still held back there named a predecessor that
// others named, too; no stream of ours has such.
void Receiver::advance(sc_time ready) {
  while (slots_[next_].came) {
    if (!slots_[next_].delivered) {
      --held_;
      deliver(next_, ready);
    }
    slots_[next_++] = Slot();
  }
}

void Receiver::start(std::uint32_t stream) {
  shared_.count.dropped_held.add(held_);
  for (; next_ != end_; ++next_) slots_[next_] = Slot();
  ended_stream_ = stream_;
  stream_ = stream;
  next_ = end_ = kFirstSequence;
  held_ = arrival_count_ = maps_sent_ = 0;
  ack_due_ = sc_core::sc_max_time();
}

void Receiver::note(std::uint32_t sequence, bool hurry, sc_time now) {
  if (arrival_count_ < kMostArrivals) arrivals_[arrival_count_++] = {sequence, now};
  const bool at_once = hurry || arrival_count_ == kMostArrivals;
  ack_due_ = std::min(ack_due_, at_once ? now : now + ack_delay());
}

// The map shows one part of what came after a gap; the next part follows with the next acknowledgement.
Ack Receiver::make_ack(sc_time now) {
  Ack ack{.receiver = incarnation_, .stream = stream_, .next = next_};
  if (const std::uint32_t span = end_ - next_) {
    const unsigned parts = (span + kMapBits - 1) / kMapBits;
    ack.map_base = static_cast<std::uint16_t>(maps_sent_++ % parts * kMapBits);
    const unsigned bits = std::min(kMapBits, span - ack.map_base);
    for (unsigned n = 0; n < bits; ++n) {
      if (slots_[next_ + ack.map_base + n].came) ack.set_bit(n);
    }
  }
  list_arrivals(ack, now);
  ack_due_ = sc_core::sc_max_time();
  return ack;
}

// Half a sequence number names only what is near: not a copy of a packet of long ago.
void Receiver::list_arrivals(Ack& ack, sc_time now) {
  for (unsigned i = 0; i < arrival_count_; ++i) {
    const std::uint32_t sequence = arrivals_[i].sequence;
    if (sequence - next_ + 0x8000 < 0x10000)
      ack.arrival[ack.arrivals++] = {static_cast<std::uint16_t>(sequence), age_of(now - arrivals_[i].at)};
  }
  arrival_count_ = 0;
}

}  // namespace cardvp::nic::transport
