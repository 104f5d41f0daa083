// The terminal that the program was started from, as the terminal of the card's UART: every key goes to the guest, and
// what the guest sends is shown as it is. Ctrl-] ends the run.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <termios.h>

namespace cardvp::scenarios {

class Keyboard {
 public:
  static constexpr char kQuit = 0x1d;  // Ctrl-]

  // Puts standard input, if it is a terminal, into raw mode, until the destructor.
  Keyboard();
  ~Keyboard();
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  // Waits for a key, at most so long.
  void wait(std::chrono::microseconds longest);
  // What has been typed, and not been taken.
  std::string take() { return std::exchange(typed_, {}); }
  bool quit() const { return quit_; }

  static void show(std::string_view text);

 private:
  std::optional<termios> before_;
  std::string typed_;
  bool quit_ = false;
  bool ended_ = false;  // the file or the pipe, if it is one
};

}  // namespace cardvp::scenarios
