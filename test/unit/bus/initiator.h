// A bus initiator for tests: accesses with a delay annotation of the test's choice, as a core that runs ahead has.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>
#include <systemc>
#include <tlm>

#include "models/base/cpu_id.h"

namespace cardvp {

class Initiator : public sc_core::sc_module {
 public:
  explicit Initiator(sc_core::sc_module_name name) : sc_module(name) {
    socket.register_invalidate_direct_mem_ptr(this, &Initiator::invalidate);
  }
  tlm_utils::simple_initiator_socket<Initiator> socket{"socket"};

  sc_core::sc_time ahead;  // of the kernel; each access starts there, and adds its delay to it if `accumulate`
  bool accumulate = false;
  unsigned cpu = 0;
  tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
  sc_core::sc_time taken;  // by the last access
  std::vector<std::pair<std::uint64_t, std::uint64_t>> invalidated;

  bool access(bool write, std::uint64_t address, void* data, unsigned size) {
    tlm::tlm_generic_payload payload;
    set_up(payload, write, address, data, size);
    if (cpu != 0) payload.set_extension(new CpuId(cpu));
    sc_core::sc_time delay = ahead;
    socket->b_transport(payload, delay);
    taken = delay - ahead;
    if (accumulate) ahead = delay;
    status = payload.get_response_status();
    restored = payload.get_address() == address;
    return payload.is_response_ok();
  }
  bool restored = true;  // the last access's address is what it was

  std::uint64_t read(std::uint64_t address, unsigned size = 4) {
    std::uint64_t value = 0;
    return access(false, address, &value, size) ? value : ~0ull;
  }
  bool write(std::uint64_t address, std::uint64_t value, unsigned size = 4) {
    return access(true, address, &value, size);
  }
  unsigned debug(bool write, std::uint64_t address, void* data, unsigned size) {
    tlm::tlm_generic_payload payload;
    set_up(payload, write, address, data, size);
    return socket->transport_dbg(payload);
  }
  bool direct(bool write, std::uint64_t address, tlm::tlm_dmi& dmi) {
    tlm::tlm_generic_payload payload;
    set_up(payload, write, address, nullptr, 0);
    return socket->get_direct_mem_ptr(payload, dmi);
  }

 private:
  static void set_up(tlm::tlm_generic_payload& payload, bool write, std::uint64_t address, void* data, unsigned size) {
    payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_address(address);
    payload.set_data_ptr(static_cast<unsigned char*>(data));
    payload.set_data_length(size);
    payload.set_streaming_width(size);
  }
  void invalidate(sc_dt::uint64 start, sc_dt::uint64 end) { invalidated.emplace_back(start, end); }
};

}  // namespace cardvp
