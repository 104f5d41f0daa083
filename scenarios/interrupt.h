// Ctrl-C: the first ends the run in order, a second ends the program at once.
#pragma once

namespace cardvp::scenarios {

// Catches SIGINT, SIGTERM and SIGHUP while it lives, and keeps SIGPIPE from ending the program before it has cleaned
// up: a pipe that nobody reads any more loses what is printed. At most one at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  bool interrupted() const;
};

}  // namespace cardvp::scenarios
