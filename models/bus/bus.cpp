#include "models/bus/bus.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>

namespace cardvp::bus {

Bus::Bus(sc_core::sc_module_name name, Sim& sim, const BusConfig& config)
    : Model(name, sim), latency_(config.latency), decode_errors_(counter("decode_errors", "accesses")) {
  target.register_b_transport(this, &Bus::b_transport);
  target.register_transport_dbg(this, &Bus::transport_dbg);
  target.register_get_direct_mem_ptr(this, &Bus::get_direct_mem_ptr);
  blocks_.register_invalidate_direct_mem_ptr(this, &Bus::invalidate_direct_mem_ptr);
}

void Bus::map(const char* name, std::uint64_t base, std::uint64_t size, tlm::tlm_target_socket<>& block) {
  if (size == 0 || size - 1 > std::numeric_limits<std::uint64_t>::max() - base)
    throw std::invalid_argument(fmt::format("{}: no address range: {:#x} bytes at {:#x}", name, size, base));
  const std::uint64_t last = base + (size - 1);
  const auto after =
      std::find_if(regions_.begin(), regions_.end(), [&](const Region& region) { return region.last >= base; });
  if (after != regions_.end() && after->base <= last)
    throw std::invalid_argument(fmt::format("{} at {:#x}..{:#x} overlaps {} at {:#x}..{:#x}", name, base, last,
                                            after->name, after->base, after->last));
  regions_.insert(after, {name, base, last, static_cast<int>(regions_.size())});
  blocks_.bind(block);
}

const Bus::Region* Bus::find(std::uint64_t address) {
  const auto holds = [&](const Region& region) { return address >= region.base && address <= region.last; };
  if (last_hit_ < regions_.size() && holds(regions_[last_hit_])) return &regions_[last_hit_];
  const auto region =
      std::partition_point(regions_.begin(), regions_.end(), [&](const Region& r) { return r.last < address; });
  if (region == regions_.end() || !holds(*region)) return nullptr;
  last_hit_ = static_cast<std::size_t>(region - regions_.begin());
  return &*region;
}

const Bus::Region* Bus::find(std::uint64_t address, std::uint64_t bytes) {
  const Region* region = find(address);
  return region && (bytes == 0 || bytes - 1 <= region->last - address) ? region : nullptr;
}

void Bus::b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  delay += latency_;
  const std::uint64_t address = payload.get_address();
  const Region* region = find(address, payload.get_data_length());
  if (!region) {
    decode_errors_.add();
    if (log_.debugging())
      log_.debug("decode error",
                 {{"address", hex(address)}, {"size", payload.get_data_length()}, {"write", payload.is_write()}});
    payload.set_dmi_allowed(false);
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  payload.set_address(address - region->base);
  blocks_[region->port]->b_transport(payload, delay);
  payload.set_address(address);
}

unsigned Bus::transport_dbg(int, tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  const Region* region = find(address, payload.get_data_length());
  if (!region) return 0;
  payload.set_address(address - region->base);
  const unsigned done = blocks_[region->port]->transport_dbg(payload);
  payload.set_address(address);
  return done;
}

bool Bus::get_direct_mem_ptr(int, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  const std::uint64_t address = payload.get_address();
  const Region* region = find(address);
  if (!region) {
    deny_hole(address, dmi);
    return false;
  }
  dmi.init();  // a block that has no DMI may leave it as it is
  payload.set_address(address - region->base);
  const bool granted = blocks_[region->port]->get_direct_mem_ptr(payload, dmi);
  payload.set_address(address);
  if (!granted && dmi.is_none_allowed()) dmi.allow_read_write();  // of a refusal: what is refused
  // A block may know nothing of its size: "everywhere" ends where its range does.
  const std::uint64_t size_minus_1 = region->last - region->base;
  dmi.set_start_address(region->base + std::min<std::uint64_t>(dmi.get_start_address(), size_minus_1));
  dmi.set_end_address(region->base + std::min<std::uint64_t>(dmi.get_end_address(), size_minus_1));
  dmi.set_read_latency(dmi.get_read_latency() + latency_);
  dmi.set_write_latency(dmi.get_write_latency() + latency_);
  return granted;
}

void Bus::deny_hole(std::uint64_t address, tlm::tlm_dmi& dmi) const {
  const auto after =
      std::partition_point(regions_.begin(), regions_.end(), [&](const Region& r) { return r.last < address; });
  dmi.init();
  dmi.set_start_address(after == regions_.begin() ? 0 : std::prev(after)->last + 1);
  dmi.set_end_address(after == regions_.end() ? std::numeric_limits<std::uint64_t>::max() : after->base - 1);
  dmi.allow_read_write();
}

void Bus::invalidate_direct_mem_ptr(int port, sc_dt::uint64 start, sc_dt::uint64 end) {
  const auto region = std::find_if(regions_.begin(), regions_.end(), [&](const Region& r) { return r.port == port; });
  const std::uint64_t size_minus_1 = region->last - region->base;
  if (start > size_minus_1) return;
  for (unsigned initiator = 0; initiator < target.size(); ++initiator)
    target[static_cast<int>(initiator)]->invalidate_direct_mem_ptr(
        region->base + start, region->base + std::min<std::uint64_t>(end, size_minus_1));
}

}  // namespace cardvp::bus
