// Workloads between interfaces, as the scenario says them.
#include "scenarios/network_workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/scenario.h"
#include "scenarios/schema_check.h"

namespace cardvp {
namespace {

using nlohmann::json;
using platform::ConfigError;
using scenarios::Scenario;
using testing::HasSubstr;
using Type = host::TrafficConfig::Type;
using Expect = host::TrafficConfig::Expect;

json two_servers(json workload) {
  json document = json::parse(R"({"name": "t",
    "servers": [
      {"name": "a", "card": {"interfaces": [
        {"name": "eth0", "vpc": "blue", "addresses": ["10.0.0.10/24", "10.0.1.10/24", "fd00::10/64"]},
        {"name": "bare", "vpc": "blue"}]}},
      {"name": "b", "card": {"interfaces": [
        {"name": "eth0", "vpc": "blue", "addresses": ["10.0.0.20/24", "fd00::20/64"]}]}}],
    "network": {"vpcs": [{"name": "blue", "vni": 1}]}})");
  workload["name"] = "w";
  document["workloads"] = json::array({std::move(workload)});
  return document;
}

template <class What>
What read(const char* text) {
  return std::get<What>(scenarios::parse_scenario(two_servers(json::parse(text)), "/folder").workloads.at(0).what);
}

// Every default of the schema, spelled out, beside what a workload of that type needs.
json spelled_out(const char* type, json workload) {
  const json& schema = scenarios::scenario_schema();
  for (const json& branch : schema["definitions"]["workload"]["allOf"]) {
    if (branch["if"]["properties"]["type"]["const"] != type) continue;
    for (const auto& [name, property] : branch["then"]["properties"].items()) {
      json rule = property;
      if (rule.contains("$ref")) rule.update(schema.at(json::json_pointer(rule["$ref"].get<std::string>().substr(1))));
      if (rule.contains("default")) workload[name] = rule["default"];
    }
  }
  return workload;
}

TEST(NetworkWorkload, SchemaAndStructuresHaveTheSameDefaults) {
  const json bare = {{"type", "traffic"}, {"from", "a/eth0"}, {"to", "b/eth0"}};
  const auto traffic = [](const json& workload) {
    return std::get<scenarios::TrafficWorkload>(
        scenarios::parse_scenario(two_servers(workload), "/").workloads[0].what);
  };
  const auto a = traffic(bare), b = traffic(spelled_out("traffic", bare));
  EXPECT_EQ(a.from.address, b.from.address);
  EXPECT_EQ(a.to.address, b.to.address);
  EXPECT_EQ(a.config.type, b.config.type);
  EXPECT_EQ(a.config.protocol, b.config.protocol);
  EXPECT_EQ(a.config.port, b.config.port);
  EXPECT_EQ(a.config.flows, b.config.flows);
  EXPECT_EQ(a.config.sizes, b.config.sizes);
  EXPECT_EQ(a.config.count, b.config.count);
  EXPECT_EQ(a.config.packets_per_second, b.config.packets_per_second);
  EXPECT_EQ(a.config.burst, b.config.burst);
  EXPECT_EQ(a.config.depth, b.config.depth);
  EXPECT_EQ(a.config.segment, b.config.segment);
  EXPECT_EQ(a.config.verify, b.config.verify);
  EXPECT_EQ(a.config.expect_order, b.config.expect_order);
  EXPECT_EQ(a.config.expect, b.config.expect);
  EXPECT_EQ(a.config.patience, b.config.patience);
  EXPECT_EQ(a.config.seed, b.config.seed);
  EXPECT_EQ(a.least, b.least);
  EXPECT_EQ(a.most, b.most);

  const json ping = {{"type", "ping"}, {"from", "a/eth0"}, {"to", "b/eth0"}};
  const auto pinging = [](const json& workload) {
    return std::get<scenarios::PingWorkload>(scenarios::parse_scenario(two_servers(workload), "/").workloads[0].what);
  };
  const auto c = pinging(ping), d = pinging(spelled_out("ping", ping));
  EXPECT_EQ(c.config.count, d.config.count);
  EXPECT_EQ(c.config.interval, d.config.interval);
  EXPECT_EQ(c.config.bytes, d.config.bytes);
  EXPECT_EQ(c.config.timeout, d.config.timeout);

  const json replay = {{"type", "replay"}, {"from", "a/eth0"}, {"to", "b/eth0"}, {"file", "x.pcap"}};
  const auto replaying = [](const json& workload) {
    return std::get<scenarios::ReplayWorkload>(scenarios::parse_scenario(two_servers(workload), "/").workloads[0].what);
  };
  const auto e = replaying(replay), f = replaying(spelled_out("replay", replay));
  EXPECT_EQ(e.missing, f.missing);
  EXPECT_EQ(e.patience, f.patience);
}

TEST(NetworkWorkload, TrafficIsWhatTheScenarioSays) {
  const auto traffic = read<scenarios::TrafficWorkload>(R"({"type": "traffic", "from": "a/eth0", "to": "b/eth0",
    "kind": "requests", "protocol": "tcp", "family": "ipv6", "port": 80, "flows": 9, "mix": "imix",
    "duration_us": 1500, "packets_per_second": 2000.5, "burst": 3, "depth": 4, "verify": false, "expect": "some",
    "in_order": false, "least": 5, "most": 6, "patience_us": 70})");
  EXPECT_EQ(traffic.from.address.text(), "fd00::10");
  EXPECT_EQ(traffic.to.address.text(), "fd00::20");
  EXPECT_EQ(traffic.from.place.server, 0u);
  EXPECT_EQ(traffic.to.place.server, 1u);
  const host::TrafficConfig& config = traffic.config;
  EXPECT_EQ(config.type, Type::kRequests);
  EXPECT_EQ(config.protocol, 6);  // IANA
  EXPECT_EQ(config.port, 80);
  EXPECT_EQ(config.flows, 9u);
  EXPECT_EQ(config.sizes.size(), 12u);
  EXPECT_EQ(config.count, 0u);
  EXPECT_EQ(config.duration, sc_core::sc_time(1500, sc_core::SC_US));
  EXPECT_EQ(config.packets_per_second, 2000.5);
  EXPECT_EQ(config.burst, 3u);
  EXPECT_EQ(config.depth, 4u);
  EXPECT_FALSE(config.verify);
  EXPECT_FALSE(config.expect_order);
  EXPECT_EQ(config.expect, Expect::kSome);
  EXPECT_EQ(config.patience, sc_core::sc_time(70, sc_core::SC_US));
  EXPECT_EQ(traffic.least, 5u);
  EXPECT_EQ(traffic.most, 6u);
}

