// The host gate (host_gate.def): holds the host in reset until the firmware releases it, and lets the host read its
// boot flash but not write it: an attempt is blocked, counted and an alarm.
//
// On the card bus are the registers (`socket`); the flash's contents are a memory block of their own, flash().
#pragma once

#include <string>
#include <vector>

#include "models/base/boot_flash_port.h"
#include "models/base/bus_target.h"
#include "models/memory/flash.h"
#include "models/security/alarms.h"

namespace cardvp::security {

class HostGate : public RegisterTarget, public BootFlashPort {
 public:
  // `image`: what is in the flash from its first byte on, no larger than `size` (bytes); the rest is erased.
  HostGate(sc_core::sc_module_name name, Sim& sim, Alarms& alarms, std::uint64_t size,
           const std::vector<std::byte>& image);

  // The host's reset line: true while it is held.
  Line host_reset;
  memory::Flash& flash() { return flash_; }

  // The host's side.
  std::uint64_t size() const override { return flash_.size(); }
  bool read(std::uint64_t offset, std::span<std::byte> to) override;
  bool write(std::uint64_t offset, std::span<const std::byte> from) override;

  bool released() const { return !host_reset.level(); }
  std::uint64_t blocked_writes() const { return blocked_writes_.value(); }

  // Card reset: the host is held again.
  void reset();

 private:
  void release();

  Alarms& alarms_;
  memory::Flash flash_;
  Callback<&HostGate::release> release_;  // at the simulated time of the firmware's write
  Counter& blocked_writes_;
};

}  // namespace cardvp::security
