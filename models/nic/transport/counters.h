// What a transport counts, and what the halves of its connections share.
#pragma once

#include <string>
#include <vector>

#include "models/base/stats.h"
#include "models/nic/transport/transport.h"

namespace cardvp::nic::transport {

struct Counters {
  // Names begin with `prefix`.
  Counters(Stats& stats, const std::string& prefix, unsigned paths);

  struct OfPath {
    Counter& packets;  // sent, again or not
    Counter& losses;
    Histogram& round_trip;  // ps
  };
  std::vector<OfPath> paths;

  Counter& packets;          // of data, sent for the first time
  Counter& retransmissions;  // and again,
  Counter& spurious;         // without need
  Counter& timeouts;         // of a path: each may be of several packets
  Counter& rests;            // a path was left alone for a while
  Counter& acks;
  Counter& delivered;
  Counter& duplicates;  // came, and had come before
  Counter& reordered;   // came ahead of its predecessor, and was held back
  Counter& peer_downs;
  Counter& peer_restarts;  // the peer had forgotten what it had received

  // Of packets, by reason.
  Counter& dropped_window;       // nothing more may wait for the window
  Counter& dropped_no_outer;     // could not be encapsulated
  Counter& dropped_outstanding;  // peer down, restarted or forgotten: may have arrived, but is not known to
  Counter& dropped_held;         // held back, when the peer was down, restarted or forgotten
  Counter& dropped_beyond;       // came too far ahead of what is missing
  Counter& dropped_stale;        // of a stream that has ended, or for a receiver that there is no more
  Counter& dropped_replayed;     // had been seen by the association, but not here
  Counter& dropped_bad_option;   // of no known format, or against the rules; acknowledgements of what was never sent
};

struct Shared {
  const TransportConfig config;
  TransportLower& lower;
  TransportUpper& upper;
  Counters count;
  std::uint32_t last_incarnation;

  // Never 0.
  std::uint32_t new_incarnation() {
    if (++last_incarnation == 0) ++last_incarnation;
    return last_incarnation;
  }
};

}  // namespace cardvp::nic::transport
