#include "models/security/host_gate.h"

#include <algorithm>

namespace cardvp::security {
namespace host_gate {
#define CARDVP_REGISTERS "models/security/host_gate.def"
#include "models/base/declare_registers.h"
}  // namespace host_gate

HostGate::HostGate(sc_core::sc_module_name name, Sim& sim, Alarms& alarms, std::uint64_t size,
                   const std::vector<std::byte>& image)
    : RegisterTarget(name, sim, host_gate::kBank),
      alarms_(alarms),
      flash_("flash", sim, {.size = size}, image),
      release_(sim.scheduler, *this),
      blocked_writes_(counter("blocked_writes", "attempts")) {
  registers_.on_write(host_gate::CONTROL, [this](const RegisterWrite&) {
    if (registers_.get(host_gate::CONTROL_RELEASE)) release_.call_at(access_time());
  });
  reset();
}

void HostGate::reset() {
  release_.cancel();
  registers_.reset();
  registers_.set(host_gate::FLASH_SIZE_BYTES, flash_.size());
  flash_.reset();
  host_reset.set(true);
}

void HostGate::release() {
  registers_.set(host_gate::STATUS_RELEASED, 1);
  log_.info("host out of reset");
  host_reset.set(false);
}

bool HostGate::read(std::uint64_t offset, std::span<std::byte> to) {
  if (!released() || offset > size() || to.size() > size() - offset) return false;
  flash_.contents(offset, to);
  return true;
}

bool HostGate::write(std::uint64_t offset, std::span<const std::byte> from) {
  blocked_writes_.add();
  registers_.set(host_gate::BLOCKED_WRITES_COUNT, registers_.get(host_gate::BLOCKED_WRITES_COUNT) + 1);
  alarms_.raise("host_flash_write",
                fmt::format("the host tried to write {} bytes of its boot flash at offset {:#x}", from.size(), offset));
  return false;
}

}  // namespace cardvp::security
