// What the schema says of defaults of cards, hosts and wire is what the structures have.
#include <gtest/gtest.h>

#include "scenarios/scenario.h"
#include "scenarios/schema_check.h"

namespace cardvp {
namespace {

using nlohmann::json;
using scenarios::Scenario;

const json& schema() { return scenarios::scenario_schema(); }

json defaults_of(const json& node) {
  if (node.contains("$ref"))
    return defaults_of(schema().at(json::json_pointer(node.at("$ref").get<std::string>().substr(1))));
  json result = json::object();
  const json properties = node.value("properties", json::object());
  for (const auto& [name, property] : properties.items()) {
    if (property.contains("default")) {
      result[name] = property.at("default");
    } else if (property.contains("$ref")) {
      const json& definition = schema().at(json::json_pointer(property.at("$ref").get<std::string>().substr(1)));
      if (definition.contains("default")) result[name] = definition.at("default");
    } else if (property.value("type", "") == "object") {
      result[name] = defaults_of(property);
    }
  }
  return result;
}

json bare() {
  return json::parse(R"({
    "name": "n",
    "servers": [
      {"name": "a", "card": {"interfaces": [{"name": "eth0", "vpc": "v", "addresses": ["10.0.0.2/24"]}]}},
      {"name": "b", "card": {"interfaces": [{"name": "eth0", "vpc": "v", "addresses": ["10.0.0.3/24"]}]}}],
    "network": {"vpcs": [{"name": "v", "vni": 1}]}
  })");
}

json full() {
  json document = bare();
  json& card = document["servers"][0]["card"];
  const json& of_card = schema()["definitions"]["card"]["properties"];
  for (const char* part : {"nic", "vpc"}) card[part] = defaults_of(of_card[part]);
  json interface = defaults_of(schema()["definitions"]["interface"]);
  interface.update(card["interfaces"][0]);
  card["interfaces"][0] = interface;
  document["servers"][0]["host"]["ena"] = defaults_of(schema()["definitions"]["host"]["properties"]["ena"]);
  json wire = defaults_of(schema()["definitions"]["wire"]);
  wire["paths"] = json::array({defaults_of(schema()["definitions"]["path"])});
  document["wire"] = wire;
  return document;
}

struct NetworkDefaults : testing::Test {
  const Scenario a = scenarios::parse_scenario(full(), "/"), b = scenarios::parse_scenario(bare(), "/");
};

TEST_F(NetworkDefaults, OfTheCard) {
  const platform::CardConfig &ca = a.servers[0].card, &cb = b.servers[0].card;
  EXPECT_EQ(ca.nic.queues, cb.nic.queues);
  EXPECT_EQ(ca.nic.queue_entries, cb.nic.queue_entries);
  EXPECT_EQ(ca.nic.llq_entries, cb.nic.llq_entries);
  EXPECT_EQ(ca.nic.packet_overhead, cb.nic.packet_overhead);
  EXPECT_EQ(ca.nic.picojoules_per_packet, cb.nic.picojoules_per_packet);
  EXPECT_EQ(ca.nic.picojoules_per_byte, cb.nic.picojoules_per_byte);
  EXPECT_EQ(ca.vpc.flow_entries, cb.vpc.flow_entries);
  EXPECT_EQ(ca.vpc.lookup, cb.vpc.lookup);
  EXPECT_EQ(ca.vpc.picojoules_per_packet, cb.vpc.picojoules_per_packet);
  EXPECT_EQ(ca.vpc.transport.paths, cb.vpc.transport.paths);
  EXPECT_EQ(ca.vpc.transport.window_packets, cb.vpc.transport.window_packets);
  const platform::InterfaceConfig &ia = ca.network.interfaces[0], &ib = cb.network.interfaces[0];
  EXPECT_EQ(ia.attached, ib.attached);
  EXPECT_EQ(ia.bridged, ib.bridged);
  EXPECT_EQ(ia.mac, ib.mac);
  EXPECT_EQ(ia.forwards, ib.forwards);
  EXPECT_EQ(ia.mtu, ib.mtu);
  EXPECT_EQ(ia.keep_alive_ms, ib.keep_alive_ms);
  EXPECT_EQ(ia.patient_hints, ib.patient_hints);
  EXPECT_EQ(ia.allowances.bandwidth_in, ib.allowances.bandwidth_in);
  EXPECT_EQ(ia.allowances.bandwidth_out, ib.allowances.bandwidth_out);
  EXPECT_EQ(ia.allowances.packet_rate, ib.allowances.packet_rate);
  EXPECT_EQ(ia.allowances.connections, ib.allowances.connections);
  EXPECT_EQ(ia.allowances.slow_rate, ib.allowances.slow_rate);
  EXPECT_EQ(ia.allowances.burst_us, ib.allowances.burst_us);
}

TEST_F(NetworkDefaults, OfHostAndWire) {
  const host::ena::DriverConfig &da = a.servers[0].host.ena, &db = b.servers[0].host.ena;
  EXPECT_EQ(da.queues, db.queues);
  EXPECT_EQ(da.tx_entries, db.tx_entries);
  EXPECT_EQ(da.rx_entries, db.rx_entries);
  EXPECT_EQ(da.rx_buffer_bytes, db.rx_buffer_bytes);
  EXPECT_EQ(da.placement, db.placement);
  EXPECT_EQ(da.mtu, db.mtu);
  EXPECT_EQ(da.checksum_offload, db.checksum_offload);
  EXPECT_EQ(da.segmentation_offload, db.segmentation_offload);
  EXPECT_EQ(da.receive_checksums, db.receive_checksums);
  EXPECT_EQ(da.tx_delay_us, db.tx_delay_us);
  EXPECT_EQ(da.rx_delay_us, db.rx_delay_us);
  EXPECT_EQ(da.software_cost, db.software_cost);
  EXPECT_EQ(a.wire.type, b.wire.type);
  EXPECT_EQ(a.wire.bandwidth, b.wire.bandwidth);
  EXPECT_EQ(a.wire.queue_bytes, b.wire.queue_bytes);
  EXPECT_EQ(a.wire.capture, b.wire.capture);
  ASSERT_EQ(a.wire.paths.size(), b.wire.paths.size());
  EXPECT_EQ(a.wire.paths[0].delay, b.wire.paths[0].delay);
  EXPECT_EQ(a.wire.paths[0].jitter, b.wire.paths[0].jitter);
  EXPECT_EQ(a.wire.paths[0].loss, b.wire.paths[0].loss);
  EXPECT_EQ(a.wire.paths[0].bandwidth, b.wire.paths[0].bandwidth);
}

}  // namespace
}  // namespace cardvp
