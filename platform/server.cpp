#include "platform/server.h"

#include "models/base/hierarchy.h"

namespace cardvp::platform {

Server::Server(Sim& sim, ServerConfig config, wire::FramePool& frames, wire::Port& uplink)
    : name_(std::move(config.name)) {
  std::optional<InHierarchy> below;
  if (!name_.empty()) {
    module_ = std::make_unique<Model>(name_.c_str(), sim);
    below.emplace(*module_);
  }
  link_.emplace("link", sim, config.card.link);
  host_.emplace("host", sim, config.host, *link_, config.card.volumes.size(), config.card.network.interfaces.size());
  card_.emplace("card", sim, config.card, *link_, uplink, frames, std::move(config.media));
  host_->boot().connect(card_->host_gate(), card_->host_gate().host_reset);
}

}  // namespace cardvp::platform
