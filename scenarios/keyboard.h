// The terminal that the program was started from, as the terminal of the card's UART: every key goes to the guest, and
// what the guest sends is shown as it is. Ctrl-] ends the run.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string_view>

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

  // Waits for a key, at most so long; false if there was none.
  bool wait(std::chrono::microseconds longest);
  // The next key that has been typed, and not been taken.
  std::optional<char> take();
  bool quit() const { return quit_; }
  // Nothing will be typed any more: the end of a file or a pipe.
  bool ended() const { return ended_ && typed_.empty(); }

  static void show(std::string_view text);

 private:
  std::optional<termios> before_;
  std::deque<char> typed_;
  bool quit_ = false;
  bool ended_ = false;
};

}  // namespace cardvp::scenarios
