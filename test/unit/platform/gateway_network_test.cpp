// The gateway's methods that are about the network, and what the control plane sends of it at a reset.
#include "test/unit/platform/gateway_fixture.h"

namespace cardvp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

platform::NetworkConfig network_of_two() {
  platform::NetworkConfig network;
  network.node = 7;
  network.mac = *net::MacAddress::parse("02:00:00:00:00:07");
  network.address = *net::IpAddress::parse("192.0.2.7");
  for (const std::uint8_t last : {10, 11}) {
    platform::InterfaceConfig interface;
    interface.name = last == 10 ? "eth0" : "eth1";
    interface.attached = last == 10;
    interface.vni = 0x1234;
    interface.mac = {{2, 0, 0, 0, 1, last}};
    interface.addresses.push_back({net::IpAddress::v4(0x0a000000u + last), 24, net::IpAddress::v4(0x0a000001), {}});
    interface.rules.push_back({true, net::kProtocolUdp, 5000, 5999, *net::Prefix::parse("10.0.0.0/16")});
    interface.allowances.bandwidth_out = 1000;
    network.interfaces.push_back(interface);
  }
  network.peers.push_back(
      {"far", 8, *net::MacAddress::parse("02:00:00:00:00:08"), *net::IpAddress::parse("192.0.2.8"), true, true});
  network.routes.push_back(
      {0x1234, *net::Prefix::parse("10.0.0.20/32"), platform::RouteConfig::Target::kPeer, 0, std::nullopt});
  network.routes.push_back(
      {0x1234, *net::Prefix::parse("10.0.0.11/32"), platform::RouteConfig::Target::kInterface, 1, std::nullopt});
  network.transit_key.assign(CONTROL_WRAPPED_TRANSIT_BYTES, 0xa5);
  network.first_epoch = 100;
  network.rekey_packets = 5000;
  return network;
}

// Their functions are behind those of three volumes.
constexpr std::uint16_t kFirst = 3, kSecond = 4;

struct GatewayNetworkTest : GatewayFixture {
  GatewayNetworkTest() : GatewayFixture(network_of_two()) {}

  // The one request that a good call makes, answered well.
  Request request_of(const std::string& method, const json& params) {
    call(method, params);
    const std::vector<Request> requests = take();
    EXPECT_EQ(requests.size(), 1u) << method << params;
    if (requests.empty()) return {};
    EXPECT_FALSE(answer_);
    send(result_of(requests[0]));
    EXPECT_TRUE(answer_ && answer_->contains("result")) << method << params;
    return requests[0];
  }
};

TEST_F(GatewayNetworkTest, AttachesAndDetaches) {
  const auto attach = request_of("attach_interface", {{"interface", "eth1"}}).as<control_attach_interface>();
  EXPECT_EQ(attach.header.type, CONTROL_ATTACH_INTERFACE);
  EXPECT_EQ(attach.header.function, kSecond);
  EXPECT_EQ(attach.vni, 0x1234u);
  EXPECT_EQ(attach.mac[5], 11);
  EXPECT_EQ((*answer_)["result"], json::parse(R"({"interface": "eth1", "function": 4})"));
  EXPECT_TRUE(control_plane_.attached(kSecond));
  const Request detach = request_of("detach_interface", {{"interface", "eth1"}});
  EXPECT_EQ(detach.type(), CONTROL_DETACH_INTERFACE);
  EXPECT_EQ(detach.header().function, kSecond);
  EXPECT_FALSE(control_plane_.attached(kSecond));
  EXPECT_EQ(gateway_.calls().at(0).interface, "eth1");
}

TEST_F(GatewayNetworkTest, RulesLinksAllowancesAndKeys) {
  const auto rule = request_of("add_rule", {{"interface", "eth0"},
                                            {"number", 63},
                                            {"direction", "egress"},
                                            {"protocol", "tcp"},
                                            {"ports", "80-443"},
                                            {"peer", "10.1.0.0/16"}})
                        .as<control_rule>();
  EXPECT_EQ(rule.header.type, CONTROL_RULE);
  EXPECT_EQ(rule.header.function, kFirst);
  EXPECT_EQ(rule.number, 63);
  EXPECT_EQ(rule.ingress, 0);
  EXPECT_EQ(rule.remove, 0);
  EXPECT_EQ(rule.protocol, 6);
  EXPECT_EQ(rule.first_port, 80);
  EXPECT_EQ(rule.last_port, 443);
  EXPECT_EQ(rule.prefix_length, 96 + 16);
  EXPECT_EQ(rule.prefix[13], 1);
  EXPECT_EQ(request_of("remove_rule", {{"interface", "eth0"}, {"number", 63}}).as<control_rule>().remove, 1);

  const auto link = request_of("set_link", {{"interface", "eth1"}, {"up", false}}).as<control_link>();
  EXPECT_EQ(link.header.type, CONTROL_LINK);
  EXPECT_EQ(link.header.function, kSecond);

  const auto allowances =
      request_of("set_allowances", {{"interface", "eth0"}, {"packets_per_second", 7}}).as<control_allowances>();
  EXPECT_EQ(allowances.packet_rate, 7u);
  EXPECT_EQ(allowances.bandwidth_out, 1000u);  // as the configuration has it
  EXPECT_EQ(allowances.burst_us, 1000u);

  EXPECT_EQ(request_of("rekey", json::object()).type(), CONTROL_REKEY);
}

