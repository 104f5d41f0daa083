// Alarms of a card: attempts at what its rules forbid. They go to the log and to the report, in the order in which they
// happened; a counter for each kind. An attacker can raise any number: the first kKept are kept with their details, all
// are counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/base/model.h"

namespace cardvp::security {

struct Alarm {
  sc_core::sc_time time;
  std::string
      kind;  // of the counter too: "host_flash_write", "forbidden_message", "tamper", "unauthenticated_call", ...
  std::string text;  // for people: what was attempted, without any secret
};

class Alarms : public Model {
 public:
  static constexpr std::size_t kKept = 1000;

  Alarms(sc_core::sc_module_name name, Sim& sim);

  void raise(const std::string& kind, const std::string& text);
  std::uint64_t count() const { return count_; }
  const std::vector<Alarm>& kept() const { return kept_; }

 private:
  std::vector<Alarm> kept_;
  std::uint64_t count_ = 0;
};

}  // namespace cardvp::security
