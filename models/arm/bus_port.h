// Physical memory, as the core reaches it over the card bus: host pointers where a target grants DMI, else
// transactions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <tlm>

#include "models/arm/instruction_engine.h"
#include "models/base/cpu_id.h"

namespace cardvp::arm {

class BusPort {
 public:
  // `cpu`: whose accesses these are, for targets that are banked by CPU.
  BusPort(tlm::tlm_initiator_socket<>& socket, unsigned cpu) : socket_(socket) {
    payload_.set_extension(new CpuId(cpu));  // which the payload deletes
  }

  // Host memory behind a physical address, good for the whole of its page; null: there is none, or not for this kind
  // of access.
  std::byte* direct(std::uint64_t physical, AccessKind kind);

  // A transaction at local time `delay` after the kernel's, to which the target adds its own. False: a bus error.
  bool read(std::uint64_t physical, void* to, unsigned size, sc_core::sc_time& delay) {
    return transport(tlm::TLM_READ_COMMAND, physical, to, size, delay);
  }
  bool write(std::uint64_t physical, const void* from, unsigned size, sc_core::sc_time& delay) {
    return transport(tlm::TLM_WRITE_COMMAND, physical, const_cast<void*>(from), size, delay);
  }

  // Without simulated time and, as far as the target can, without side effects.
  bool debug_read(std::uint64_t physical, void* to, unsigned size) {
    return debug_transport(tlm::TLM_READ_COMMAND, physical, to, size);
  }
  bool debug_write(std::uint64_t physical, const void* from, unsigned size) {
    return debug_transport(tlm::TLM_WRITE_COMMAND, physical, const_cast<void*>(from), size);
  }

  // A target withdrew DMI: no pointer that direct() gave may be used any longer.
  void forget() {
    regions_.clear();
    refused_.fill(kNone);
  }

 private:
  struct Region {
    std::uint64_t first, last;
    std::byte* host;
    bool readable, writable;
  };
  static constexpr std::uint64_t kNone = ~0ull;

  const Region* find(std::uint64_t page, bool write) const;
  bool debug_transport(tlm::tlm_command command, std::uint64_t physical, void* data, unsigned size);
  void prepare(tlm::tlm_command command, std::uint64_t physical, void* data, unsigned size);
  bool transport(tlm::tlm_command command, std::uint64_t physical, void* data, unsigned size, sc_core::sc_time& delay);

  tlm::tlm_initiator_socket<>& socket_;
  tlm::tlm_generic_payload payload_;
  std::vector<Region> regions_;
  std::array<std::uint64_t, 64> refused_ = [] {  // pages for which DMI was refused: address | is write
    std::array<std::uint64_t, 64> none;
    none.fill(kNone);
    return none;
  }();
};

}  // namespace cardvp::arm
