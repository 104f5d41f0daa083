// The RTL of the descriptor DMA (rtl/blocks/dma/dma.sv, or another one of that contract) in the place of its model
// (models/dma/dma.h), or in lockstep with it (dma_lockstep.h): registers and memory on the card bus, an interrupt.
//
// It works by itself, so its clock has to run where no bridge does: unless the clocking says something else than "on
// demand" or names a busy port, it is batched, and rests once nothing has happened for kQuietCycles.
//
// Other than the model, the RTL does not reach its own registers: such a copy ends with an error of its memory.
#pragma once

#include <memory>
#include <optional>

#include "rtl/bridges/axi_master.h"
#include "rtl/bridges/bus_block.h"
#include "rtl/units/dma_lockstep.h"
#include "rtl/units/unit.h"

namespace cardvp::rtl {

class DmaUnit : public Unit {
 public:
  // Longer than the DMA thinks between two accesses.
  static constexpr std::uint32_t kQuietCycles = 128;

  // Throws std::invalid_argument for a plug-in without s_axil, m_axi and irq.
  DmaUnit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config);

  tlm::tlm_target_socket<>& registers() { return registers_.socket; }
  tlm::tlm_initiator_socket<>& memory() { return bus_memory_.socket; }
  Line interrupt;

  // Card reset.
  void reset();

 private:
  // The bus's way in. Accesses are as those of a model's registers: of 1, 2, 4 or 8 bytes, aligned.
  class Registers : public BusBlock {
   public:
    Registers(sc_core::sc_module_name name, Sim& sim, TargetBridge& bridge, DmaUnit& unit)
        : BusBlock(name, sim, bridge), unit_(unit) {}

   private:
    bool access(const BusAccess& access) override;
    DmaUnit& unit_;
  };
  // The block's way out.
  class Memory : public MasterMemory {
   public:
    explicit Memory(DmaUnit& unit) : unit_(unit) {}
    Response read(std::uint64_t address, std::span<std::uint8_t> to, sc_core::sc_time& delay) override;
    Response write(std::uint64_t address, std::span<const std::uint8_t> from, sc_core::sc_time& delay) override;

   private:
    DmaUnit& unit_;
  };

  void irq(bool level);

  std::unique_ptr<TargetBridge> target_;
  Registers registers_;
  BusMemory bus_memory_;
  Memory memory_{*this};
  AxiMaster master_;
  std::optional<DmaLockstep> reference_;
  bool in_memory_ = false;  // an access of the block is under way, further up the call stack
};

}  // namespace cardvp::rtl
