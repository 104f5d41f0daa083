// A program that runs beside the test. Its output, standard error included, goes to a file.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace cardvp::test {

class Process {
 public:
  // `command[0]` is looked up in PATH.
  Process(std::vector<std::string> command, std::string output);
  ~Process();  // ends it, if it is still there
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  std::string output() const;
  // The output as soon as it has `text`, or all of it when the program has ended, or after a minute.
  std::string wait_for(const std::string& text);
  void signal(int number);
  // Waits for the end, at most a minute. As Ended::status.
  int status();

 private:
  bool ended();

  std::string output_;
  pid_t child_;
  int status_ = -1;  // while it runs
};

}  // namespace cardvp::test
