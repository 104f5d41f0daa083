#include "platform/machine.h"

namespace cardvp::platform {
namespace {

std::vector<ServerConfig> single(const CardConfig& card, const HostConfig& host,
                                 std::vector<std::unique_ptr<storage::Medium>> media) {
  std::vector<ServerConfig> servers;
  ServerConfig& server = servers.emplace_back();
  server.card = card;
  server.host = host;
  server.media = std::move(media);
  return servers;
}

}  // namespace

Machine::Services::Services(std::uint64_t seed, const LogConfig& log) : sim(seed) {
  sim.log.set_level(log.level);
  for (const std::string& pattern : log.traces) sim.log.trace(pattern);
  sim.log.set_sink(log.sink);
}

Machine::Machine(std::uint64_t seed, const CardConfig& card, const HostConfig& host,
                 std::vector<std::unique_ptr<storage::Medium>> media, const LogConfig& log)
    : Machine(seed, single(card, host, std::move(media)), {}, {}, log) {}

Machine::Machine(std::uint64_t seed, std::vector<ServerConfig> servers, const wire::Config& wire,
                 const std::filesystem::path& captures, const LogConfig& log)
    : services_(seed, log) {
  wire_.emplace("wire", sim(), wire, frames_, captures);
  for (ServerConfig& config : servers) {
    wire::Port& port = wire_->add_card(config.name.empty() ? "card" : config.name);
    servers_.push_back(std::make_unique<Server>(sim(), std::move(config), frames_, port));
  }
}

void Machine::run_for(sc_core::sc_time duration) {
  sc_core::sc_start(duration);
  if (const std::exception_ptr failure = sim().scheduler.failure()) std::rethrow_exception(failure);
}

}  // namespace cardvp::platform
