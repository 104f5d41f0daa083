// A server: a host, the link, and the card in its slot.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/base/model.h"
#include "models/pcie/link.h"
#include "models/storage/medium.h"
#include "models/wire/port.h"
#include "platform/card.h"
#include "platform/config.h"
#include "platform/host.h"

namespace cardvp::platform {

struct ServerConfig {
  ServerConfig() = default;
  ServerConfig(ServerConfig&&) = default;
  ServerConfig& operator=(ServerConfig&&) = default;

  // Its models are below a module of this name: "a.card.nvme", "a.host". Empty: at the top, "card.nvme", "host".
  std::string name;
  CardConfig card;
  HostConfig host;
  std::vector<std::unique_ptr<storage::Medium>> media;  // one for each volume of the card
};

class Server {
 public:
  // Throws std::runtime_error for images and memory that are not to be had.
  // `frames` and `uplink`, the card's port of the wire, outlive it.
  Server(Sim& sim, ServerConfig config, wire::FramePool& frames, wire::Port& uplink);

  const std::string& name() const { return name_; }
  Host& host() { return *host_; }
  Card& card() { return *card_; }

 private:
  std::string name_;
  std::unique_ptr<Model> module_;
  std::optional<pcie::Link> link_;
  std::optional<Host> host_;
  std::optional<Card> card_;
};

}  // namespace cardvp::platform
