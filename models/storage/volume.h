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
  std::uint64_t bandwidth = 3'000'000'000;  // bytes per second, reads and writes together; not 0
  unsigned parallelism = 64;                // accesses at a time; not 0
  double read_picojoules_per_byte = 0;
  double write_picojoules_per_byte = 0;
  double static_watts = 0;
};

enum class VolumeOperation : std::uint8_t { kRead, kWrite, kFlush };

class Volume : public Model {
 public:
  Volume(sc_core::sc_module_name name, Sim& sim, const VolumeConfig& config, std::unique_ptr<Medium> medium);

  Medium& medium() { return *medium_; }
  const Medium& medium() const { return *medium_; }
  unsigned block_shift() const { return block_shift_; }
  std::uint64_t blocks() const { return medium_->size() >> block_shift_; }  // whole ones

  // Reserves the volume for an access that starts at `start` (not in the past), or as soon after as it is free; says
  // when it ends. Await it with Scheduler::until. Counts bytes, operations and energy.
  sc_core::sc_time reserve(VolumeOperation operation, std::uint64_t bytes, sc_core::sc_time start);
  sc_core::sc_time reserve(VolumeOperation operation, std::uint64_t bytes) { return reserve(operation, bytes, now()); }

 private:
  struct Kind {  // of access
    sc_core::sc_time latency;
    double picojoules_per_byte;
    Counter& operations;
    Counter& bytes;
  };

  std::unique_ptr<Medium> medium_;
  unsigned block_shift_;
  double picoseconds_per_byte_;
  Kind read_;
  Kind write_;
  sc_core::sc_time flush_latency_;
  Counter& flushes_;
  std::vector<sc_core::sc_time> units_;  // when each is free: a heap, earliest first
  sc_core::sc_time bandwidth_free_;
};

}  // namespace cardvp::storage
