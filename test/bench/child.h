// Another program as a benchmark's peer: its CPU time.
#pragma once

#include <string>
#include <vector>

namespace cardvp::bench {

struct ChildTime {
  bool passed = false;     // it ran, and exited with 0
  double cpu_seconds = 0;  // user and system, of it and what it started
};

// Runs it to its end, without input and output.
ChildTime run_child(const std::vector<std::string>& command);

}  // namespace cardvp::bench
