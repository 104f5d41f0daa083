// The card bus: initiators on one side, blocks at address ranges on the other.
//
// An access goes to the block whose range holds it, with the range's base taken off its address. One that hits no
// range, or runs over the end of its range, is answered with TLM_ADDRESS_ERROR_RESPONSE and counted. A block sees no
// other change of the payload, and the initiator none at all.
//
// Timing: each access takes `latency` on the bus beside what the block takes. There is no contention.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>

#include "models/base/model.h"

namespace cardvp::bus {

struct BusConfig {
  sc_core::sc_time latency{5, sc_core::SC_NS};
};

class Bus : public Model {
 public:
  Bus(sc_core::sc_module_name name, Sim& sim, const BusConfig& config = {});

  tlm_utils::multi_passthrough_target_socket<Bus> target{"target"};  // any number of initiators

  // Puts a block at base .. base + size - 1. Before the simulation only. Throws std::invalid_argument, with the name,
  // for a range that is empty or leaves the address space, and with both names for one that overlaps another.
  void map(const char* name, std::uint64_t base, std::uint64_t size, tlm::tlm_target_socket<>& block);

 private:
  struct Region {
    std::string name;
    std::uint64_t base;
    std::uint64_t last;  // address of the last byte
    int port;            // of blocks_
  };

  void b_transport(int initiator, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(int initiator, tlm::tlm_generic_payload& payload);
  bool get_direct_mem_ptr(int initiator, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  void invalidate_direct_mem_ptr(int port, sc_dt::uint64 start, sc_dt::uint64 end);

  // The region that holds the whole access; null if there is none.
  const Region* find(std::uint64_t address, std::uint64_t bytes);
  const Region* find(std::uint64_t address);
  void deny_hole(std::uint64_t address, tlm::tlm_dmi& dmi) const;

  tlm_utils::multi_passthrough_initiator_socket<Bus, 32, tlm::tlm_base_protocol_types, 0,
                                                sc_core::SC_ZERO_OR_MORE_BOUND>
      blocks_{"blocks"};
  sc_core::sc_time latency_;
  std::vector<Region> regions_;  // by address
  std::size_t last_hit_ = 0;
  Counter& decode_errors_;
};

}  // namespace cardvp::bus
