#include "models/storage/volume.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <functional>

namespace cardvp::storage {

using sc_core::sc_time;

Volume::Volume(sc_core::sc_module_name name, Sim& sim, const VolumeConfig& config, std::unique_ptr<Medium> medium)
    : Model(name, sim),
      medium_(std::move(medium)),
      block_shift_(static_cast<unsigned>(std::countr_zero(config.block_size))),
      picoseconds_per_byte_(1e12 / static_cast<double>(config.bandwidth)),
      read_{config.read_latency, config.read_picojoules_per_byte, counter("reads", "accesses"),
            counter("read_bytes", "bytes")},
      write_{config.write_latency, config.write_picojoules_per_byte, counter("writes", "accesses"),
             counter("write_bytes", "bytes")},
      flush_latency_(config.flush_latency),
      flushes_(counter("flushes", "accesses")),
      units_(config.parallelism) {
  assert(config.block_size == 512 || config.block_size == 4096);
  assert(config.bandwidth > 0 && config.parallelism > 0);
  energy_.set_static_power(config.static_watts);
}

sc_time Volume::reserve(VolumeOperation operation, std::uint64_t bytes, sc_time start) {
  std::pop_heap(units_.begin(), units_.end(), std::greater<>());
  sc_time& unit = units_.back();
  sc_time time = std::max(start, unit);
  if (operation == VolumeOperation::kFlush) {
    time += flush_latency_;
    flushes_.add();
  } else {
    const Kind& kind = operation == VolumeOperation::kRead ? read_ : write_;
    // The bandwidth is taken ahead of the latency, so that accesses with different latencies leave no gap in it.
    const auto transfer = static_cast<std::uint64_t>(static_cast<double>(bytes) * picoseconds_per_byte_ + 0.5);
    time = std::max(time, bandwidth_free_) + sc_time::from_value(transfer);
    bandwidth_free_ = time;
    time += kind.latency;
    kind.operations.add();
    kind.bytes.add(bytes);
    energy_.add_picojoules(kind.picojoules_per_byte * static_cast<double>(bytes));
  }
  unit = time;
  std::push_heap(units_.begin(), units_.end(), std::greater<>());
  return time;
}

}  // namespace cardvp::storage
