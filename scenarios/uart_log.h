// The card's UART output: whole, for uart.log, and line by line with simulated time, for people.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include <systemc>

namespace cardvp::scenarios {

class UartLog {
 public:
  static constexpr std::size_t kLinesKept = 10;
  static constexpr std::size_t kLongestLine = 512;  // firmware may forget its line ends

  explicit UartLog(std::function<void(const std::string&)> on_line) : on_line_(std::move(on_line)) {}

  void add(char c, sc_core::sc_time at);
  // Ends a line that has not been ended.
  void finish(sc_core::sc_time at);

  const std::string& text() const { return text_; }  // as it was transmitted
  // SHA-256 over each byte and its simulated time in ps (8 bytes, little-endian): two runs that have the same one said
  // the same at the same times.
  std::string digest() const;
  const std::deque<std::string>& last_lines() const { return last_; }  // without time

 private:
  void end_line(sc_core::sc_time at);

  std::function<void(const std::string&)> on_line_;
  std::string text_;
  std::string timed_;  // what the digest is of
  std::string line_;
  std::deque<std::string> last_;
};

}  // namespace cardvp::scenarios
