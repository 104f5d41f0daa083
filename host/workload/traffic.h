// Traffic between interfaces, made and checked by the hosts: who sends numbers its packets and fills them with content
// of a seed, who receives checks every byte.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/ena/driver.h"
#include "models/base/stats.h"
#include "models/net/address.h"

namespace cardvp::host {

// One end: a driver and the addresses that packets of this end have.
struct TrafficEnd {
  ena::Driver* driver = nullptr;
  net::IpAddress address;
  // What is not in the subnet is sent by way of the router. Without a router everything is a neighbour.
  net::Prefix subnet{};
  net::IpAddress router{};
  // By which neighbours are asked, where packets have a forged address; zero: `address`.
  net::IpAddress own{};
};

struct TrafficConfig {
  enum class Type : std::uint8_t {
    kStream,   // one way, at a rate or as fast as it goes
    kRequests  // request and response; latency is of the round trip
  };
  std::string name;
  Type type = Type::kStream;
  std::uint8_t protocol = 17;       // UDP, or 6: TCP segments without a connection's machinery
  std::uint16_t port = 5001;        // destination
  unsigned flows = 1;               // source ports; flow n is sent by queue n mod queues
  std::vector<unsigned> sizes{64};  // bytes of frames without FCS, in turn, or what they need at least; IMIX: kImix
  std::uint64_t count = 10000;      // packets, or requests, of all flows together; 0: by duration
  sc_core::sc_time duration;        // if count is 0
  double packets_per_second = 0;    // of all flows; 0: as fast as it goes
  unsigned burst = 1;               // packets at a time, rate kept on average
  unsigned depth = 1;               // kRequests: outstanding, of each flow
  unsigned segment = 0;             // large sends: sizes are payloads cut by the device into segments of so many bytes
  bool verify = true;               // content, and headers as they were sent (TTL, MACs aside)
  bool expect_order = true;         // within a flow
  std::uint64_t seed = 1;
  // What must become of them: all arrive; some (allowances, loss); none.
  enum class Expect : std::uint8_t { kAll, kSome, kNone };
  Expect expect = Expect::kAll;
  // After the last packet was sent, for those on their way; of a request, until it counts as lost.
  sc_core::sc_time patience{10, sc_core::SC_MS};
};
// 64, 594 and 1518 bytes on the line, 7 : 4 : 1.
inline const std::vector<unsigned> kImix{60, 60, 60, 60, 60, 60, 60, 590, 590, 590, 590, 1514};

struct TrafficResult {
  std::string error;        // why it could not run, or not to its end; empty: it did
  bool unresolved = false;  // the error is that nobody says where packets are to go (ARP, ND)
  std::uint64_t sent = 0, sent_bytes = 0;
  std::uint64_t received = 0, received_bytes = 0;
  std::uint64_t lost = 0, duplicates = 0, reordered = 0, corrupted = 0, unexpected = 0;
  std::uint64_t bad_checksums = 0;  // that the device reported
  std::string first_corruption;
  Histogram latency;                           // ps: one way, or round trip
  sc_core::sc_time start, end;                 // end: last packet received
  std::map<unsigned, std::uint64_t> by_queue;  // received

  // Against what the configuration expects.
  std::string verdict(const TrafficConfig& config) const;  // empty: as expected
};

// `progress` counts packets that were sent.
Task<TrafficResult> run(TrafficEnd from, TrafficEnd to, const TrafficConfig& config, std::uint64_t* progress = nullptr);

// Frames as they are (of a capture), with their times relative to the first; `to` compares what it gets with what was
// sent, byte for byte.
struct ReplayFrame {
  sc_core::sc_time time;
  std::vector<std::byte> bytes;
};
struct ReplayResult {
  std::string error;
  std::uint64_t sent = 0, received = 0, matched = 0, unexpected = 0, too_long = 0;
  std::vector<std::size_t> missing;  // indices of frames that did not come
  sc_core::sc_time start, end;
};
Task<ReplayResult> replay(ena::Driver& from, ena::Driver& to, std::vector<ReplayFrame> frames,
                          sc_core::sc_time patience, std::uint64_t* progress = nullptr);

}  // namespace cardvp::host
