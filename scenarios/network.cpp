#include "scenarios/network.h"

#include <algorithm>
#include <map>
#include <set>

#include "models/security/device_keys.h"
#include "platform/hex.h"

namespace cardvp::scenarios {
namespace {

using platform::InterfaceConfig;
using platform::JsonReader;
using platform::kMostPeers;
using platform::kMostRoutes;
using platform::kMostRules;
using platform::NetworkConfig;
using platform::PeerConfig;
using platform::RouteConfig;
using platform::RuleConfig;

struct Vpc {
  std::uint32_t vni = 0;
  bool encrypt = false;
  bool multipath = false;
};

// A card of another process.
struct External {
  struct Reach {
    std::uint32_t vni;
    net::Prefix to;
  };
  PeerConfig peer;
  std::vector<Reach> reaches;
};

net::Prefix whole(const net::IpAddress& address) { return {address, address.is_v4() ? 32u : 128u}; }

std::string pointer_of(const ServerScenario& server, std::size_t interface) {
  return fmt::format("{}/interfaces/{}", server.card.pointer, interface);
}

// What resolving needs at hand.
class Resolver {
 public:
  Resolver(const JsonReader& root, Scenario& scenario)
      : root_(root), network_(root.object("network")), servers_(scenario.servers) {
    root.object("wire").read("bandwidth_mbit_s", speed_mbit_);
  }

  void resolve() {
    read_vpcs();
    read_groups();
    read_externals();
    for_each_card([this](const JsonReader& card, ServerScenario& server) { resolve_interfaces(card, server); });
    check_addresses();
    check_cards();
    for (ServerScenario& server : servers_) connect(server);
    network_.for_each("routes", [this](const JsonReader& node) { add_route(node); });
    give_keys();
    for (const ServerScenario& server : servers_) check_sizes(server);
  }

 private:
  template <class Function>
  void for_each_card(Function&& function) {
    if (!root_.has("servers")) return function(root_.object("card"), servers_.front());
    std::size_t number = 0;
    root_.for_each("servers", [&](const JsonReader& node) { function(node.object("card"), servers_[number++]); });
  }

  void read_vpcs();
  void read_groups();
  void read_externals();
  void resolve_interfaces(const JsonReader& card, ServerScenario& server);
  void check_addresses() const;
  void check_cards() const;
  void connect(ServerScenario& server);
  void add_route(const JsonReader& node);
  void give_keys();
  static void check_sizes(const ServerScenario& server);

  const Vpc& vpc_of(const JsonReader& node) const;
  // The VPCs that a card has interfaces in, by number.
  std::set<std::uint32_t> vnis_of(const NetworkConfig& network) const;
  void add_peer(NetworkConfig& network, PeerConfig peer, const std::set<std::uint32_t>& shared) const;
  // The number of a card among another's peers.
  static std::size_t peer_number(const NetworkConfig& network, std::uint16_t node);

