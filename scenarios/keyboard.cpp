#include "scenarios/keyboard.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <thread>

namespace cardvp::scenarios {

Keyboard::Keyboard() {
  termios mode;
  if (::tcgetattr(STDIN_FILENO, &mode) != 0) return;  // a pipe or a file
  before_ = mode;
  ::cfmakeraw(&mode);
  mode.c_oflag |= OPOST;  // the program's own lines end in "\n"
  ::tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

Keyboard::~Keyboard() {
  if (before_) ::tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
}

void Keyboard::wait(std::chrono::microseconds longest) {
  if (ended_) return std::this_thread::sleep_for(longest);
  pollfd input{STDIN_FILENO, POLLIN, 0};
  const timespec limit{longest.count() / 1'000'000, longest.count() % 1'000'000 * 1000};
  if (::ppoll(&input, 1, &limit, nullptr) <= 0) return;
  std::array<char, 256> buffer;
  const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (size <= 0) ended_ = true;
  for (ssize_t i = 0; i < size; ++i) {
    const char key = buffer[static_cast<std::size_t>(i)];
    if (before_ && key == kQuit)
      quit_ = true;
    else
      typed_ += key;
  }
}

void Keyboard::show(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace cardvp::scenarios
