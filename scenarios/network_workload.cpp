#include "scenarios/network_workload.h"

#include <algorithm>

#include "models/base/model.h"
#include "scenarios/network.h"
#include "scenarios/scenario.h"

namespace cardvp::scenarios {
namespace {

using host::TrafficConfig;
using platform::InterfaceConfig;
using platform::JsonReader;

const InterfaceConfig& at(const Scenario& scenario, const InterfacePlace& place) {
  return scenario.servers[place.server].card.network.interfaces[place.interface];
}

InterfacePlace read_place(const JsonReader& node, const char* key, const Scenario& scenario) {
  std::string name;
  node.read(key, name);
  const std::optional<InterfacePlace> place = find_interface(scenario.servers, name);
  if (!place)
    node.fail(key, scenario.servers.front().name.empty() ? "the name of one of the card's interfaces"
                                                         : "SERVER/INTERFACE, one of a server's interfaces");
  return *place;
}

// The first address of that family, unless another is named.
EndConfig read_end(const JsonReader& node, const char* key, const char* address_key, bool ipv6,
                   const Scenario& scenario) {
  EndConfig end{read_place(node, key, scenario), {}};
  if (node.has(address_key)) {
    node.read_parsed(address_key, end.address, "an IP address");
    if (end.address.is_v4() == ipv6) node.fail(address_key, ipv6 ? "an IPv6 address" : "an IPv4 address");
    return end;
  }
  const auto& addresses = at(scenario, end.place).addresses;
  const auto found =
      std::find_if(addresses.begin(), addresses.end(), [ipv6](const auto& own) { return own.address.is_v4() != ipv6; });
  if (found == addresses.end()) node.fail(key, fmt::format("an interface with an {} address", ipv6 ? "IPv6" : "IPv4"));
  end.address = found->address;
  return end;
}

bool reads_ipv6(const JsonReader& node) {
  std::string family = "ipv4";
  node.read("family", family);
  return family == "ipv6";
}

void read_amount(const JsonReader& node, TrafficConfig& config) {
  if (node.has("count") && node.has("duration_us")) node.fail("duration_us", "either this or count");
  if (node.has("duration_us")) config.count = 0;
  node.read("count", config.count);
  node.read_time("duration_us", config.duration, sc_core::SC_US);
}

}  // namespace

TrafficWorkload read_traffic(const JsonReader& node, const Scenario& scenario, const std::string& name) {
  TrafficWorkload workload;
  const bool ipv6 = reads_ipv6(node);
  workload.from = read_end(node, "from", "from_address", ipv6, scenario);
  workload.to = read_end(node, "to", "to_address", ipv6, scenario);
  TrafficConfig& config = workload.config;
  config.name = name;
  config.seed = derive_seed(scenario.seed, name);
  std::string protocol = "udp", mix;
  node.read_enum("kind", config.type, {"stream", "requests"});
  node.read("protocol", protocol);
  config.protocol = protocol == "tcp" ? net::kProtocolTcp : net::kProtocolUdp;
  node.read("port", config.port);
  node.read("flows", config.flows);
  node.read("mix", mix);
  if (mix == "imix") config.sizes = host::kImix;
  if (!mix.empty() && node.has("sizes")) node.fail("sizes", "either this or mix");
  node.read("sizes", config.sizes);
  read_amount(node, config);
  node.read("packets_per_second", config.packets_per_second);
  node.read("burst", config.burst);
  node.read("depth", config.depth);
  node.read("segment", config.segment);
  if (config.segment > 0 && config.protocol != net::kProtocolTcp) node.fail("segment", "none for UDP");
  if (config.segment > 0 && config.type == TrafficConfig::Type::kRequests) node.fail("segment", "none for requests");
  node.read("verify", config.verify);
  node.read_enum("expect", config.expect, {"all", "some", "none"});
  node.read("in_order", config.expect_order);
  node.read_time("patience_us", config.patience, sc_core::SC_US);
  node.read("least", workload.least);
  node.read("most", workload.most);
  if (workload.least > workload.most) node.fail("least", "no more than `most`");
  return workload;
}

ReplayWorkload read_replay(const JsonReader& node, const Scenario& scenario, const std::filesystem::path& folder) {
  ReplayWorkload workload;
  workload.from = read_place(node, "from", scenario);
  workload.to = read_place(node, "to", scenario);
  std::string file;
  node.read("file", file);
  workload.file = platform::path_of(file, folder);
  node.read("missing", workload.missing);
  node.read_time("patience_us", workload.patience, sc_core::SC_US);
  return workload;
}

PingWorkload read_ping(const JsonReader& node, const Scenario& scenario, const std::string& name) {
  PingWorkload workload;
  if (node.has("to") == node.has("address")) node.fail("to", "either this or address");
  bool ipv6 = reads_ipv6(node);
  if (node.has("to")) {
    const EndConfig to = read_end(node, "to", "to_address", ipv6, scenario);
    workload.to = to.place;
    workload.target = to.address;
  } else {
    node.read_parsed("address", workload.target, "an IP address");
    ipv6 = !workload.target.is_v4();
  }
  workload.from = read_end(node, "from", "from_address", ipv6, scenario);
  node.read("count", workload.config.count);
  node.read_time("interval_us", workload.config.interval, sc_core::SC_US);
  node.read("bytes", workload.config.bytes);
  node.read_time("patience_us", workload.config.timeout, sc_core::SC_US);
  workload.config.seed = derive_seed(scenario.seed, name);
  return workload;
}

DhcpWorkload read_dhcp(const JsonReader& node, const Scenario& scenario, const std::string& name) {
  DhcpWorkload workload;
  workload.interface = read_place(node, "interface", scenario);
  const auto& addresses = at(scenario, workload.interface).addresses;
  if (std::none_of(addresses.begin(), addresses.end(), [](const auto& own) { return own.address.is_v4(); }))
    node.fail("interface", "an interface with an IPv4 address, which DHCP gives");
  workload.config.seed = derive_seed(scenario.seed, name);
  return workload;
}

}  // namespace cardvp::scenarios
