// GICv2 (Arm IHI 0048B), without the security extensions, as QEMU's `virt` has it: distributor and CPU interface, up to
// 8 CPUs, ids 0-15 SGI, 16-31 PPI, 32 and up SPI. Registers: gicd.def, gicc.def.
//
// Choices that the architecture leaves open: 256 priorities; SGIs are always enabled; triggers of PPIs and SPIs can be
// programmed, and are level-sensitive at reset; of two pending interrupts of one priority the lower id goes first, of
// two sources of an SGI the lower CPU; EOIR and DIR for an id that is not active do nothing. Reserved locations read as
// 0. There is no bypass of the interrupt outputs.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "models/base/bus_target.h"

namespace cardvp::arm {

class Gic : public Model {
 public:
  // Throws std::invalid_argument for more than 8 CPUs or 988 SPIs, or for no CPU.
  Gic(sc_core::sc_module_name name, Sim& sim, unsigned cpus, unsigned spis);
  ~Gic() override;

  // On the card bus: GICD_* and GICC_*. The CPU interface is banked by CPU; the initiator's CPU number comes in a
  // CpuId extension of the payload (absent: CPU 0).
  BusTarget& distributor();
  BusTarget& cpu_interface();

  unsigned ids() const { return ids_; }  // interrupt ids are 0 to ids() - 1

  // Level of an interrupt input: `id` is 32 and up, or 16-31 with its CPU.
  void set_spi(unsigned id, bool level);
  void set_ppi(unsigned cpu, unsigned id, bool level);

  // The outputs of a CPU interface. FIQ is for group 0, if GICC_CTLR.FIQ_EN says so; all else is IRQ.
  void connect_irq(unsigned cpu, std::function<void(bool)> sink);
  void connect_fiq(unsigned cpu, std::function<void(bool)> sink);

  // Card reset. The inputs keep their levels.
  void reset();

 private:
  static constexpr unsigned kSpurious = 1023;
  static constexpr unsigned kOtherGroup = 1022;

  // The state of 32 interrupts, a bit each.
  struct Word {
    std::uint32_t group1 = 0;
    std::uint32_t enabled = 0;
    std::uint32_t latched = 0;  // pending, until acknowledged or cleared
    std::uint32_t active = 0;
    std::uint32_t edge = 0;
    std::uint32_t level = 0;  // of the input
    std::uint32_t pending() const { return latched | (level & ~edge); }
    std::uint32_t ready() const { return pending() & enabled & ~active; }
  };
  struct Cpu;
  class Frame;
  struct Candidate {
    unsigned id = kSpurious;
    unsigned priority = 0x100;  // below any
    bool group1 = false;
  };

  void hook_distributor();
  void hook_bits(RegisterBank::Id set, RegisterBank::Id clear, std::uint32_t Word::*bits, std::uint32_t own_writable);
  // A register array with a byte per interrupt.
  void hook_bytes(RegisterBank::Id reg, std::function<std::uint8_t(unsigned id)> read,
                  std::function<void(unsigned id, std::uint8_t value)> write);
  void hook_triggers();
  void hook_cpu_interface(Cpu& cpu);

  RegisterBank& distributor_bank(unsigned cpu);
  RegisterBank& cpu_bank(unsigned cpu);

  // By the number of a register in its array, and the CPU that accesses, or that is asked about.
  Word& word(unsigned index, Cpu& cpu);
  std::uint32_t implemented(unsigned index) const;  // a bit per id that exists
  std::uint8_t& priority(unsigned id, Cpu& cpu);

  static bool set_input(Word& word, unsigned bit, bool level);  // true: something is ready that was not, or the reverse
  void send_sgi(const RegisterWrite& write);
  void set_sgi_sources(Cpu& cpu, unsigned sgi, std::uint8_t sources);

  Candidate highest_pending(Cpu& cpu);
  Candidate signalled(Cpu& cpu);  // highest pending, if it may interrupt now
  static std::uint8_t group_priority(const Cpu& cpu, const Candidate& candidate);
  std::uint32_t id_field(const Cpu& cpu, const Candidate& candidate) const;
  std::uint32_t read_pending(Cpu& cpu, bool alias);
  std::uint32_t acknowledge(Cpu& cpu, bool alias);
  void end_of_interrupt(Cpu& cpu, unsigned id, bool alias);
  void deactivate(Cpu& cpu, unsigned id);
  // The outputs: of all CPUs, of one, or of an SPI's targets.
  void update();
  void update(Cpu& cpu);
  void update_targets(unsigned id);

  unsigned ids_;  // that exist: 0 to ids_ - 1
  RegisterBank distributor_registers_;
  std::vector<std::unique_ptr<Cpu>> cpus_;
  std::array<Word, 32> shared_{};  // by id / 32; the first is each CPU's own
  std::array<std::uint8_t, 1024> priorities_{};
  std::array<std::uint32_t, 2> forwarded_{};  // by group: all bits, or none
  Cpu* accessing_ = nullptr;                  // who uses the distributor's registers now
  std::unique_ptr<Frame> distributor_;
  std::unique_ptr<Frame> cpu_interface_;
  Counter& acknowledged_;
  Counter& spurious_;
};

}  // namespace cardvp::arm
