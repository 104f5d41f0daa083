// A TCP port of this machine (127.0.0.1) and at most one client at a time on it. Further ones are turned away.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cardvp::arm::gdb {

class Connection {
 public:
  enum class State : std::uint8_t { kNone, kOpen, kLost };

  // Port 0: any that is free. Throws std::runtime_error, with remedy, if there is no such port to be had.
  explicit Connection(std::uint16_t port);
  ~Connection();

  std::uint16_t port() const;
  // kLost until close(), which makes room for the next client.
  State state() const;

  // Does what there is to do, without waiting.
  void poll();
  // Waits until there was something to do.
  void wait(std::chrono::milliseconds limit);

  // What came since the last call. A client that takes no answers is not listened to.
  std::string take();
  void send(std::string_view bytes);
  // Waits until all is sent.
  void flush(std::chrono::milliseconds limit);
  void close();

 private:
  struct Port;
  struct Client;
  std::unique_ptr<Port> port_;
};

}  // namespace cardvp::arm::gdb
