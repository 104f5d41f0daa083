#include "models/nic/transport/counters.h"

namespace cardvp::nic::transport {
namespace {

std::vector<Counters::OfPath> make_paths(Stats& stats, const std::string& prefix, unsigned paths) {
  std::vector<Counters::OfPath> made;
  for (unsigned path = 0; path < paths; ++path) {
    const std::string of_path = prefix + "path" + std::to_string(path) + ".";
    made.push_back({stats.counter(of_path + "packets", "packets"), stats.counter(of_path + "losses", "packets"),
                    stats.histogram(of_path + "round_trip", "ps")});
  }
  return made;
}

}  // namespace

Counters::Counters(Stats& stats, const std::string& prefix, unsigned path_count)
    : paths(make_paths(stats, prefix, path_count)),
      packets(stats.counter(prefix + "packets", "packets")),
      retransmissions(stats.counter(prefix + "retransmissions", "packets")),
      spurious(stats.counter(prefix + "spurious", "packets")),
      timeouts(stats.counter(prefix + "timeouts", "timeouts")),
      rests(stats.counter(prefix + "rests", "rests")),
      acks(stats.counter(prefix + "acks", "packets")),
      delivered(stats.counter(prefix + "delivered", "packets")),
      duplicates(stats.counter(prefix + "duplicates", "packets")),
      reordered(stats.counter(prefix + "reordered", "packets")),
      peer_downs(stats.counter(prefix + "peer_downs", "times")),
      peer_restarts(stats.counter(prefix + "peer_restarts", "times")),
      dropped_window(stats.counter(prefix + "drops.window", "packets")),
      dropped_no_outer(stats.counter(prefix + "drops.no_outer", "packets")),
      dropped_outstanding(stats.counter(prefix + "drops.outstanding", "packets")),
      dropped_held(stats.counter(prefix + "drops.held", "packets")),
      dropped_beyond(stats.counter(prefix + "drops.beyond", "packets")),
      dropped_stale(stats.counter(prefix + "drops.stale", "packets")),
      dropped_replayed(stats.counter(prefix + "drops.replayed", "packets")),
      dropped_bad_option(stats.counter(prefix + "drops.bad_option", "packets")) {}

}  // namespace cardvp::nic::transport
