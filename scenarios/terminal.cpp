#include "scenarios/terminal.h"

#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

namespace cardvp::scenarios {

Terminal::Terminal(bool quiet) : quiet_(quiet), progress_(!quiet && ::isatty(STDOUT_FILENO)) {}

void Terminal::line(std::string_view text) {
  if (quiet_) return;
  clear();
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

void Terminal::error(std::string_view text) {
  clear();
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", text);
}

bool Terminal::wants_progress() {
  if (!progress_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return false;
  next_ = now + std::chrono::milliseconds(200);
  return true;
}

void Terminal::progress(std::string_view text) {
  fmt::print("\r\033[K{}", text);
  std::fflush(stdout);
  shown_ = true;
}

void Terminal::clear() {
  if (!shown_) return;
  fmt::print("\r\033[K");
  std::fflush(stdout);
  shown_ = false;
}

}  // namespace cardvp::scenarios
