// Echo requests and replies (RFC 792, RFC 4443).
#pragma once

#include <cstdint>
#include <string>

#include "host/workload/traffic.h"

namespace cardvp::host {

// Answers a packet if it is an echo request to `address`; whether it is.
bool answer_echo(ena::Driver& driver, const net::IpAddress& address, unsigned queue, const ena::RxPacket& packet);

struct PingConfig {
  std::uint64_t count = 5;
  sc_core::sc_time interval{1, sc_core::SC_MS};
  unsigned bytes = 56;  // of data
  sc_core::sc_time timeout{100, sc_core::SC_MS};
  std::uint16_t identifier = 1;
  std::uint64_t seed = 1;
};

struct PingResult {
  std::string error;  // why it could not run; empty: it did
  std::uint64_t sent = 0, received = 0, corrupted = 0;
  Histogram round_trip;  // ps
};

// `to` answers if it has a driver; without, somebody else must (a router, the world outside).
Task<PingResult> ping(TrafficEnd from, TrafficEnd to, PingConfig config = {});

}  // namespace cardvp::host
