// A workload that runs beside others: how it is told to end, and what is seen of its commands while something else
// happens to the controller.
#pragma once

#include <cstdint>
#include <vector>

#include <systemc>

namespace cardvp::host {

class IoWatch {
 public:
  // What a span of time had of the workload's commands. Commands and pauses that reach over one of its ends are whole.
  struct Span {
    sc_core::sc_time begin, end;
    bool open = true;
    std::uint64_t completed = 0;       // within it, with success
    std::uint64_t failed = 0;          // of those that were in flight at any time of it
    sc_core::sc_time longest_latency;  // of those that were in flight at any time of it
    sc_core::sc_time longest_pause;    // from one completion to the next
  };

  // The workload starts no command from now on.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

  // By the workload: it begins; a command that was started at `start` has ended.
  void begin(sc_core::sc_time now) { last_ = now; }
  void ended(sc_core::sc_time start, sc_core::sc_time now, bool ok);

  // A span begins, and ends. Commands in flight at its end are still to come: look when the workload has ended.
  std::size_t open(sc_core::sc_time now);
  void close(std::size_t span, sc_core::sc_time now);
  const Span& span(std::size_t number) const { return spans_.at(number); }

 private:
  bool stopped_ = false;
  sc_core::sc_time last_;  // completion
  std::vector<Span> spans_;
};

}  // namespace cardvp::host