  const JsonReader& root_;
  JsonReader network_;
  std::vector<ServerScenario>& servers_;
  std::uint32_t speed_mbit_ = NetworkConfig{}.speed_mbit;
  std::map<std::string, Vpc> vpcs_;
  std::map<std::string, std::vector<RuleConfig>> groups_;
  std::vector<External> externals_;
};

void Resolver::read_vpcs() {
  network_.for_each("vpcs", [this](const JsonReader& node) {
    std::string name, transport = "plain";
    Vpc vpc;
    node.read("name", name);
    node.read("vni", vpc.vni);
    node.read("encrypt", vpc.encrypt);
    node.read("transport", transport);
    vpc.multipath = transport == "multipath";
    for (const auto& [other, its] : vpcs_)
      if (its.vni == vpc.vni) node.fail("vni", "a number that no other VPC has");
    if (!vpcs_.emplace(name, vpc).second) node.fail("name", "a name that no other VPC has");
  });
}

void Resolver::read_groups() {
  network_.for_each("security_groups", [this](const JsonReader& node) {
    std::string name;
    node.read("name", name);
    std::vector<RuleConfig> rules;
    node.for_each("rules", [&rules](const JsonReader& rule) {
      for (const RuleConfig& read : platform::read_rule(rule)) rules.push_back(read);
    });
    if (!groups_.emplace(name, std::move(rules)).second) node.fail("name", "a name that no other security group has");
  });
}

const Vpc& Resolver::vpc_of(const JsonReader& node) const {
  std::string name;
  node.read("vpc", name);
  const auto found = vpcs_.find(name);
  if (found == vpcs_.end()) node.fail("vpc", "the name of one of /network/vpcs");
  return found->second;
}

void Resolver::read_externals() {
  network_.for_each("peers", [this](const JsonReader& node) {
    External& external = externals_.emplace_back();
    node.read("name", external.peer.name);
    node.read("node", external.peer.node);
    node.read_parsed("mac", external.peer.mac, "a MAC address, such as \"02:00:00:00:00:01\"");
    node.read_parsed("address", external.peer.address, "an IP address");
    node.for_each("reaches", [&](const JsonReader& reach) {
      net::Prefix to;
      reach.read_parsed("to", to, "a prefix, such as \"10.0.0.0/24\"");
      external.reaches.push_back({vpc_of(reach).vni, to});
    });
  });
}

void Resolver::resolve_interfaces(const JsonReader& card, ServerScenario& server) {
  std::size_t number = 0;
  card.for_each("interfaces", [&](const JsonReader& node) {
    InterfaceConfig& interface = server.card.network.interfaces[number++];
    if (interface.bridged) {
      for (const char* key : {"vpc", "security_groups", "forwards"})
        if (node.has(key)) node.fail(key, "none for a bridged interface");
      return;
    }
    interface.vni = vpc_of(node).vni;
    node.for_each("security_groups", [&](const JsonReader& name) {
      const auto group = groups_.find(name.text());
      if (group == groups_.end()) name.fail("the name of one of /network/security_groups");
      interface.rules.insert(interface.rules.end(), group->second.begin(), group->second.end());
    });
    if (interface.rules.size() > kMostRules)
      node.fail("security_groups", fmt::format("groups of at most {} rules together", kMostRules));
  });
}

// Within a VPC, and among bridged interfaces, addresses say who is meant.
void Resolver::check_addresses() const {
  std::set<std::pair<std::uint32_t, net::IpAddress>> addresses;
  std::set<std::pair<std::uint32_t, net::MacAddress>> macs;
  for (const ServerScenario& server : servers_)
    for (const InterfaceConfig& interface : server.card.network.interfaces) {
      const auto number = static_cast<std::size_t>(&interface - server.card.network.interfaces.data());
      if (!macs.emplace(interface.vni, interface.mac).second)
        throw platform::ConfigError(pointer_of(server, number) + "/mac", "a MAC address that no other interface has",
                                    interface.mac.text());
      for (const platform::InterfaceAddress& address : interface.addresses)
        if (!interface.bridged && !addresses.emplace(interface.vni, address.address).second)
          throw platform::ConfigError(pointer_of(server, number) + "/addresses",
                                      "addresses that no other interface of the VPC has", address.address.text());
    }
}

void Resolver::check_cards() const {
  std::set<std::uint16_t> nodes;
  std::set<net::IpAddress> addresses;
  std::set<net::MacAddress> macs;
  const auto add = [&](const std::string& pointer, std::uint16_t node, const net::IpAddress& address,
                       const net::MacAddress& mac) {
    if (!nodes.insert(node).second)
      throw platform::ConfigError(pointer + "/node", "a number that no other card has", std::to_string(node));
    if (!addresses.insert(address).second)
      throw platform::ConfigError(pointer + "/address", "an address that no other card has", address.text());
    if (!macs.insert(mac).second)
      throw platform::ConfigError(pointer + "/mac", "a MAC address that no other card has", mac.text());
    if (address.is_v4() != addresses.begin()->is_v4())
      throw platform::ConfigError(pointer + "/address", "an address of the family of the other cards'", address.text());
  };
  for (const ServerScenario& server : servers_)
    add(server.card.pointer + "/network", server.card.network.node, server.card.network.address,
        server.card.network.mac);
  for (const External& external : externals_)
    add(fmt::format("/network/peers/{}", &external - externals_.data()), external.peer.node, external.peer.address,
        external.peer.mac);
}

std::set<std::uint32_t> Resolver::vnis_of(const NetworkConfig& network) const {
  std::set<std::uint32_t> vnis;
  for (const InterfaceConfig& interface : network.interfaces)
    if (!interface.bridged) vnis.insert(interface.vni);
  return vnis;
}

// All that goes between two cards goes alike: sealed if one of the VPCs that they share is encrypted, by the multipath
// transport if one of them wants it.
void Resolver::add_peer(NetworkConfig& network, PeerConfig peer, const std::set<std::uint32_t>& shared) const {
  const auto any = [&](bool Vpc::*member) {
    return std::any_of(vpcs_.begin(), vpcs_.end(),
                       [&](const auto& entry) { return shared.contains(entry.second.vni) && entry.second.*member; });
  };
  peer.encrypt = any(&Vpc::encrypt);
  peer.multipath = any(&Vpc::multipath);
  network.peers.push_back(std::move(peer));
}

void Resolver::connect(ServerScenario& server) {
  NetworkConfig& network = server.card.network;
  const std::set<std::uint32_t> own = vnis_of(network);
  for (const ServerScenario& other : servers_) {
    const NetworkConfig& its = other.card.network;
    const bool local = &other == &server;
    std::set<std::uint32_t> shared;
    for (const std::uint32_t vni : vnis_of(its))
      if (own.contains(vni)) shared.insert(vni);
    if (shared.empty()) continue;
    if (!local) add_peer(network, {other.name, its.node, its.mac, its.address, false, false}, shared);
    for (std::size_t i = 0; i < its.interfaces.size(); ++i) {
      const InterfaceConfig& interface = its.interfaces[i];
      if (interface.bridged || !shared.contains(interface.vni)) continue;
      for (const platform::InterfaceAddress& address : interface.addresses)
        network.routes.push_back({interface.vni, whole(address.address),
                                  local ? RouteConfig::Target::kInterface : RouteConfig::Target::kPeer,
                                  local ? i : network.peers.size() - 1, interface.mac});
    }
  }
  for (const External& external : externals_) {
    std::set<std::uint32_t> shared;
    for (const External::Reach& reach : external.reaches)
      if (own.contains(reach.vni)) shared.insert(reach.vni);
    if (shared.empty()) continue;
    add_peer(network, external.peer, shared);
    for (const External::Reach& reach : external.reaches)
      if (shared.contains(reach.vni))
        network.routes.push_back({reach.vni, reach.to, RouteConfig::Target::kPeer, network.peers.size() - 1, {}});
  }
}

std::size_t Resolver::peer_number(const NetworkConfig& network, std::uint16_t node) {
  const auto found = std::find_if(network.peers.begin(), network.peers.end(),
                                  [node](const PeerConfig& peer) { return peer.node == node; });
  return static_cast<std::size_t>(found - network.peers.begin());
}

// A route of the scenario's own: on each card that has an interface of the VPC.
void Resolver::add_route(const JsonReader& node) {
  RouteConfig route;
  route.vni = vpc_of(node).vni;
  node.read_parsed("to", route.to, "a prefix, such as \"10.0.0.0/24\"");
  bool drop = false;
  node.read("drop", drop);
  std::string name;
  node.read("interface", name);
  const std::optional<InterfacePlace> place = find_interface(servers_, name);
  if (drop == node.has("interface")) node.fail("interface", "an interface, or \"drop\": true");
  const InterfaceConfig* target = nullptr;
  if (!drop) {
    if (place) target = &servers_[place->server].card.network.interfaces[place->interface];
    if (!target || target->bridged || target->vni != route.vni)
      node.fail("interface", "the name of one of the VPC's interfaces");
    route.mac = target->mac;
  }
  for (ServerScenario& server : servers_) {
    NetworkConfig& network = server.card.network;
    if (!vnis_of(network).contains(route.vni)) continue;
    if (drop) {
      route.target = RouteConfig::Target::kDrop;
    } else if (&server == &servers_[place->server]) {
      route.target = RouteConfig::Target::kInterface;
      route.index = place->interface;
    } else {
      route.target = RouteConfig::Target::kPeer;
      route.index = peer_number(network, servers_[place->server].card.network.node);
    }
    network.routes.push_back(route);
  }
}

// The one key that all others come from, wrapped for each card, unless the card's is given wrapped already.
void Resolver::give_keys() {
  std::string digits;
  network_.read("transit_key", digits);
  const std::vector<std::uint8_t> key = *platform::from_hex(digits);  // the schema has seen to it
  for (ServerScenario& server : servers_) {
    NetworkConfig& network = server.card.network;
    network.speed_mbit = speed_mbit_;
    network_.read("rekey_packets", network.rekey_packets);
    network_.read("first_epoch", network.first_epoch);
    if (network.transit_key.empty() && !key.empty())
      network.transit_key = security::wrap_for_card(server.card.fuses, key);
    const bool needed =
        std::any_of(network.peers.begin(), network.peers.end(), [](const PeerConfig& peer) { return peer.encrypt; });
    if (needed && network.transit_key.empty())
      network_.fail("transit_key", "the key that those of encrypted VPCs come from");
  }
}

void Resolver::check_sizes(const ServerScenario& server) {
  const NetworkConfig& network = server.card.network;
  const auto check = [&server](std::size_t count, std::size_t most, const char* what) {
    if (count > most)
      throw platform::ConfigError(server.card.pointer + "/interfaces",
                                  fmt::format("a network in which the card has at most {} {}", most, what),
                                  fmt::format("one with {}", count));
  };
  check(network.peers.size(), kMostPeers, "peers");
  check(network.routes.size(), kMostRoutes, "routes");
}

}  // namespace

void resolve_network(const JsonReader& root, Scenario& scenario) { Resolver(root, scenario).resolve(); }

std::optional<InterfacePlace> find_interface(const std::vector<ServerScenario>& servers, const std::string& name) {
  for (std::size_t server = 0; server < servers.size(); ++server) {
    const std::vector<InterfaceConfig>& interfaces = servers[server].card.network.interfaces;
    for (std::size_t i = 0; i < interfaces.size(); ++i)
      if (servers[server].qualified(interfaces[i].name) == name) return InterfacePlace{server, i};
  }
  return {};
}

}  // namespace cardvp::scenarios