TEST(NetworkWorkload, AddressesMayBeNamed) {
  const auto traffic = read<scenarios::TrafficWorkload>(R"({"type": "traffic", "from": "a/eth0",
    "from_address": "10.0.1.10", "to": "b/eth0", "to_address": "192.0.2.1"})");
  EXPECT_EQ(traffic.from.address.text(), "10.0.1.10");
  EXPECT_EQ(traffic.to.address.text(), "192.0.2.1");
  const auto ping = read<scenarios::PingWorkload>(R"({"type": "ping", "from": "a/eth0", "address": "fd00::1"})");
  EXPECT_EQ(ping.from.address.text(), "fd00::10");
  EXPECT_FALSE(ping.to);
}

TEST(NetworkWorkload, FilesAreRelativeToTheScenario) {
  const auto replay = read<scenarios::ReplayWorkload>(
      R"({"type": "replay", "from": "a/eth0", "to": "b/eth0", "file": "captures/x.pcap", "missing": 3})");
  EXPECT_EQ(replay.file, "/folder/captures/x.pcap");
  EXPECT_EQ(replay.missing, 3u);
}

struct Case {
  const char* workload;
  const char* blamed;
  const char* expected;
};

TEST(NetworkWorkload, WhatCannotBeIsRefusedWithThePointer) {
  const std::string traffic = R"({"type": "traffic", "from": "a/eth0", "to": "b/eth0")";
  const Case cases[] = {
      {R"({"type": "traffic", "from": "a/eth1", "to": "b/eth0"})", "/workloads/0/from", "SERVER/INTERFACE"},
      {R"({"type": "traffic", "from": "eth0", "to": "b/eth0"})", "/workloads/0/from", "SERVER/INTERFACE"},
      {R"({"type": "traffic", "from": "a/eth0"})", "/workloads/0/to", "a string"},
      {R"({"type": "traffic", "from": "a/bare", "to": "b/eth0"})", "/workloads/0/from", "an interface with an IPv4"},
      {R"(, "family": "ipv5"})", "/workloads/0/family", "one of \"ipv4\""},
      {R"(, "from_address": "10.0.0"})", "/workloads/0/from_address", "an IP address"},
      {R"(, "to_address": "fd00::1"})", "/workloads/0/to_address", "an IPv4 address"},
      {R"(, "count": 5, "duration_us": 5})", "/workloads/0/duration_us", "either this or count"},
      {R"(, "segment": 1448})", "/workloads/0/segment", "none for UDP"},
      {R"(, "segment": 1448, "protocol": "tcp", "kind": "requests"})", "/workloads/0/segment", "none for requests"},
      {R"(, "sizes": [64], "mix": "imix"})", "/workloads/0/sizes", "either this or mix"},
      {R"(, "sizes": []})", "/workloads/0/sizes", "an array"},
      {R"(, "sizes": [0]})", "/workloads/0/sizes/0", "an integer from 1"},
      {R"(, "least": 6, "most": 5})", "/workloads/0/least", "no more than"},
      {R"(, "flows": 0})", "/workloads/0/flows", "an integer from 1"},
      {R"(, "volume": "v"})", "/workloads/0/volume", "one of the keys"},
      {R"({"type": "ping", "from": "a/eth0", "to": "b/eth0", "address": "10.0.0.1"})", "/workloads/0/to", "either"},
      {R"({"type": "ping", "from": "a/eth0"})", "/workloads/0/to", "either this or address"},
      {R"({"type": "dhcp", "interface": "a/bare"})", "/workloads/0/interface", "an interface with an IPv4 address"},
      {R"({"type": "replay", "from": "a/eth0", "to": "b/eth0"})", "/workloads/0/file", "a string"},
  };
  for (const auto& [text, blamed, expected] : cases) {
    const std::string workload = text[0] == '{' ? text : traffic + text;
    try {
      scenarios::parse_scenario(two_servers(json::parse(workload)), "/");
      ADD_FAILURE() << "accepted: " << workload;
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.pointer(), blamed) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(std::string("expected ") + expected));
    }
  }
}

