// One AArch64 core as an initiator on the card bus. (The facade; see docs/architecture.md for the layers below it.)
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/arm/debug.h"
#include "models/arm/entry.h"
#include "models/arm/peers.h"
#include "models/base/model.h"
#include "models/base/sync.h"

namespace cardvp::arm {

struct CoreConfig {
  Entry entry;
  double frequency_hz = 1.0e9;                  // one instruction a cycle
  std::uint64_t timer_hz = 62'500'000;          // generic timer, CNTFRQ_EL0
  sc_core::sc_time quantum{5, sc_core::SC_US};  // how far the core runs ahead of the kernel
  double picojoules_per_instruction = 0;
  double static_watts = 0;
};

// A core's place in a cluster.
struct CoreSeat {
  unsigned number = 0;     // MPIDR_EL1.Aff0, CpuId of its accesses
  bool alone = true;       // MPIDR_EL1.U
  Peers* peers = nullptr;  // outlives the core
};

class Core : public Model {
 public:
  Core(sc_core::sc_module_name name, Sim& sim, const CoreConfig& config, const CoreSeat& seat = {});
  ~Core() override;

  tlm_utils::simple_initiator_socket<Core> bus{"bus"};

  // Interrupt inputs, level-sensitive, from the GIC's CPU interface.
  void set_irq(bool level);
  void set_fiq(bool level);
  // The timers' outputs to the GIC: EL1 physical (PPI id 30), virtual (27), secure physical (29), hypervisor (26).
  Line physical_timer, virtual_timer, secure_timer, hypervisor_timer;

  // Starts (again) as CoreConfig::entry says, at the present time. The core is held until the first call.
  void reset() { start(config_.entry, sc_core::SC_ZERO_TIME); }

  // For its cluster. Starts (again) elsewhere, `delay` from now; stops, behind the present instruction, until it is
  // started; waits for an interrupt, behind the present instruction.
  void start(const Entry& entry, sc_core::sc_time delay);
  void stop();
  void stand_by();
  bool powered() const;  // started, and not stopped
  void send_event();
  void flush_translations();
  void flush_page(std::uint64_t address);
  void code_modified(std::uint64_t physical, std::uint64_t bytes);
  void all_code_modified();

  std::uint64_t instructions() const;
  // For debuggers and the like (debug.h). They outlive the core's last quantum; null detaches.
  DebugPort& debug_port();
  void attach(Debugger* debugger);  // throws DebugRefused
  void attach(Tracer* tracer);
  void attach(Sampler* sampler, sc_core::sc_time period);

  // For good: debuggers are refused, one that is attached is detached. `on_attempt` is told of each that comes.
  void lock_debug(std::function<void()> on_attempt);

  // Why the core makes no progress, if it does not: "WFI with interrupts masked at 0x...". Empty while it runs, or
  // waits for an interrupt that can come.
  std::string stuck() const;
  // Program counter, general registers and exception state as text, for error reports.
  std::string describe() const;

 private:
  struct Parts;

  Task<> execute(Entry entry, sc_core::sc_time delay);
  void forget_memory(sc_dt::uint64 first, sc_dt::uint64 last);

  CoreConfig config_;
  bool started_ = false;
  Counter& instructions_;
  std::unique_ptr<Parts> parts_;
  Trigger wake_{scheduler()};
  Callback<&Core::send_event> event_stream_{scheduler(), *this};
  TaskScope scope_{scheduler()};
};

}  // namespace cardvp::arm
