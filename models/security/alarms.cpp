#include "models/security/alarms.h"

namespace cardvp::security {

Alarms::Alarms(sc_core::sc_module_name name, Sim& sim) : Model(name, sim) {}

void Alarms::raise(const std::string& kind, const std::string& text) {
  ++count_;
  counter(kind, "alarms").add();
  log_.warning("alarm: " + text, {{"kind", kind}});
  if (kept_.size() < kKept) kept_.push_back({now(), kind, text});
}

}  // namespace cardvp::security