TEST_F(GatewayNetworkTest, ParamsThatMakeNoSense) {
  const std::vector<std::pair<std::string, json>> calls = {
      {"attach_interface", json::object()},
      {"attach_interface", {{"interface", "eth9"}}},
      {"attach_interface", {{"interface", 1}}},
      {"attach_interface", {{"interface", "eth0"}, {"volume", "plain"}}},
      {"detach_interface", {{"interface", ""}}},
      {"set_link", {{"interface", "eth0"}}},
      {"set_link", {{"interface", "eth0"}, {"up", 1}}},
      {"add_rule", {{"interface", "eth0"}, {"peer", "10.0.0.0/8"}}},
      {"add_rule", {{"interface", "eth0"}, {"number", 64}, {"peer", "10.0.0.0/8"}}},
      {"add_rule", {{"interface", "eth0"}, {"number", -1}, {"peer", "10.0.0.0/8"}}},
      {"add_rule", {{"interface", "eth0"}, {"number", 0}}},
      {"add_rule", {{"interface", "eth0"}, {"number", 0}, {"peer", "10.0.0.1/8"}}},
      {"add_rule", {{"interface", "eth0"}, {"number", 0}, {"peer", 10}}},
      {"add_rule", {{"interface", "eth0"}, {"number", 0}, {"peer", "10.0.0.0/8"}, {"direction", "up"}}},
      {"add_rule", {{"interface", "eth0"}, {"number", 0}, {"peer", "10.0.0.0/8"}, {"protocol", 6}}},
      {"add_rule", {{"interface", "eth0"}, {"number", 0}, {"peer", "10.0.0.0/8"}, {"ports", "80"}}},
      {"add_rule",
       {{"interface", "eth0"}, {"number", 0}, {"peer", "10.0.0.0/8"}, {"protocol", "tcp"}, {"ports", "90-80"}}},
      {"add_rule",
       {{"interface", "eth0"}, {"number", 0}, {"peer", "10.0.0.0/8"}, {"protocol", "tcp"}, {"ports", "65536"}}},
      {"add_rule", {{"interface", "eth0"}, {"number", 0}, {"peer", "10.0.0.0/8"}, {"protocol", "tcp"}, {"ports", "x"}}},
      {"remove_rule", {{"interface", "eth0"}}},
      {"set_allowances", {{"interface", "eth0"}, {"packets_per_second", -1}}},
      {"set_allowances", {{"interface", "eth0"}, {"connections", "many"}}},
      {"set_allowances", {{"interface", "eth0"}, {"bandwidth_in_mbit_s", 1'000'001}}},
      {"set_allowances", {{"interface", "eth0"}, {"burst_us", 0}}},
      {"rekey", {{"interface", "eth0"}}},
  };
  for (const auto& [method, params] : calls) {
    call(method, params);
    ASSERT_TRUE(answer_) << method << params;
    ASSERT_TRUE(answer_->contains("error")) << method << params;
    EXPECT_EQ((*answer_)["error"]["code"], "bad_call") << method << params;
  }
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(GatewayNetworkTest, WhatTheFirmwareRefusesIsSaid) {
  call("rekey", json::object());
  send(result_of(take().at(0), CONTROL_NO_KEY));
  EXPECT_EQ((*answer_)["error"]["code"], "refused");
}

TEST_F(GatewayNetworkTest, StatusHasTheInterfaces) {
  request_of("attach_interface", {{"interface", "eth0"}});
  call("status", json::object());
  EXPECT_EQ((*answer_)["result"]["interfaces"],
            json::parse(R"([{"name": "eth0", "attached": true}, {"name": "eth1", "attached": false}])"));
}

struct NetworkStartTest : ControlFixture {
  NetworkStartTest() : ControlFixture(network_of_two()) {}
  std::vector<Request> started() {
    reset_card();
    return take();
  }
};

TEST_F(NetworkStartTest, SendsTheNetworkAheadOfTheInterfaces) {
  std::vector<std::uint16_t> types;
  std::uint32_t epoch = 0;
  for (const Request& request : started()) {
    if (request.type() >= CONTROL_UNDERLAY) types.push_back(request.type());
    if (request.type() == CONTROL_TRANSIT_KEY) epoch = request.as<control_transit_key>().epoch;
    if (request.type() == CONTROL_ROUTE && request.as<control_route>().target == CONTROL_ROUTE_INTERFACE) {
      EXPECT_EQ(request.as<control_route>().interface, kSecond);
    }
  }
  EXPECT_THAT(types, ElementsAre(CONTROL_UNDERLAY, CONTROL_TRANSIT_KEY, CONTROL_PEER, CONTROL_ROUTE, CONTROL_ROUTE,
                                 CONTROL_ADDRESS, CONTROL_RULE, CONTROL_ALLOWANCES, CONTROL_ATTACH_INTERFACE,
                                 CONTROL_ADDRESS, CONTROL_RULE, CONTROL_ALLOWANCES));  // eth1 waits for its call
  EXPECT_EQ(epoch, 100u);
  for (const Request& request : started())  // no epoch is used again after a reset
    if (request.type() == CONTROL_TRANSIT_KEY) {
      EXPECT_EQ(request.as<control_transit_key>().epoch, 100 + platform::ControlPlane::kEpochsOfReset);
    }
}

}  // namespace
}  // namespace cardvp
