#include "rtl/units/dma_unit.h"

#include <bit>
#include <utility>

namespace cardvp::rtl {
namespace {

UnitConfig with_clocking(UnitConfig config) {
  Clocking& clocking = config.block.clocking;
  if (clocking.mode != Clocking::Mode::kOnDemand || !clocking.busy_port.empty()) return config;
  clocking.mode = Clocking::Mode::kBatched;
  clocking.quiet_cycles = DmaUnit::kQuietCycles;
  return config;
}

}  // namespace

DmaUnit::DmaUnit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config)
    : Unit(name, sim, with_clocking(config)),
      target_(make_target_bridge(sim, block(), interface("s_axil", InterfaceKind::kAxiLite, InterfaceRole::kTarget))),
      registers_("registers", sim, *target_, *this),
      bus_memory_("memory", sim),
      master_(sim, block(), interface("m_axi", InterfaceKind::kAxi4, InterfaceRole::kMaster), memory_) {
  if (lockstep()) {
    const unsigned word =
        data_bytes(InterfacePins(block(), interface("m_axi", InterfaceKind::kAxi4, InterfaceRole::kMaster)), "rdata");
    reference_.emplace(sim, *lockstep(), *target_, block().pin("irq"), word, config.block.time_out_cycles);
  }
  block().watch("irq", [this](std::uint64_t level) { irq(level != 0); });
}

void DmaUnit::reset() {
  if (reference_) reference_->reset();
  // What the block has done ahead of the simulated time shows before its reset, not behind.
  block().show_changes(block().time());
  block().reset();
  block().show_changes(block().time());
  interrupt.set(false);  // also if the reset has to wait until the present cycle is over
}

void DmaUnit::irq(bool level) {
  interrupt.set(level);
  if (reference_) reference_->interrupt(level);
}

bool DmaUnit::Registers::access(const BusAccess& access) {
  const bool aligned = access.size <= 8 && std::has_single_bit(access.size) && access.offset % access.size == 0;
  if (!aligned || access.debug || unit_.in_memory_) return false;
  if (!unit_.reference_) return BusBlock::access(access);
  return unit_.reference_->access(access, [this](const BusAccess& part) { return BusBlock::access(part); });
}

Response DmaUnit::Memory::read(std::uint64_t address, std::span<std::uint8_t> to, sc_core::sc_time& delay) {
  const bool outer = std::exchange(unit_.in_memory_, true);
  const Response response = unit_.bus_memory_.read(address, to, delay);
  unit_.in_memory_ = outer;
  if (unit_.reference_) unit_.reference_->read(address, to, response);
  return response;
}

Response DmaUnit::Memory::write(std::uint64_t address, std::span<const std::uint8_t> from, sc_core::sc_time& delay) {
  const bool outer = std::exchange(unit_.in_memory_, true);
  const Response response = unit_.bus_memory_.write(address, from, delay);
  unit_.in_memory_ = outer;
  if (unit_.reference_) unit_.reference_->write(address, from, response);
  return response;
}

}  // namespace cardvp::rtl
