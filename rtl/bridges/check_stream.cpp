#include "rtl/bridges/check_stream.h"

namespace cardvp::rtl {

StreamChecker::StreamChecker(Sim& sim, const std::string& owner, InterfacePins interface_pins)
    : Checker(sim, owner, std::move(interface_pins)),
      rules_(pins(), "t", {"data", "keep", "strb", "last", "id", "dest", "user"}),
      valid_(pins()["tvalid"]),
      keep_(pins()["tkeep"]),
      strb_(pins()["tstrb"]) {
  if (pins().description().role == InterfaceRole::kSource) wake_on("tvalid");
}

StreamChecker::StreamChecker(Sim& sim, Block& block, const InterfaceDescription& description)
    : StreamChecker(sim, block.name(), InterfacePins(block, description)) {
  block.domain(description.clock)->add(*this);
}

void StreamChecker::sample() {
  rules_.sample([this](std::string_view rule, const std::string& signal, std::string detail) {
    report(rule, signal, std::move(detail));
  });
  if (!valid_.high() || !keep_ || !strb_) return;
  std::array<std::uint8_t, kMaxDataBytes / 8> keep{}, strb{};
  keep_.get_bytes(keep);
  strb_.get_bytes(strb);
  for (std::size_t i = 0; i < keep.size(); ++i)
    if (strb[i] & ~keep[i]) return report("TKEEP_RESERVED", "tstrb", fmt::format("bytes {} to {}", i * 8, i * 8 + 7));
}

}  // namespace cardvp::rtl
