// One of the paths from a port into the fabric: what becomes of a frame there, and when it is through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include <systemc>

#include "models/wire/config.h"
#include "models/wire/drop.h"
#include "models/wire/serial_line.h"

namespace cardvp::wire {

// Raw 64-bit draws: what the standard library's distributions make of them differs between libraries.
using Random = std::mt19937_64;

class Path {
 public:
  // As many bytes as `queue_bytes` wait for a limited bandwidth.
  Path(const PathConfig& config, std::uint64_t queue_bytes)
      : config_(config), line_(config.bandwidth), queue_(line_.bytes_time(queue_bytes)) {}

  struct Crossing {
    Drop drop = Drop::kNone;
    sc_core::sc_time arrival;
  };
  // A frame that is there at `at`, in order of the calls.
  Crossing cross(sc_core::sc_time at, std::size_t frame_bytes, Random& random);

 private:
  PathConfig config_;
  SerialLine line_;
  sc_core::sc_time queue_;
};

}  // namespace cardvp::wire
