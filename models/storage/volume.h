// A volume: a medium with a block size and the time its accesses take.
//
// An access takes its latency on one of `parallelism` units (queueing behind those that are busy), and the volume's
// bandwidth is shared by all: an access of n bytes occupies it for n / bandwidth.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/base/model.h"
#include "models/storage/medium.h"

namespace cardvp::storage {

struct VolumeConfig {
  unsigned block_size = 512;  // bytes: 512 or 4096
  sc_core::sc_time read_latency{60, sc_core::SC_US};
  sc_core::sc_time write_latency{20, sc_core::SC_US};
  sc_core::sc_time flush_latency{50, sc_core::SC_US};
  std::uint64_t bandwidth = 3'000'000'000;  // bytes per second, reads and writes together
  unsigned parallelism = 64;                // accesses at a time
  double read_picojoules_per_byte = 0;
  double write_picojoules_per_byte = 0;
  double static_watts = 0;
};

enum class VolumeOperation : std::uint8_t { kRead, kWrite, kFlush };

class Volume : public Model {
 public:
  Volume(sc_core::sc_module_name name, Sim& sim, const VolumeConfig& config, std::unique_ptr<Medium> medium);

  Medium& medium() { return *medium_; }
  unsigned block_shift() const;
  std::uint64_t blocks() const;

  // Reserves the volume for an access that starts now; says when it ends. Await it with Scheduler::until. Counts bytes,
  // operations and energy.
  sc_core::sc_time reserve(VolumeOperation operation, std::uint64_t bytes);
};

}  // namespace cardvp::storage
