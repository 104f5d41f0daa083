// What hosts do with the network: the workloads between interfaces.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>

#include "host/workload/dhcp.h"
#include "host/workload/ping.h"
#include "host/workload/traffic.h"
#include "platform/json_reader.h"

namespace cardvp::scenarios {

struct Scenario;

// An interface of one of the scenario's servers.
struct InterfacePlace {
  std::size_t server = 0;
  std::size_t interface = 0;
};

// An end of traffic: an interface, and the address that its packets have.
struct EndConfig {
  InterfacePlace place;
  net::IpAddress address;
};

struct TrafficWorkload {
  EndConfig from, to;
  host::TrafficConfig config;
  // How many packets must be received.
  std::uint64_t least = 0, most = std::numeric_limits<std::uint64_t>::max();
};

// A capture between two hosts: each sends what the capture has of it.
struct ReplayWorkload {
  InterfacePlace from, to;
  std::filesystem::path file;
  std::uint64_t missing = 0;  // frames that do not arrive, of both directions
  sc_core::sc_time patience{10, sc_core::SC_MS};
};

struct PingWorkload {
  EndConfig from;
  net::IpAddress target;
  std::optional<InterfacePlace> to;  // whose host answers; nothing: the card, or who is outside
  host::PingConfig config;
};

// The host of an interface asks for its address, which must be the one that it has.
struct DhcpWorkload {
  InterfacePlace interface;
  host::DhcpConfig config;
};

// Each throws platform::ConfigError for what the schema cannot say. `name`: the workload's, for seeds.
TrafficWorkload read_traffic(const platform::JsonReader& node, const Scenario& scenario, const std::string& name);
ReplayWorkload read_replay(const platform::JsonReader& node, const Scenario& scenario,
                           const std::filesystem::path& folder);
PingWorkload read_ping(const platform::JsonReader& node, const Scenario& scenario, const std::string& name);
DhcpWorkload read_dhcp(const platform::JsonReader& node, const Scenario& scenario, const std::string& name);

}  // namespace cardvp::scenarios
