// Ctrl-C: the first ends the run in order, a second ends the program at once.
#pragma once

namespace cardvp::scenarios {

// Catches SIGINT and SIGTERM while it lives. At most one at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  bool interrupted() const;
};

}  // namespace cardvp::scenarios
