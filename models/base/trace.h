// Spans and instants of simulated time, for Perfetto (Chrome trace-event format). Off unless the machine was asked for
// a trace file; then a model whose name matches a --trace pattern records.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include <systemc>

namespace cardvp {

class Trace {
 public:
  // One span on `track` (a model's hierarchical name); `lane` separates what overlaps in time, as a command's number.
  void span(std::string_view track, std::uint32_t lane, std::string_view name, sc_core::sc_time begin,
            sc_core::sc_time end);
  void instant(std::string_view track, std::string_view name, sc_core::sc_time at);

  bool empty() const { return events_.empty(); }
  // A whole trace-event JSON document, in the order of recording; times in microseconds.
  void write(std::ostream& out) const;

 private:
  struct Event {
    std::uint32_t track;
    std::uint32_t lane;
    std::string name;
    std::uint64_t begin_ps;
    std::uint64_t duration_ps;
    char phase;
  };
  std::uint32_t track(std::string_view name);

  std::vector<std::string> tracks_;
  std::vector<Event> events_;
};

}  // namespace cardvp
