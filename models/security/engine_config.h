// What the security engine costs.
#pragma once

#include <cstdint>

#include <systemc>

namespace cardvp::security {

// What one kind of operation costs on one lane.
struct OperationCost {
  sc_core::sc_time latency;
  std::uint64_t bandwidth = 0;  // bytes per second; 0: only the latency counts
  double picojoules = 0;        // of each operation
  double picojoules_per_byte = 0;
};

struct EngineConfig {
  unsigned lanes = 8;                                          // operations at a time, 1 to 64
  unsigned slots = 2048;                                       // key slots, SECURITY_FIRST_FREE_SLOT + 1 to 65535
  OperationCost cipher{{200, sc_core::SC_NS}, 8'000'000'000};  // XTS, GCM, key wrap
  OperationCost hash{{200, sc_core::SC_NS}, 4'000'000'000};    // digests, HMAC, HKDF, measurement
  OperationCost public_key{{100, sc_core::SC_US}};             // ECDSA, ECDH, quotes
  OperationCost random{{1, sc_core::SC_US}, 500'000'000};
  double static_watts = 0;
};

}  // namespace cardvp::security
