#include "models/base/bus_target.h"

#include <cstring>
#include <utility>

#include "models/base/cpu_id.h"

namespace cardvp {
namespace {

BusAccess access_of(const tlm::tlm_generic_payload& payload) {
  const CpuId* id = payload.get_extension<CpuId>();
  return {payload.is_write(), payload.get_address(), reinterpret_cast<std::byte*>(payload.get_data_ptr()),
          payload.get_data_length(), id ? id->cpu : 0};
}

}  // namespace

BusTarget::BusTarget(sc_core::sc_module_name name, Sim& sim) : Model(name, sim) {
  socket.register_b_transport(this, &BusTarget::b_transport);
  socket.register_transport_dbg(this, &BusTarget::transport_dbg);
  socket.register_get_direct_mem_ptr(this, &BusTarget::get_direct_mem_ptr);
}

void BusTarget::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) {
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return;
  }
  if (payload.get_byte_enable_ptr()) {
    payload.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    return;
  }
  if (payload.get_streaming_width() < payload.get_data_length()) {
    payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    return;
  }
  delay += access_delay_;
  // What the block does may come back to it.
  const sc_core::sc_time outer = std::exchange(ahead_, delay);
  const bool done = access(access_of(payload));
  delay = std::exchange(ahead_, outer);
  payload.set_dmi_allowed(false);
  payload.set_response_status(done ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

unsigned BusTarget::transport_dbg(tlm::tlm_generic_payload& payload) {
  BusAccess wanted = access_of(payload);
  wanted.debug = true;
  return access(wanted) ? wanted.size : 0;
}

bool BusTarget::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  return direct_memory(payload, dmi);
}

bool BusTarget::access_bank(RegisterBank& bank, const BusAccess& access) {
  std::uint64_t value = 0;
  if (access.size > sizeof value) return false;
  if (access.write) {
    std::memcpy(&value, access.data, access.size);
    return bank.write(access.offset, access.size, value);
  }
  if (!bank.read(access.offset, access.size, value)) return false;
  std::memcpy(access.data, &value, access.size);
  return true;
}

}  // namespace cardvp
