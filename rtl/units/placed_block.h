// A block of RTL as a device of its own on the card's bus: its target interface takes an address range, its masters
// reach whatever is on the bus, its interrupts are lines. Streams, and further target interfaces, are left alone: their
// inputs are 0.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "rtl/block.h"
#include "rtl/bridges/axi_master.h"
#include "rtl/bridges/bus_block.h"
#include "rtl/bridges/checkers.h"

namespace cardvp::rtl {

struct PlacedBlockConfig {
  std::shared_ptr<const Plugin> plugin;
  BlockConfig block;
  bool checkers = false;
  std::string interface;  // which of several target interfaces; empty: the only one
};

class PlacedBlock : public Model {
 public:
  // Throws std::invalid_argument for a block that does not have what the configuration names, or whose target interface
  // has no address range.
  PlacedBlock(sc_core::sc_module_name name, Sim& sim, const PlacedBlockConfig& config);

  Block& block() { return block_; }
  const Block& block() const { return block_; }
  std::uint64_t violations() const { return checkers_ ? checkers_->violations() : 0; }

  // Bytes of its address range; 0: it has no target interface, and no socket.
  std::uint64_t size() const { return registers_ ? block_.description().address_size : 0; }
  tlm::tlm_target_socket<>& socket() { return registers_->socket; }
  // One for each master; to be bound.
  std::deque<BusMemory>& masters() { return memories_; }
  // One for each interrupt, in the order of the description.
  std::deque<Line>& interrupts() { return interrupts_; }

  // Card reset.
  void reset() { block_.reset(); }

 private:
  const InterfaceDescription* target(const std::string& interface) const;

  Block block_;
  std::optional<Checkers> checkers_;  // ahead of the bridges
  std::unique_ptr<TargetBridge> bridge_;
  std::optional<BusBlock> registers_;
  std::deque<BusMemory> memories_;
  std::deque<AxiMaster> masters_;
  std::deque<Line> interrupts_;
};

}  // namespace cardvp::rtl
