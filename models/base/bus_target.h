// A block on the card bus: a TLM-2.0 target with the few decisions that every block shares.
//
// A target annotates its delay and never waits. The initiator may run ahead of the kernel: an access happens at
// access_time(), which may be in the future; what a block starts because of an access, it starts then.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tlm_utils/simple_target_socket.h>
#include <systemc>
#include <tlm>

#include "models/base/model.h"
#include "models/base/registers.h"

namespace cardvp {

struct BusAccess {
  bool write;
  std::uint64_t offset;  // bytes from the block's base
  std::byte* data;
  unsigned size;     // bytes
  unsigned cpu = 0;  // who accesses: the payload's CpuId (cpu_id.h)
  // From transport_dbg: a register whose access has side effects may refuse it.
  bool debug = false;
};

class BusTarget : public Model {
 public:
  BusTarget(sc_core::sc_module_name name, Sim& sim);

  tlm_utils::simple_target_socket<BusTarget> socket{"socket"};

 protected:
  // Performs an access; false answers it with a bus error. Only plain reads and writes without byte enables come here.
  virtual bool access(const BusAccess& access) = 0;
  // For blocks with several banks: performs the access on one of them, at access.offset.
  static bool access_bank(RegisterBank& bank, const BusAccess& access);
  // For memory: see tlm_fw_direct_mem_if. Default: none.
  virtual bool direct_memory(tlm::tlm_generic_payload&, tlm::tlm_dmi&) { return false; }

  // What each access costs, beside the bus itself. Default 10 ns.
  void set_access_delay(sc_core::sc_time delay) { access_delay_ = delay; }
  sc_core::sc_time access_delay() const { return access_delay_; }
  // Makes the access in progress take longer than the others.
  void add_delay(sc_core::sc_time time) { ahead_ += time; }
  // The simulated time of the access in progress; outside of one, now().
  sc_core::sc_time access_time() const { return now() + ahead_; }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);

  sc_core::sc_time access_delay_{10, sc_core::SC_NS};
  sc_core::sc_time ahead_;
};

// A block that is one register bank. The model hangs hooks on `registers_`.
class RegisterTarget : public BusTarget {
 public:
  RegisterTarget(sc_core::sc_module_name name, Sim& sim, const BankInfo& info)
      : BusTarget(name, sim), registers_(info) {}

 protected:
  bool access(const BusAccess& access) override { return access_bank(registers_, access); }
  RegisterBank registers_;
};

}  // namespace cardvp
