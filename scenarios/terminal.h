// What a person sees of a run: lines, and on a terminal a progress line below them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace cardvp::scenarios {

class Terminal {
 public:
  // `quiet`: errors and warnings only.
  explicit Terminal(bool quiet);
  ~Terminal() { clear(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void line(std::string_view text);   // standard output
  void error(std::string_view text);  // standard error; log lines too
  // It is time for a new progress line: at most five in a second, and only on a terminal.
  bool wants_progress();
  void progress(std::string_view text);
  void clear();  // takes the progress line away

 private:
  bool quiet_;
  bool progress_;       // standard output is a terminal
  bool shown_ = false;  // there is a progress line now
  std::chrono::steady_clock::time_point next_;
};

}  // namespace cardvp::scenarios
