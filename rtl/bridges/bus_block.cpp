#include "rtl/bridges/bus_block.h"

#include <algorithm>
#include <stdexcept>

#include "rtl/bridges/apb_target.h"
#include "rtl/bridges/axi_target.h"
#include "rtl/bridges/register_target.h"

namespace cardvp::rtl {

BusBlock::BusBlock(sc_core::sc_module_name name, Sim& sim, TargetBridge& bridge)
    : BusTarget(name, sim), bridge_(bridge) {
  set_access_delay(sc_core::SC_ZERO_TIME);
}

bool BusBlock::access(const BusAccess& access) {
  if (access.debug) return false;
  const sc_core::sc_time begin = std::max(bridge_.block().time(), now());
  const std::span<std::uint8_t> data(reinterpret_cast<std::uint8_t*>(access.data), access.size);
  Transaction transaction(bridge_, access.write, access.offset, data);
  const Response response = bridge_.access_now(transaction);
  // The initiator may be ahead of the block, or behind it.
  const sc_core::sc_time end = transaction.done.at(), at = access_time();
  const sc_core::sc_time over = std::max(end, at + (end > begin ? end - begin : sc_core::SC_ZERO_TIME));
  add_delay(over - at);
  bridge_.block().show_changes(end);
  return is_okay(response);
}

Response BusMemory::transfer(tlm::tlm_command command, std::uint64_t address, std::uint8_t* data, std::size_t size,
                             sc_core::sc_time& delay) {
  payload_.set_command(command);
  payload_.set_address(address);
  payload_.set_data_ptr(data);
  payload_.set_data_length(static_cast<unsigned>(size));
  payload_.set_streaming_width(static_cast<unsigned>(size));
  payload_.set_byte_enable_ptr(nullptr);
  payload_.set_dmi_allowed(false);
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  socket->b_transport(payload_, delay);
  if (payload_.is_response_ok()) return Response::kOkay;
  return payload_.get_response_status() == tlm::TLM_ADDRESS_ERROR_RESPONSE ? Response::kDecErr : Response::kSlvErr;
}

Response BusMemory::read(std::uint64_t address, std::span<std::uint8_t> to, sc_core::sc_time& delay) {
  return transfer(tlm::TLM_READ_COMMAND, address, to.data(), to.size(), delay);
}

Response BusMemory::write(std::uint64_t address, std::span<const std::uint8_t> from, sc_core::sc_time& delay) {
  // A target does not change what it is to write.
  return transfer(tlm::TLM_WRITE_COMMAND, address, const_cast<std::uint8_t*>(from.data()), from.size(), delay);
}

std::unique_ptr<TargetBridge> make_target_bridge(Sim& sim, Block& block, const InterfaceDescription& description) {
  if (description.role == InterfaceRole::kTarget) switch (description.kind) {
      case InterfaceKind::kAxiLite:
      case InterfaceKind::kAxi4: return std::make_unique<AxiTarget>(sim, block, description);
      case InterfaceKind::kApb: return std::make_unique<ApbTarget>(sim, block, description);
      case InterfaceKind::kRegisterPort: return std::make_unique<RegisterTarget>(sim, block, description);
      case InterfaceKind::kAxiStream: break;
    }
  throw std::invalid_argument(fmt::format("{}: an interface of a target is wanted, this is {} {}", description.name,
                                          to_string(description.kind), to_string(description.role)));
}

}  // namespace cardvp::rtl
