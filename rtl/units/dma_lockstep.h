// Lockstep of the descriptor DMA: its registers and their rules (models/dma/ring.h) beside an RTL, which does the work.
//
// The RTL says when a descriptor has been done, by HEAD and ERROR; the model follows, and holds each against the memory
// traffic (dma_traffic.h). What can be compared at any time is compared at once; registers and the level of the
// interrupt are while nothing is under way, as model and RTL have no time in common. To know what the RTL has come to,
// this reads its registers itself: where a write means something else before and after, and now and then.
#pragma once

#include <functional>
#include <optional>

#include "models/base/bus_target.h"
#include "rtl/units/dma_traffic.h"

namespace cardvp::rtl {

class DmaLockstep {
 public:
  using Access = std::function<bool(const BusAccess&)>;

  // `registers` is the RTL's, `irq` its interrupt; `word` as in DmaTraffic. An RTL that neither goes on with a
  // descriptor nor ends it for as many cycles as `patience` differs.
  DmaLockstep(Sim& sim, Lockstep& lockstep, TargetBridge& registers, Pin irq, unsigned word, std::uint64_t patience);

  // An access of the bus, which `rtl` performs on the RTL: of 1, 2, 4 or 8 bytes, aligned. Its outcome is the RTL's.
  bool access(const BusAccess& access, const Access& rtl);
  // What memory answered to the RTL.
  void read(std::uint64_t address, std::span<const std::uint8_t> data, Response response);
  void write(std::uint64_t address, std::span<const std::uint8_t> data, Response response);
  // The RTL's interrupt changed: at its time, or within an access.
  void interrupt(bool level);
  // Card reset, ahead of the RTL's.
  void reset();

 private:
  static constexpr std::uint64_t kPollCycles = 1024;

  bool word_access(const BusAccess& access, const Access& rtl);
  bool read_register(const BusAccess& access, const Access& rtl);
  bool write_register(const BusAccess& access, const Access& rtl);
  // Writes while a descriptor is under way.
  bool announce(const BusAccess& access, const Access& rtl);
  bool acknowledge(const BusAccess& access, const Access& rtl);
  bool cut(const BusAccess& access, const Access& rtl);

  bool both(const BusAccess& access, const Access& rtl);
  bool write_model(const BusAccess& access);

  std::optional<std::uint32_t> register_of_rtl(std::uint32_t offset);
  // The model follows the RTL; false if that had not gone on.
  bool sync();
  void confirm(std::uint32_t head);
  void confirm_error(std::uint32_t error);
  void await_idle();
  void compare_rise();
  void compare_level();
  void watch();
  void poll();

  Lockstep& lockstep_;
  TargetBridge& registers_;
  Pin irq_;
  std::uint64_t patience_;
  Line model_irq_;
  dma::Ring ring_{model_irq_};
  DmaTraffic traffic_;
  bool rose_ = false;      // the model's interrupt, for which the RTL's has not been told of
  bool rtl_rose_ = false;  // and this one's, for which the model's is to be looked at
  bool in_access_ = false;
  bool in_reset_ = true;        // since when nobody has accessed it
  std::uint64_t accesses_ = 0;  // of memory, at the last poll
  std::uint64_t idle_polls_ = 0;
  Callback<&DmaLockstep::poll> poll_;
};

}  // namespace cardvp::rtl
