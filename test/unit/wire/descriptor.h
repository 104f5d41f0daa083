// A socket of the system's, as another process would have it.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include "test/unit/wire/harness.h"

namespace cardvp::wire {

// Waits for at most 5 s.
struct Descriptor {
  explicit Descriptor(int number) : file(number) {
    const timeval limit{5, 0};
    ::setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Descriptor() { ::close(file); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  Bytes receive() const {
    Bytes bytes(70'000);
    const ssize_t size = ::recv(file, bytes.data(), bytes.size(), 0);
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }
  int file;
};

}  // namespace cardvp::wire
