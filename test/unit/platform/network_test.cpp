// The network of a scenario: names resolved, peers and routes that come by themselves, and what makes no sense.
#include "scenarios/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cardvp {
namespace {

using nlohmann::json;
using platform::RouteConfig;
using scenarios::Scenario;

// Cards a and b share blue; green is on a and c, of another process; red is on a alone, twice.
const char* const kNetwork = R"({
  "name": "n",
  "servers": [
    {"name": "a", "card": {"interfaces": [
      {"name": "blue", "vpc": "blue", "addresses": ["10.0.0.1/24", "fd00::1/64"], "security_groups": ["web", "ping"]},
      {"name": "green", "vpc": "green", "addresses": ["10.0.0.1/24"]},
      {"name": "red0", "vpc": "red", "addresses": ["10.2.0.2/24"]},
      {"name": "red1", "vpc": "red", "addresses": ["10.2.0.3/24"], "forwards": true}]}},
    {"name": "b", "card": {"interfaces": [
      {"name": "blue", "vpc": "blue", "addresses": ["10.0.0.2/24"]},
      {"name": "plain", "bridged": true}]}}
  ],
  "network": {
    "vpcs": [{"name": "blue", "vni": 1, "encrypt": true}, {"name": "green", "vni": 2, "transport": "multipath"},
             {"name": "red", "vni": 3}],
    "security_groups": [{"name": "web", "rules": [{"protocol": "tcp", "ports": "80", "peer": "10.0.0.0/8"}]},
                        {"name": "ping", "rules": [{"protocol": "icmp"}, {"direction": "egress"}]}],
    "routes": [{"vpc": "blue", "to": "10.9.0.0/16", "drop": true}, {"vpc": "red", "to": "0.0.0.0/0", "interface": "a/red1"}],
    "peers": [{"name": "c", "node": 9, "mac": "02:00:00:00:00:09", "address": "100.64.0.9",
               "reaches": [{"vpc": "green", "to": "10.3.0.0/16"}]}],
    "transit_key": "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f",
    "rekey_packets": 1000, "first_epoch": 5
  },
  "wire": {"bandwidth_mbit_s": 25000}
})";

Scenario parse(const json& document) { return scenarios::parse_scenario(document, "/"); }

TEST(Network, PeersAndRoutesComeByThemselves) {
  const Scenario scenario = parse(json::parse(kNetwork));
  const platform::NetworkConfig& a = scenario.servers[0].card.network;
  ASSERT_EQ(a.peers.size(), 2u);
  EXPECT_EQ(a.peers[0].name, "b");
  EXPECT_EQ(a.peers[0].node, 2);
  EXPECT_EQ(a.peers[0].address, scenario.servers[1].card.network.address);
  EXPECT_TRUE(a.peers[0].encrypt);
  EXPECT_FALSE(a.peers[0].multipath);
  EXPECT_EQ(a.peers[1].name, "c");
  EXPECT_FALSE(a.peers[1].encrypt);
  EXPECT_TRUE(a.peers[1].multipath);

  const auto route = [&a](std::uint32_t vni, const char* to) -> const RouteConfig* {
    for (const RouteConfig& each : a.routes)
      if (each.vni == vni && each.to == *net::Prefix::parse(to)) return &each;
    return nullptr;
  };
  ASSERT_TRUE(route(1, "10.0.0.2"));
  EXPECT_EQ(route(1, "10.0.0.2")->target, RouteConfig::Target::kPeer);
  EXPECT_EQ(route(1, "10.0.0.2")->index, 0u);
  EXPECT_EQ(route(1, "10.0.0.2")->mac, scenario.servers[1].card.network.interfaces[0].mac);
  ASSERT_TRUE(route(3, "10.2.0.3"));
  EXPECT_EQ(route(3, "10.2.0.3")->target, RouteConfig::Target::kInterface);
  EXPECT_EQ(route(3, "10.2.0.3")->index, 3u);
  ASSERT_TRUE(route(2, "10.3.0.0/16"));
  EXPECT_EQ(route(2, "10.3.0.0/16")->index, 1u);
  ASSERT_TRUE(route(1, "10.9.0.0/16"));
  EXPECT_EQ(route(1, "10.9.0.0/16")->target, RouteConfig::Target::kDrop);
  ASSERT_TRUE(route(3, "0.0.0.0/0"));
  EXPECT_EQ(route(3, "0.0.0.0/0")->index, 3u);
  EXPECT_FALSE(route(2, "10.0.0.2"));  // an address of another VPC

  const platform::NetworkConfig& b = scenario.servers[1].card.network;
  ASSERT_EQ(b.peers.size(), 1u);
  EXPECT_EQ(b.peers[0].name, "a");
  EXPECT_EQ(b.routes.size(), 4u);  // three addresses of blue, one that is dropped
}

