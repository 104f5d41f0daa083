#include "rtl/bridges/check_apb.h"

namespace cardvp::rtl {

ApbChecker::ApbChecker(Sim& sim, const std::string& owner, InterfacePins interface_pins)
    : Checker(sim, owner, std::move(interface_pins)),
      sel_(pins()["psel"]),
      enable_(pins()["penable"]),
      ready_(pins()["pready"]),
      write_(pins()["pwrite"]),
      strb_(pins()["pstrb"]) {
  for (const char* const signal : {"paddr", "pwrite", "pwdata", "pstrb", "pprot"})
    if (const Pin pin = pins()[signal]) payload_.push_back({signal, pin});
}

ApbChecker::ApbChecker(Sim& sim, Block& block, const InterfaceDescription& description)
    : ApbChecker(sim, block.name(), InterfacePins(block, description)) {
  block.domain(description.clock)->add(*this);
}

void ApbChecker::sample() {
  const bool select = sel_.high(), enable = enable_.high();
  check_phase(select, enable);
  check_payload(select);
  if (select && !write_.high() && get_or(strb_, 0) != 0) report("PSTRB_READ", "pstrb");
  if (!select)
    phase_ = Phase::kIdle;
  else if (!enable)
    phase_ = Phase::kSetup;
  else
    phase_ = get_or(ready_, 1) != 0 ? Phase::kIdle : Phase::kAccess;
}

void ApbChecker::check_phase(bool select, bool enable) {
  if (enable && !select) report("PENABLE_ALONE", "penable");
  switch (phase_) {
    case Phase::kIdle:
      if (select && enable) report("PENABLE_SETUP", "penable");
      break;
    case Phase::kSetup:
      if (!select || !enable) report("PENABLE_ACCESS", "penable");
      break;
    case Phase::kAccess:
      if (!select || !enable) report("PSEL_STABLE", select ? "penable" : "psel");
      break;
  }
}

void ApbChecker::check_payload(bool select) {
  for (Held& held : payload_) {
    const std::uint64_t value = held.pin.get();
    if (select && phase_ != Phase::kIdle && value != held.value)
      report("PAYLOAD_STABLE", held.signal, fmt::format("{:#x}, was {:#x}", value, held.value));
    held.value = value;
  }
}

}  // namespace cardvp::rtl
