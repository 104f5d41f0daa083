// The gateway's socket (--gateway): a Unix stream socket that only the program's own user can connect to, lines of JSON
// both ways, several clients. What a line means is the gateway's business (platform/gateway.h).
//
// Clients cannot hold the run up: between two slices of simulated time each is read from once. One that sends a line
// without an end, or takes no answers, is closed.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "platform/gateway.h"

namespace cardvp::platform {

class GatewayServer {
 public:
  static constexpr std::size_t kMostClients = 16;          // further ones are turned away
  static constexpr std::size_t kMostUnsent = 1024 * 1024;  // bytes of answers that a client has not taken

  // Replaces a socket at `path` that nobody listens at any more, and nothing else. Throws std::runtime_error, with
  // remedy. `gateway` outlives the server.
  GatewayServer(const std::filesystem::path& path, Gateway& gateway);
  // Sends what is left, for at most a second, and removes the socket.
  ~GatewayServer();
  GatewayServer(const GatewayServer&) = delete;
  GatewayServer& operator=(const GatewayServer&) = delete;

  // Does what there is to do, without waiting.
  void poll();
  // The same, but waits for something to do.
  void wait(std::chrono::microseconds longest);

 private:
  struct Port;
  struct Client;
  std::unique_ptr<Port> port_;
};

}  // namespace cardvp::platform