TEST(Network, InterfacesGetTheirVpcRulesAndKeys) {
  const Scenario scenario = parse(json::parse(kNetwork));
  const platform::NetworkConfig& a = scenario.servers[0].card.network;
  EXPECT_EQ(a.interfaces[0].vni, 1u);
  ASSERT_EQ(a.interfaces[0].rules.size(), 5u);  // one of IPv4; of any peer one for each family
  EXPECT_EQ(a.interfaces[0].rules[0].first_port, 80);
  EXPECT_FALSE(a.interfaces[0].rules[4].ingress);
  EXPECT_FALSE(a.interfaces[0].addresses[0].router);  // it has the subnet's first address itself
  EXPECT_EQ(a.interfaces[2].addresses[0].router, net::IpAddress::parse("10.2.0.1"));
  EXPECT_TRUE(scenario.servers[1].card.network.interfaces[1].bridged);
  EXPECT_EQ(a.transit_key.size(), 40u);
  EXPECT_NE(a.transit_key, scenario.servers[1].card.network.transit_key);  // wrapped for each card
  EXPECT_EQ(a.rekey_packets, 1000u);
  EXPECT_EQ(a.first_epoch, 5u);
  EXPECT_EQ(a.speed_mbit, 25000u);
}

TEST(Network, InterfacesAreFoundByName) {
  const Scenario scenario = parse(json::parse(kNetwork));
  const auto place = scenarios::find_interface(scenario.servers, "b/plain");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->server, 1u);
  EXPECT_EQ(place->interface, 1u);
  for (const char* nobody : {"plain", "b", "b/", "/plain", "a/plain", "b/plain/x", ""})
    EXPECT_FALSE(scenarios::find_interface(scenario.servers, nobody)) << nobody;
}

TEST(Network, WhatMakesNoSenseIsNamed) {
  const std::pair<const char*, const char*> broken[] = {
      {"/network/vpcs/1/vni=1", "/network/vpcs/1/vni"},
      {"/network/vpcs/1/name=blue", "/network/vpcs/1/name"},
      {"/network/security_groups/1/name=web", "/network/security_groups/1/name"},
      {"/network/security_groups/0/rules/0/protocol=any", "/network/security_groups/0/rules/0/ports"},
      {"/network/security_groups/0/rules/0/peer=10.0.0.1/8", "/network/security_groups/0/rules/0/peer"},
      {"/network/routes/0/vpc=pink", "/network/routes/0/vpc"},
      {"/network/routes/0/interface=a/blue", "/network/routes/0/interface"},
      {"/network/routes/1/interface=a/blue", "/network/routes/1/interface"},
      {"/network/peers/0/node=2", "/network/peers/0/node"},
      {"/network/peers/0/address=100.64.0.1", "/network/peers/0/address"},
      {"/network/peers/0/mac=x", "/network/peers/0/mac"},
      {"/network/transit_key=", "/network/transit_key"},
      {"/servers/0/card/interfaces/0/vpc=pink", "/servers/0/card/interfaces/0/vpc"},
      {"/servers/0/card/interfaces/0/security_groups/0=nobody", "/servers/0/card/interfaces/0/security_groups/0"},
      {"/servers/0/card/interfaces/0/addresses/0=10.0.0.1", "/servers/0/card/interfaces/0/addresses/0"},
      {"/servers/0/card/interfaces/0/addresses/0=224.0.0.1/24", "/servers/0/card/interfaces/0/addresses/0"},
      {"/servers/0/card/interfaces/0/dns=10.0.0.x", "/servers/0/card/interfaces/0/dns"},
      {"/servers/0/card/interfaces/0/mac=01:00:00:00:00:01", "/servers/0/card/interfaces/0/mac"},
      {"/servers/0/card/interfaces/1/name=blue", "/servers/0/card/interfaces/1/name"},
      {"/servers/0/card/interfaces/3/physical=blue", "/servers/0/card/interfaces/3/physical"},
      {"/servers/1/card/interfaces/1/vpc=blue", "/servers/1/card/interfaces/1/vpc"},
      {"/servers/1/card/interfaces/0/addresses/0=10.0.0.1/24", "/servers/1/card/interfaces/0/addresses"},
      {"/servers/1/card/network={\"address\": \"100.64.0.1\"}", "/servers/1/card/network/address"},
  };
  for (const auto& [override, pointer] : broken) {
    json document = json::parse(kNetwork);
    scenarios::apply_override(document, override);
    try {
      parse(document);
      ADD_FAILURE() << override << " was accepted";
    } catch (const platform::ConfigError& error) {
      EXPECT_EQ(error.pointer(), pointer) << override;
    }
  }
}

}  // namespace
}  // namespace cardvp
