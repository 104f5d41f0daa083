#include "models/memory/ram.h"

#include <cstring>

namespace cardvp::memory {

Ram::Ram(sc_core::sc_module_name name, Sim& sim, const RamConfig& config)
    : BusTarget(name, sim), config_(config), contents_(config.size) {
  set_access_delay(config.access_delay);
}

void Ram::reset() {
  if (config_.cleared_by_reset) contents_.clear();
}

bool Ram::access(const BusAccess& access) {
  const std::span<std::byte> all = bytes();
  if (access.offset > all.size() || access.size > all.size() - access.offset) return false;
  if (access.size == 0) return true;
  std::byte* at = all.data() + access.offset;
  if (access.write)
    std::memcpy(at, access.data, access.size);
  else
    std::memcpy(access.data, at, access.size);
  return true;
}

bool Ram::direct_memory(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  if (payload.get_address() >= bytes().size()) return false;
  dmi.set_dmi_ptr(reinterpret_cast<unsigned char*>(bytes().data()));
  dmi.set_start_address(0);
  dmi.set_end_address(bytes().size() - 1);
  dmi.set_read_latency(access_delay());
  dmi.set_write_latency(access_delay());
  dmi.allow_read_write();
  return true;
}

}  // namespace cardvp::memory
