#include "test/bench/network.h"

#include <array>
#include <stdexcept>

#include "models/security/device_keys.h"
#include "scenarios/installation.h"

namespace cardvp::bench {
namespace {

constexpr std::uint32_t kVni = 7;

net::IpAddress address(std::uint32_t network, std::size_t server) {
  return net::IpAddress::v4(network + 1 + static_cast<std::uint32_t>(server));
}
net::IpAddress inner(std::size_t server) { return address(0x0a000000, server); }
net::IpAddress outer(std::size_t server) { return address(0xc0000200, server); }
net::MacAddress mac(std::uint8_t kind, std::size_t server) {
  return {{0x02, 0, 0, kind, 0, static_cast<std::uint8_t>(server + 1)}};
}

platform::ServerConfig server(std::size_t self, const std::vector<std::pair<std::size_t, Way>>& peers) {
  platform::ServerConfig config;
  config.name = fmt::format("s{}", self);
  platform::CardConfig& card = config.card;
  card.rom = scenarios::installed_firmware("rom.bin");
  card.firmware = scenarios::installed_firmware("controller.img");
  card.host_image = scenarios::installed_firmware("host_boot.img");
  platform::NetworkConfig& network = card.network;
  network.node = static_cast<std::uint16_t>(self + 1);
  network.mac = mac(1, self);
  network.address = outer(self);
  network.transit_key = security::wrap_for_card(card.fuses, std::vector<std::uint8_t>(32, 1));
  platform::InterfaceConfig interface;
  interface.name = "eth0";
  interface.vni = kVni;
  interface.mac = mac(2, self);
  interface.addresses.push_back({inner(self), 24, {}, {}});
  for (const bool ingress : {true, false}) {
    platform::RuleConfig rule;
    rule.ingress = ingress;
    rule.peer = *net::Prefix::parse("0.0.0.0/0");
    interface.rules.push_back(rule);
  }
  network.interfaces.push_back(interface);
  for (const auto& [other, way] : peers) {
    network.peers.push_back({fmt::format("s{}", other), static_cast<std::uint16_t>(other + 1), mac(1, other),
                             outer(other), way == Way::kEncrypted, way == Way::kMultipath});
    network.routes.push_back(
        {kVni, {inner(other), 32}, platform::RouteConfig::Target::kPeer, network.peers.size() - 1, mac(2, other)});
  }
  config.host.ena.queues = 1;
  config.host.ena.tx_entries = config.host.ena.rx_entries = 256;
  return config;
}

std::vector<platform::ServerConfig> servers(const std::vector<Way>& ways, bool pairs) {
  std::vector<std::vector<std::pair<std::size_t, Way>>> peers(pairs ? 2 * ways.size() : ways.size() + 1);
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const std::size_t from = pairs ? 2 * i : 0, to = pairs ? 2 * i + 1 : i + 1;
    peers[from].emplace_back(to, ways[i]);
    peers[to].emplace_back(from, ways[i]);
  }
  std::vector<platform::ServerConfig> all;
  for (std::size_t i = 0; i < peers.size(); ++i) all.push_back(server(i, peers[i]));
  return all;
}

wire::Config fabric() {
  wire::Config wire;
  wire.type = wire::Config::Type::kSwitch;
  return wire;
}

}  // namespace

Network::Network(const std::vector<Way>& ways, bool pairs)
    : ways_(ways), pairs_(pairs), machine_(1, servers(ways, pairs), fabric()), tasks_(machine_.sim().scheduler) {
  running_ = machine_.servers().size();
  for (std::size_t i = 0; i < machine_.servers().size(); ++i) tasks_.spawn(bring_up(i));
  machine_.run_for(sc_core::sc_time(1, sc_core::SC_SEC));
  if (running_ > 0) throw std::runtime_error("the cards did not come up");
}

host::TrafficEnd Network::end(std::size_t server) { return {&machine_.host(server).ena(0), inner(server), {}, {}}; }

Task<> Network::bring_up(std::size_t server) {
  host::RootComplex& root = machine_.host(server).root();
  const bool up = co_await root.wait_link(sc_core::sc_time(500, sc_core::SC_MS));
  if (!up) throw std::runtime_error("no link");
  const auto functions = co_await root.enumerate();
  host::ena::Driver& driver = machine_.host(server).ena(0);
  const host::ena::Error error = co_await driver.start(functions.at(0));
  if (error) throw std::runtime_error(error.text);
  co_await driver.wait_carrier(sc_core::sc_time(100, sc_core::SC_MS));
  if (--running_ == 0) machine_.pause();
}

Task<> Network::traffic(std::size_t from, std::size_t to, const host::TrafficConfig& config) {
  const host::TrafficResult result = co_await host::run(end(from), end(to), config);
  problem_ = result.error.empty() ? result.verdict(config) : result.error;
  if (--running_ == 0 || !problem_.empty()) machine_.pause();
}

void Network::run(const std::vector<std::size_t>& ways, const host::TrafficConfig& config) {
  running_ = ways.size();
  for (const std::size_t way : ways)
    tasks_.spawn(traffic(pairs_ ? 2 * way : 0, pairs_ ? 2 * way + 1 : way + 1, config));
  machine_.run_for(sc_core::sc_time(1000, sc_core::SC_SEC));
  if (running_ > 0 && problem_.empty()) problem_ = "the packets did not come to an end";
  if (!problem_.empty()) throw std::runtime_error(problem_);
}

}  // namespace cardvp::bench
