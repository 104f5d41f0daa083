#include "scenarios/uart_log.h"

#include <fmt/format.h>

#include "scenarios/file_digest.h"

namespace cardvp::scenarios {

void UartLog::add(char c, sc_core::sc_time at) {
  text_ += c;
  timed_ += c;
  for (unsigned shift = 0; shift < 64; shift += 8) timed_ += static_cast<char>(at.value() >> shift);
  if (c == '\n' || line_.size() >= kLongestLine) end_line(at);
  if (c == '\n' || c == '\r') return;
  // What a terminal would obey is shown as a dot.
  line_ += c >= ' ' && c <= '~' ? c : '.';
}

void UartLog::finish(sc_core::sc_time at) {
  if (!line_.empty()) end_line(at);
}

std::string UartLog::digest() const { return sha256(timed_); }

void UartLog::end_line(sc_core::sc_time at) {
  on_line_(fmt::format("[{:>10.3f} us] {}", at.to_seconds() * 1e6, line_));
  last_.push_back(std::move(line_));
  if (last_.size() > kLinesKept) last_.pop_front();
  line_.clear();
}

}  // namespace cardvp::scenarios
