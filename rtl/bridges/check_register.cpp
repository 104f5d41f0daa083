#include "rtl/bridges/check_register.h"

namespace cardvp::rtl {

RegisterChecker::RegisterChecker(Sim& sim, const std::string& owner, InterfacePins interface_pins)
    : Checker(sim, owner, std::move(interface_pins)),
      cs_(pins()["cs"]),
      we_(pins()["we"]),
      ready_(pins()["ready"]),
      error_(pins()["error"]) {
  for (const char* const signal : {"we", "address", "write_data"})
    if (const Pin pin = pins()[signal]) payload_.push_back({signal, pin, {}});
  wake_on("error");
}

RegisterChecker::RegisterChecker(Sim& sim, Block& block, const InterfaceDescription& description)
    : RegisterChecker(sim, block.name(), InterfacePins(block, description)) {
  block.domain(description.clock)->add(*this);
}

void RegisterChecker::sample() {
  const bool select = cs_.high();
  if (!select && we_.high()) report("WE_ALONE", "we");
  if (!select && get_or(error_, 0) != 0) report("ERROR_ALONE", "error");
  if (waiting_ && !select) report("CS_STABLE", "cs");
  std::array<std::uint8_t, kMaxDataBytes> now{};
  for (Held& held : payload_) {
    held.pin.get_bytes(now);
    if (waiting_ && select && now != held.value) report("PAYLOAD_STABLE", held.signal);
    held.value = now;
  }
  waiting_ = select && get_or(ready_, 1) == 0;
}

}  // namespace cardvp::rtl