TEST(ExpectedCounters, AreReadAndChecked) {
  json document = two_servers(json::parse(R"({"type": "dhcp", "interface": "a/eth0"})"));
  document["expect_counters"] = json::parse(R"([{"counter": "x", "equals": 3}, {"counter": "y", "least": 2},
                                                {"counter": "z", "most": 9}])");
  const auto& counters = scenarios::parse_scenario(document, "/").expected_counters;
  ASSERT_EQ(counters.size(), 3u);
  EXPECT_EQ(counters[0].pointer, "/expect_counters/0");
  EXPECT_EQ(counters[0].least, 3u);
  EXPECT_EQ(counters[0].most, 3u);
  EXPECT_EQ(counters[1].least, 2u);
  EXPECT_EQ(counters[1].most, ~0ull);
  EXPECT_EQ(counters[2].least, 0u);
  EXPECT_EQ(counters[2].most, 9u);

  const std::pair<const char*, const char*> bad[] = {
      {R"({"counter": "x", "equals": 3, "most": 3})", "/expect_counters/0/equals"},
      {R"({"counter": "x", "least": 3, "most": 2})", "/expect_counters/0/least"},
      {R"({"equals": 3})", "/expect_counters/0/counter"}};
  for (const auto& [text, pointer] : bad) {
    document["expect_counters"] = json::array({json::parse(text)});
    try {
      scenarios::parse_scenario(document, "/");
      ADD_FAILURE() << "accepted: " << text;
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.pointer(), pointer);
    }
  }
}

}  // namespace
}  // namespace cardvp
