// The card's Arm control core: one AArch64 core as an initiator on the card bus. (The facade; see docs/architecture.md
// for the layers below it.)
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/base/model.h"
#include "models/base/sync.h"

namespace cardvp::arm {

struct CoreConfig {
  std::uint64_t reset_address = 0;
  double frequency_hz = 1.0e9;                  // one instruction a cycle
  std::uint64_t timer_hz = 62'500'000;          // generic timer, CNTFRQ_EL0
  sc_core::sc_time quantum{5, sc_core::SC_US};  // how far the core runs ahead of the kernel
  double picojoules_per_instruction = 0;
  double static_watts = 0;
};

class Core : public Model {
 public:
  Core(sc_core::sc_module_name name, Sim& sim, const CoreConfig& config);
  ~Core() override;

  tlm_utils::simple_initiator_socket<Core> bus{"bus"};

  // Interrupt inputs, level-sensitive, from the GIC's CPU interface.
  void set_irq(bool level);
  void set_fiq(bool level);
  // The timers' outputs to the GIC: EL1 physical (PPI id 30), virtual (27), secure physical (29), hypervisor (26).
  Line physical_timer, virtual_timer, secure_timer, hypervisor_timer;

  // Reset: starts (again) at the reset address, in EL3, at the present time. The core is held until the first call.
  void reset();

  std::uint64_t instructions() const;
  // Why the core makes no progress, if it does not: "WFI with interrupts masked at 0x...". Empty while it runs, or
  // waits for an interrupt that can come.
  std::string stuck() const;
  // Program counter, general registers and exception state as text, for error reports.
  std::string describe() const;

 private:
  struct Parts;

  Task<> execute();
  void forget_memory(sc_dt::uint64 first, sc_dt::uint64 last);

  CoreConfig config_;
  Counter& instructions_;
  std::unique_ptr<Parts> parts_;
  Trigger wake_{scheduler()};
  TaskScope scope_{scheduler()};
};

}  // namespace cardvp::arm
