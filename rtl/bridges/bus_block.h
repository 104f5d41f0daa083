// RTL on the card bus: a block's target interface as a target of the bus, and the bus as the memory of a block that is
// a master.
#pragma once

#include <memory>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/base/bus_target.h"
#include "rtl/bridges/master_memory.h"
#include "rtl/bridges/transaction.h"

namespace cardvp::rtl {

// Every access of the bus becomes one transaction, for which the block's clock runs ahead; the access takes as long as
// that took. What the block refuses, or does not answer, is a bus error. So is an access that the block's own master
// makes to it while it is being clocked. Registers may have side effects: debug accesses are refused.
class BusBlock : public BusTarget {
 public:
  BusBlock(sc_core::sc_module_name name, Sim& sim, TargetBridge& bridge);

 protected:
  bool access(const BusAccess& access) override;

 private:
  TargetBridge& bridge_;
};

// A bus error is DECERR; whatever else is not OK, SLVERR.
class BusMemory : public Model, public MasterMemory {
 public:
  BusMemory(sc_core::sc_module_name name, Sim& sim) : Model(name, sim) {}

  tlm_utils::simple_initiator_socket<BusMemory> socket{"socket"};

  Response read(std::uint64_t address, std::span<std::uint8_t> to, sc_core::sc_time& delay) override;
  Response write(std::uint64_t address, std::span<const std::uint8_t> from, sc_core::sc_time& delay) override;

 private:
  Response transfer(tlm::tlm_command command, std::uint64_t address, std::uint8_t* data, std::size_t size,
                    sc_core::sc_time& delay);

  tlm::tlm_generic_payload payload_;
};

// The bridge to a target interface, of whatever protocol it is. Throws std::invalid_argument for an interface that is
// none, or that no bridge takes.
std::unique_ptr<TargetBridge> make_target_bridge(Sim& sim, Block& block, const InterfaceDescription& description);

}  // namespace cardvp::rtl
