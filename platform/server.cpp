#include "platform/server.h"

#include "models/base/hierarchy.h"

namespace cardvp::platform {

Host::Host(sc_core::sc_module_name name, Sim& sim, const HostConfig& config, pcie::Link& link, std::size_t volumes)
    : Model(name, sim), boot_("boot", sim), memory_(config.memory_size), root_("root", sim, link, memory_) {
  for (std::size_t i = 0; i < volumes; ++i)
    drivers_.push_back(
        std::make_unique<host::nvme::Driver>(fmt::format("nvme{}", i).c_str(), sim, root_, config.driver));
}

Server::Server(Sim& sim, ServerConfig config, wire::FramePool&, wire::Port&) : name_(std::move(config.name)) {
  std::optional<InHierarchy> below;
  if (!name_.empty()) {
    module_ = std::make_unique<Model>(name_.c_str(), sim);
    below.emplace(*module_);
  }
  link_.emplace("link", sim, config.card.link);
  host_.emplace("host", sim, config.host, *link_, config.card.volumes.size());
  card_.emplace("card", sim, config.card, *link_, std::move(config.media));
  host_->boot().connect(card_->host_gate(), card_->host_gate().host_reset);
}

}  // namespace cardvp::platform
