#include "models/arm/bus_port.h"

namespace cardvp::arm {

const BusPort::Region* BusPort::find(std::uint64_t page, bool write) const {
  for (const Region& region : regions_) {
    if (region.first <= page && page + (kPageSize - 1) <= region.last && (write ? region.writable : region.readable))
      return &region;
  }
  return nullptr;
}

std::byte* BusPort::direct(std::uint64_t physical, AccessKind kind) {
  const std::uint64_t page = physical & ~(kPageSize - 1);
  const bool write = kind == AccessKind::kWrite;
  if (const Region* const region = find(page, write)) return region->host + (physical - region->first);

  std::uint64_t& refused = refused_[(page >> kPageBits) % refused_.size()];
  if (refused == (page | write)) return nullptr;
  tlm::tlm_dmi dmi;
  payload_.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload_.set_address(page);
  if (socket_->get_direct_mem_ptr(payload_, dmi) && dmi.get_dmi_ptr()) {
    regions_.push_back({dmi.get_start_address(), dmi.get_end_address(), reinterpret_cast<std::byte*>(dmi.get_dmi_ptr()),
                        dmi.is_read_allowed(), dmi.is_write_allowed()});
    if (const Region* const region = find(page, write)) return region->host + (physical - region->first);
    regions_.pop_back();  // less than the page, or not for this kind of access
  }
  refused = page | write;
  return nullptr;
}

void BusPort::prepare(tlm::tlm_command command, std::uint64_t physical, void* data, unsigned size) {
  payload_.set_command(command);
  payload_.set_address(physical);
  payload_.set_data_ptr(static_cast<unsigned char*>(data));
  payload_.set_data_length(size);
  payload_.set_streaming_width(size);
  payload_.set_byte_enable_ptr(nullptr);
  payload_.set_dmi_allowed(false);
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}

bool BusPort::transport(tlm::tlm_command command, std::uint64_t physical, void* data, unsigned size,
                        sc_core::sc_time& delay) {
  prepare(command, physical, data, size);
  socket_->b_transport(payload_, delay);
  return payload_.is_response_ok();
}

bool BusPort::debug_transport(tlm::tlm_command command, std::uint64_t physical, void* data, unsigned size) {
  prepare(command, physical, data, size);
  return socket_->transport_dbg(payload_) == size;
}

}  // namespace cardvp::arm
