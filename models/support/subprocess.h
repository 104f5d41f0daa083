// Runs another program, without a shell.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace cardvp {

// Its path: looked for in PATH, then in the system folders that an ordinary user's PATH leaves out. Empty: not there.
std::string find_program(const std::string& name);

struct ProgramResult {
  int status = -1;     // exit status; -1: it could not be started, or a signal ended it
  std::string output;  // what it wrote, standard output and error
};

// `environment`: "NAME=value", added to this process's own.
ProgramResult run_program(const std::vector<std::string>& command, const std::vector<std::string>& environment);

// While it lives, SIGINT, SIGTERM and SIGHUP do not end this process, but what run_program runs, with all that that
// started: the call returns with status -1, and so does every later one, at once. At most one at a time.
class ProgramInterrupt {
 public:
  ProgramInterrupt();
  ~ProgramInterrupt();
  ProgramInterrupt(const ProgramInterrupt&) = delete;
  ProgramInterrupt& operator=(const ProgramInterrupt&) = delete;

  int signal() const;  // the last that came; 0: none

 private:
  std::array<void (*)(int), 3> before_;
};

}  // namespace cardvp
