#include "models/base/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace cardvp {

std::uint32_t Trace::track(std::string_view name) {
  const auto found = std::find(tracks_.begin(), tracks_.end(), name);
  const auto index = static_cast<std::uint32_t>(found - tracks_.begin());
  if (found == tracks_.end()) tracks_.emplace_back(name);
  return index;
}

void Trace::span(std::string_view where, std::uint32_t lane, std::string_view name, sc_core::sc_time begin,
                 sc_core::sc_time end) {
  events_.push_back({track(where), lane, std::string(name), begin.value(), (end - begin).value(), 'X'});
}

void Trace::instant(std::string_view where, std::string_view name, sc_core::sc_time at) {
  events_.push_back({track(where), 0, std::string(name), at.value(), 0, 'i'});
}

void Trace::write(std::ostream& out) const {
  const auto microseconds = [](std::uint64_t ps) { return fmt::format("{}.{:06}", ps / 1'000'000, ps % 1'000'000); };
  out << "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[";
  const char* comma = "\n";
  for (std::size_t i = 0; i < tracks_.size(); ++i, comma = ",\n")
    out << comma
        << fmt::format(R"({{"ph":"M","name":"process_name","pid":{},"args":{{"name":"{}"}}}})", i + 1, tracks_[i]);
  for (const Event& event : events_) {
    out << comma
        << fmt::format(R"({{"ph":"{}","name":"{}","pid":{},"tid":{},"ts":{})", event.phase, event.name, event.track + 1,
                       event.lane, microseconds(event.begin_ps));
    if (event.phase == 'X') out << fmt::format(",\"dur\":{}", microseconds(event.duration_ps));
    out << (event.phase == 'i' ? ",\"s\":\"p\"}" : "}");
    comma = ",\n";
  }
  out << "\n]}\n";
}

}  // namespace cardvp
