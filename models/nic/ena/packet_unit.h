// What the I/O queues of one function share: the way to the host and to the data path, the pipelines that every packet
// passes, and what is counted.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "models/base/model.h"
#include "models/nic/data_path.h"
#include "models/nic/packet_math.h"
#include "models/pcie/function.h"

namespace cardvp::nic::ena {

// Why a packet was dropped here; what the data path drops, it counts itself.
enum class Drop : std::uint8_t {
  kTxMalformed,    // descriptors that make no packet
  kTxUnreadable,   // a buffer that the host's memory refused
  kTxOffload,      // an offload that does not fit the packet
  kTxTooLong,      // more than a frame holds
  kRxTooLong,      // more than the MTU
  kRxNoQueue,      // the RSS table's entry names no RX queue
  kRxNoBuffer,     // too few buffers posted
  kRxManyBuffers,  // does not fit into as many buffers as a packet may have
  kRxBacklog,      // too many frames wait for the host
  kRxUnsent,       // Bus Master Enable is off
};
inline constexpr unsigned kDrops = 10;
const char* name_of(Drop reason);

class PacketUnit {
 public:
  struct Config {
    std::uint16_t function = 0;  // PCIe function number
    sc_core::sc_time packet_overhead;
    double picojoules_per_packet = 0;
    double picojoules_per_byte = 0;
  };
  // `name`: of the function; statistics, energy and trace go there.
  PacketUnit(Sim& sim, const std::string& name, const Config& config, pcie::Function& host, DataPath& data_path,
             wire::FramePool& frames, const PacketMath& math);

  // Counted since device reset.
  struct Totals {
    std::uint64_t tx_bytes = 0, tx_packets = 0, tx_drops = 0;
    std::uint64_t rx_bytes = 0, rx_packets = 0, rx_drops = 0, rx_overruns = 0;
  };
  const Totals& totals() const { return totals_; }
  void reset();

  // A queue's own figures.
  struct QueueCounters {
    Counter& packets;
    Counter& bytes;
  };
  QueueCounters queue_counters(const char* direction, unsigned index) const;

  // The next frame is to be handed over no earlier than this.
  sc_core::sc_time transmit_from() const;
  // calculated: how long PacketMath took over the frame.
  void transmit(wire::FramePtr frame, sc_core::sc_time calculated, QueueCounters counters);
  // When a frame that is there at `ready` has passed the pipeline.
  sc_core::sc_time receive_at(sc_core::sc_time ready, sc_core::sc_time calculated);
  void received(std::uint64_t bytes, QueueCounters counters);
  void drop(Drop reason, std::uint64_t packets = 1);
  void stopped(const char* queue, unsigned index, DmaStatus status) const;

  void trace(std::string_view what, std::uint32_t lane, sc_core::sc_time begun) const {
    if (log_.debugging()) sim_.trace.span(name_, lane, what, begun, now());
  }
  std::uint64_t nanoseconds() const { return static_cast<std::uint64_t>(now() / sc_core::sc_time(1, sc_core::SC_NS)); }
  sc_core::sc_time now() const { return sim_.scheduler.now(); }
  Scheduler& scheduler() const { return sim_.scheduler; }
  DmaPort& host() const { return host_; }
  wire::FramePool& frames() const { return frames_; }
  const PacketMath& math() const { return math_; }

 private:
  // Calculations are a stage behind the rest, so that one packet's go on while the next one comes in. Functions and
  // directions do not wait for each other, as if each had its own hardware.
  struct Pipeline {
    sc_core::sc_time first;
    sc_core::sc_time free;  // the second stage, which what has passed has left then
    sc_core::sc_time pass(sc_core::sc_time from, sc_core::sc_time overhead, sc_core::sc_time calculated) {
      first = std::max(first, from) + overhead;
      return free = std::max(free, first) + calculated;
    }
  };

  Sim& sim_;
  std::string name_;
  Logger log_;
  EnergyMeter& energy_;
  Config config_;
  pcie::Function& host_;
  DataPath& data_path_;
  wire::FramePool& frames_;
  const PacketMath math_;
  Totals totals_;
  Pipeline tx_pipeline_, rx_pipeline_;
  sc_core::sc_time tx_allowed_;  // by the data path
  QueueCounters tx_;
  QueueCounters rx_;
  std::array<Counter*, kDrops> drops_;
};

}  // namespace cardvp::nic::ena
