// A machine: simulation services, and one or more servers, each a host with a card in it; the wire between the cards;
// and how it all is run.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/base/model.h"
#include "models/wire/wire.h"
#include "platform/server.h"

namespace cardvp::platform {

struct LogConfig {
  LogLevel level = LogLevel::kWarning;
  std::vector<std::string> traces;  // patterns of hierarchical names: debug messages and trace spans
  Log::Sink sink;
};

class Machine {
 public:
  // One server without a name, and no wire.
  Machine(std::uint64_t seed, const CardConfig& card, const HostConfig& host,
          std::vector<std::unique_ptr<storage::Medium>> media, const LogConfig& log = {});
  // At least one server; names differ. `captures`: the folder for what passes the cards' ports, if the wire's
  // configuration wants that. Throws std::runtime_error for images, memory and attachments that are not to be had.
  Machine(std::uint64_t seed, std::vector<ServerConfig> servers, const wire::Config& wire = {},
          const std::filesystem::path& captures = {}, const LogConfig& log = {});

  Sim& sim() { return services_.sim; }
  const std::vector<std::unique_ptr<Server>>& servers() const { return servers_; }
  Host& host(std::size_t server = 0) { return servers_.at(server)->host(); }
  Card& card(std::size_t server = 0) { return servers_.at(server)->card(); }

  wire::Wire& wire() { return *wire_; }

  // Runs for `duration` of simulated time, or until pause(). Rethrows what left a task.
  void run_for(sc_core::sc_time duration);
  // Ends run_for behind the present instant.
  void pause() { sc_core::sc_pause(); }
  // Nothing will ever happen again: everybody waits for somebody else.
  bool idle() const { return !sc_core::sc_pending_activity(); }

 private:
  struct Services {  // the log is set up before anybody takes a Logger
    Services(std::uint64_t seed, const LogConfig& log);
    Sim sim;
  };

  Services services_;
  wire::FramePool frames_;  // outlives every frame
  std::optional<wire::Wire> wire_;
  std::vector<std::unique_ptr<Server>> servers_;
};

}  // namespace cardvp::platform
