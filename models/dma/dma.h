// The descriptor DMA (dma.def, descriptor.h): copies memory by a ring of descriptors, one after another. The same
// contract as rtl/blocks/dma/dma.sv; there, what a cut-short copy leaves in its destination may differ.
//
// Time: a descriptor takes its fetch, `latency` once, and its bytes over the bandwidth, beside what the bus takes.
#pragma once

#include <array>
#include <cstddef>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/base/bus_target.h"
#include "models/base/card_memory.h"
#include "models/base/sync.h"
#include "models/dma/ring.h"

namespace cardvp::dma {

struct DmaConfig {
  sc_core::sc_time latency{100, sc_core::SC_NS};
  double bytes_per_second = 4e9;
};

class Dma : public BusTarget {
 public:
  Dma(sc_core::sc_module_name name, Sim& sim, const DmaConfig& config);

  // Its own way to memory; bind to the bus.
  tlm_utils::simple_initiator_socket<Dma> memory{"memory"};
  Line interrupt;

  // Card reset.
  void reset();

 private:
  static constexpr std::size_t kPiece = 4096;  // bytes moved at a time

  bool access(const BusAccess& access) override { return access_bank(ring_.registers(), access); }
  void enable();
  void disable();
  void announce();

  // A descriptor at a time, until one fails.
  Task<> serve();
  DmaError fetch(dma_descriptor& descriptor, sc_core::sc_time& delay);
  DmaError move(const dma_descriptor& descriptor, std::uint32_t done, std::size_t size, sc_core::sc_time& delay);
  void finish(const dma_descriptor& descriptor);

  DmaConfig config_;
  Ring ring_{interrupt};
  CardMemory card_memory_{memory};
  std::array<std::byte, kPiece> buffer_;
  // Counts enable() and disable(): what the DMA writes may be its own registers.
  std::uint64_t session_ = 0;
  sc_core::sc_time ready_at_;  // of the latest doorbell, which may be ahead of the kernel
  Counter& descriptors_;
  Counter& bytes_;
  Trigger doorbell_;
  TaskScope tasks_;  // last: destroyed before what its tasks use
};

}  // namespace cardvp::dma
