#include "platform/config.h"

#include <gtest/gtest.h>

#include "platform/test_root_key.h"
#include "scenarios/scenario.h"
#include "scenarios/schema_check.h"

namespace cardvp {
namespace {

using nlohmann::json;
using platform::MediumConfig;
using platform::VolumeConfig;
using scenarios::parse_scenario;
using scenarios::Scenario;

json minimal() {
  return json::parse(R"({"name": "t", "card": {"volumes": [
      {"name": "v", "medium": {"type": "memory", "size_mib": 8}}]}})");
}

// Everything that the schema gives a default for, spelled out.
json with_defaults(const json& schema, const json& root) {
  if (schema.contains("$ref"))
    return with_defaults(root.at(json::json_pointer(schema.at("$ref").get<std::string>().substr(1))), root);
  json result = json::object();
  if (!schema.contains("properties")) return result;
  for (const auto& [name, property] : schema.at("properties").items()) {
    if (property.contains("default"))
      result[name] = property.at("default");
    else if (property.value("type", "") == "object" || name == "card" || name == "host")
      result[name] = with_defaults(property, root);
  }
  return result;
}

TEST(Config, SchemaAndStructuresHaveTheSameDefaults) {
  const json& schema = scenarios::scenario_schema();
  json full = with_defaults(schema, schema);
  full.erase("workloads");  // of several servers
  json volume = with_defaults(schema["definitions"]["volume"], schema);
  volume.update(minimal()["card"]["volumes"][0]);
  full["name"] = "t";
  full["card"]["volumes"] = json::array({volume});
  const auto io_defaults = [&](const char* type) {
    json workload;
    for (const json& branch : schema["definitions"]["workload"]["allOf"])
      if (branch["if"]["properties"]["type"]["const"] == type) workload = with_defaults(branch["then"], schema);
    workload.update(json{{"type", type}, {"name", type}, {"volume", "v"}});
    return workload;
  };
  full["host"]["workloads"] = {
      io_defaults("checksum"),        io_defaults("io"),         io_defaults("call"), io_defaults("attest"),
      io_defaults("firmware_update"), io_defaults("flash_write")};
  full["host"]["workloads"][2].erase("volume");
  full["host"]["workloads"][2].erase("surprise");  // of another method
  full["host"]["workloads"][2]["method"] = "ping";
  full["host"]["workloads"][5].erase("volume");
  json bare = minimal();
  bare["host"]["workloads"] = {{{"type", "checksum"}, {"name", "checksum"}, {"volume", "v"}},
                               {{"type", "io"}, {"name", "io"}, {"volume", "v"}},
                               {{"type", "call"}, {"name", "call"}, {"method", "ping"}},
                               {{"type", "attest"}, {"name", "attest"}},
                               {{"type", "firmware_update"}, {"name", "firmware_update"}},
                               {{"type", "flash_write"}, {"name", "flash_write"}}};

  const Scenario a = parse_scenario(full, "/"), b = parse_scenario(bare, "/");
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.boot_limit, b.boot_limit);
  EXPECT_EQ(a.run_limit, b.run_limit);
  EXPECT_EQ(a.servers[0].card.cluster.cores, b.servers[0].card.cluster.cores);
  EXPECT_EQ(a.servers[0].card.cluster.core.frequency_hz, b.servers[0].card.cluster.core.frequency_hz);
  EXPECT_EQ(a.servers[0].card.cluster.core.quantum, b.servers[0].card.cluster.core.quantum);
  EXPECT_EQ(a.servers[0].card.cluster.core.picojoules_per_instruction,
            b.servers[0].card.cluster.core.picojoules_per_instruction);
  EXPECT_EQ(a.servers[0].card.dram_size, b.servers[0].card.dram_size);
  EXPECT_EQ(a.servers[0].card.fuses.card_id, b.servers[0].card.fuses.card_id);
  EXPECT_EQ(a.servers[0].card.fuses.life_cycle, b.servers[0].card.fuses.life_cycle);
  EXPECT_EQ(a.servers[0].card.fuses.security_version, b.servers[0].card.fuses.security_version);
  EXPECT_EQ(a.servers[0].card.fuses.device_secret, b.servers[0].card.fuses.device_secret);
  EXPECT_EQ(a.servers[0].card.security.lanes, b.servers[0].card.security.lanes);
  EXPECT_EQ(a.servers[0].card.security.slots, b.servers[0].card.security.slots);
  const auto same_cost = [](const security::OperationCost& x, const security::OperationCost& y) {
    return x.latency == y.latency && x.bandwidth == y.bandwidth && x.picojoules == y.picojoules &&
           x.picojoules_per_byte == y.picojoules_per_byte;
  };
  EXPECT_TRUE(same_cost(a.servers[0].card.security.cipher, b.servers[0].card.security.cipher));
  EXPECT_TRUE(same_cost(a.servers[0].card.security.hash, b.servers[0].card.security.hash));
  EXPECT_TRUE(same_cost(a.servers[0].card.security.public_key, b.servers[0].card.security.public_key));
  EXPECT_TRUE(same_cost(a.servers[0].card.security.random, b.servers[0].card.security.random));
  EXPECT_EQ(a.servers[0].card.tamper_at, b.servers[0].card.tamper_at);
  EXPECT_EQ(a.servers[0].card.volumes[0].attached, b.servers[0].card.volumes[0].attached);
  EXPECT_EQ(a.servers[0].card.link.generation, b.servers[0].card.link.generation);
  EXPECT_EQ(a.servers[0].card.link.lanes, b.servers[0].card.link.lanes);
  EXPECT_EQ(a.servers[0].card.link.latency, b.servers[0].card.link.latency);
  EXPECT_EQ(a.servers[0].card.link.max_payload, b.servers[0].card.link.max_payload);
  EXPECT_EQ(a.servers[0].card.link.max_read_request, b.servers[0].card.link.max_read_request);
  EXPECT_EQ(a.servers[0].card.nvme.queues, b.servers[0].card.nvme.queues);
  EXPECT_EQ(a.servers[0].card.nvme.queue_entries, b.servers[0].card.nvme.queue_entries);
  EXPECT_EQ(a.servers[0].card.nvme.command_overhead, b.servers[0].card.nvme.command_overhead);
  EXPECT_EQ(a.servers[0].host.memory_size, b.servers[0].host.memory_size);
  EXPECT_EQ(a.servers[0].host.driver.io_queues, b.servers[0].host.driver.io_queues);
  EXPECT_EQ(a.servers[0].host.driver.queue_entries, b.servers[0].host.driver.queue_entries);
  EXPECT_EQ(a.servers[0].host.driver.interrupt_latency, b.servers[0].host.driver.interrupt_latency);
  EXPECT_EQ(a.servers[0].host.driver.software_cost, b.servers[0].host.driver.software_cost);
  EXPECT_EQ(a.servers[0].host.driver.command_timeout, b.servers[0].host.driver.command_timeout);
  const storage::VolumeConfig &va = a.servers[0].card.volumes[0].timing, &vb = b.servers[0].card.volumes[0].timing;
  EXPECT_EQ(va.block_size, vb.block_size);
  EXPECT_EQ(va.read_latency, vb.read_latency);
  EXPECT_EQ(va.write_latency, vb.write_latency);
  EXPECT_EQ(va.flush_latency, vb.flush_latency);
  EXPECT_EQ(va.bandwidth, vb.bandwidth);
  EXPECT_EQ(va.parallelism, vb.parallelism);
  EXPECT_EQ(a.servers[0].card.volumes[0].kind, b.servers[0].card.volumes[0].kind);
  const auto& ca = std::get<scenarios::ChecksumWorkload>(a.workloads[0].what);
  const auto& cb = std::get<scenarios::ChecksumWorkload>(b.workloads[0].what);
  EXPECT_EQ(ca.config.block_size, cb.config.block_size);
  EXPECT_EQ(ca.config.queue_depth, cb.config.queue_depth);
  EXPECT_EQ(ca.expect_medium, cb.expect_medium);
  const auto& ia = std::get<host::IoWorkloadConfig>(a.workloads[1].what);
  const auto& ib = std::get<host::IoWorkloadConfig>(b.workloads[1].what);
  EXPECT_EQ(ia.pattern, ib.pattern);
  EXPECT_EQ(ia.zipf_theta, ib.zipf_theta);
  EXPECT_EQ(ia.block_size, ib.block_size);
  EXPECT_EQ(ia.read_percent, ib.read_percent);
  EXPECT_EQ(ia.queue_depth, ib.queue_depth);
  EXPECT_EQ(ia.queues, ib.queues);
  EXPECT_EQ(ia.count, ib.count);
  EXPECT_EQ(ia.verify, ib.verify);
  const auto& call_a = std::get<scenarios::CallWorkload>(a.workloads[2].what);
  const auto& call_b = std::get<scenarios::CallWorkload>(b.workloads[2].what);
  EXPECT_EQ(call_a.params, call_b.params);
  EXPECT_EQ(call_a.key, call_b.key);
  EXPECT_EQ(call_a.is_signed, call_b.is_signed);
  EXPECT_EQ(call_a.expect, call_b.expect);
  const auto& update_a = std::get<scenarios::FirmwareUpdateWorkload>(a.workloads[4].what);
  const auto& update_b = std::get<scenarios::FirmwareUpdateWorkload>(b.workloads[4].what);
  EXPECT_EQ(update_a.image, update_b.image);
  EXPECT_EQ(update_a.slot, update_b.slot);
  EXPECT_EQ(update_a.action, update_b.action);
  EXPECT_EQ(update_a.expect, update_b.expect);
  const auto& write_a = std::get<scenarios::FlashWriteWorkload>(a.workloads[5].what);
  const auto& write_b = std::get<scenarios::FlashWriteWorkload>(b.workloads[5].what);
  EXPECT_EQ(write_a.offset, write_b.offset);
  EXPECT_EQ(write_a.size, write_b.size);
  for (std::size_t i = 0; i < a.workloads.size(); ++i) EXPECT_EQ(a.workloads[i].background, b.workloads[i].background);
}

TEST(Config, UnitsAreConverted) {
  json document = minimal();
  document["card"]["core"] = {{"frequency_mhz", 800}, {"quantum_ns", 250}};
  document["card"]["dram_mib"] = 3;
  document["card"]["pcie"]["latency_ns"] = 7;
  document["card"]["volumes"][0]["read_latency_us"] = 1.5;
  document["card"]["volumes"][0]["bandwidth_mb_s"] = 2;
  document["limits"]["boot_ms"] = 9;
  const Scenario scenario = parse_scenario(document, "/");
  EXPECT_EQ(scenario.servers[0].card.cluster.core.frequency_hz, 800e6);
  EXPECT_EQ(scenario.servers[0].card.cluster.core.quantum, sc_core::sc_time(250, sc_core::SC_NS));
  EXPECT_EQ(scenario.servers[0].card.dram_size, 3u << 20);
  EXPECT_EQ(scenario.servers[0].card.link.latency, sc_core::sc_time(7, sc_core::SC_NS));
  EXPECT_EQ(scenario.servers[0].card.volumes[0].timing.read_latency, sc_core::sc_time(1500, sc_core::SC_NS));
  EXPECT_EQ(scenario.servers[0].card.volumes[0].timing.bandwidth, 2'000'000u);
  EXPECT_EQ(scenario.servers[0].card.volumes[0].medium.size, 8u << 20);
  EXPECT_EQ(scenario.boot_limit, sc_core::sc_time(9, sc_core::SC_MS));
}

TEST(Config, PathsAreRelativeToTheScenario) {
  json document = minimal();
  document["card"]["firmware"] = "../fw/x.img";
  document["card"]["rom"] = "/abs/rom.bin";
  document["card"]["firmware_b"] = "installed:older.img";
  document["card"]["host_image"] = "host.img";
  document["card"]["operator_key"] = "keys/me.pem";
  document["card"]["volumes"][0]["medium"] = {{"type", "file"}, {"path", "disk.img"}};
  const Scenario scenario = parse_scenario(document, "/some/scenarios");
  EXPECT_EQ(scenario.servers[0].card.firmware, "/some/fw/x.img");
  EXPECT_EQ(scenario.servers[0].card.rom, "/abs/rom.bin");
  EXPECT_EQ(scenario.servers[0].card.firmware_b, "installed:older.img");  // for the program to find
  EXPECT_EQ(scenario.servers[0].card.host_image, "/some/scenarios/host.img");
  EXPECT_EQ(scenario.servers[0].card.operator_key, "/some/scenarios/keys/me.pem");
  EXPECT_EQ(scenario.servers[0].card.volumes[0].medium.path, "/some/scenarios/disk.img");
}

TEST(Config, TheSecurityEngineHasItsOwnFigures) {
  json document = minimal();
  document["card"]["security"] = {{"lanes", 3},
                                  {"slots", 40},
                                  {"cipher", {{"latency_ns", 11}, {"bandwidth_mb_s", 12}}},
                                  {"hash", {{"latency_ns", 21}, {"bandwidth_mb_s", 22}}},
                                  {"public_key", {{"latency_ns", 31}, {"bandwidth_mb_s", 32}}},
                                  {"random", {{"latency_ns", 41}, {"bandwidth_mb_s", 42}}},
                                  {"tamper_at_us", 1.5}};
  document["card"]["energy"] = {{"cipher_picojoules_per_operation", 1},
                                {"cipher_picojoules_per_byte", 2},
                                {"hash_picojoules_per_operation", 3},
                                {"hash_picojoules_per_byte", 4},
                                {"random_picojoules_per_byte", 5},
                                {"public_key_picojoules_per_operation", 6},
                                {"security_static_watts", 7}};
  const platform::CardConfig card = parse_scenario(document, "/").servers[0].card;
  const security::EngineConfig& engine = card.security;
  EXPECT_EQ(engine.lanes, 3u);
  EXPECT_EQ(engine.slots, 40u);
  const auto costs = [](const security::OperationCost& cost, double ns, std::uint64_t mb_s, double pj, double pj_byte) {
    return cost.latency == sc_core::sc_time(ns, sc_core::SC_NS) && cost.bandwidth == mb_s * 1'000'000 &&
           cost.picojoules == pj && cost.picojoules_per_byte == pj_byte;
  };
  EXPECT_TRUE(costs(engine.cipher, 11, 12, 1, 2));
  EXPECT_TRUE(costs(engine.hash, 21, 22, 3, 4));
  EXPECT_TRUE(costs(engine.public_key, 31, 32, 6, 0));
  EXPECT_TRUE(costs(engine.random, 41, 42, 0, 5));
  EXPECT_EQ(engine.static_watts, 7);
  EXPECT_EQ(card.tamper_at, sc_core::sc_time(1500, sc_core::SC_NS));
}

TEST(Config, VolumesAreEncryptedAsTheySay) {
  json document = minimal();
  json& volumes = document["card"]["volumes"];
  for (const char* name : {"wrapped", "ephemeral", "later"}) {
    volumes.push_back(volumes[0]);
    volumes.back()["name"] = name;
  }
  std::string key(144, '0');
  key.replace(0, 4, "1fe0");
  volumes[1]["encryption"] = {{"key", "wrapped"}, {"wrapped_key", key}};
  volumes[2]["encryption"] = {{"key", "ephemeral"}};
  volumes[3]["encryption"] = {{"key", "wrapped"}};
  volumes[3]["attached"] = false;
  const auto parsed = parse_scenario(document, "/").servers[0].card.volumes;
  using Encryption = VolumeConfig::Encryption;
  EXPECT_EQ(parsed[0].encryption, Encryption::kNone);
  EXPECT_EQ(parsed[1].encryption, Encryption::kWrappedKey);
  ASSERT_EQ(parsed[1].wrapped_key.size(), 72u);
  EXPECT_EQ(parsed[1].wrapped_key[0], 0x1f);
  EXPECT_EQ(parsed[1].wrapped_key[1], 0xe0);
  EXPECT_TRUE(parsed[1].attached);
  EXPECT_EQ(parsed[2].encryption, Encryption::kEphemeralKey);
  EXPECT_TRUE(parsed[2].wrapped_key.empty());
  EXPECT_EQ(parsed[3].encryption, Encryption::kWrappedKey);
  EXPECT_TRUE(parsed[3].wrapped_key.empty());
  EXPECT_FALSE(parsed[3].attached);
}

TEST(Config, TheDeviceSecretIsTheTestCardsUnlessItIsGiven) {
  json document = minimal();
  const auto secret = [&] { return parse_scenario(document, "/").servers[0].card.fuses.device_secret; };
  EXPECT_EQ(secret()[0], 0);
  EXPECT_EQ(secret()[31], 31);
  document["card"]["fuses"]["device_secret"] = "ff" + std::string(60, '0') + "a7";
  EXPECT_EQ(secret()[0], 0xff);
  EXPECT_EQ(secret()[1], 0);
  EXPECT_EQ(secret()[31], 0xa7);
}

TEST(Config, TheFusesTrustTheTestRootKeyUnlessTheySayOtherwise) {
  EXPECT_EQ(parse_scenario(minimal(), "/").servers[0].card.fuses.root_key_hash, platform::kTestRootKeyHash);
}

TEST(Config, VolumesHaveSerialsAndDeviceNamesOfTheirOwn) {
  json document = minimal();
  json& volumes = document["card"]["volumes"];
  for (int i = 1; i < 28; ++i) {
    volumes.push_back(volumes[0]);
    volumes.back()["name"] = "v" + std::to_string(i);
  }
  const auto parsed = parse_scenario(document, "/").servers[0].card.volumes;
  EXPECT_EQ(parsed[0].serial, "vol00000000000000001");
  EXPECT_EQ(parsed[0].device_name, "sda");
  EXPECT_EQ(parsed[25].device_name, "sdz");
  EXPECT_EQ(parsed[26].device_name, "sdaa");
  EXPECT_EQ(parsed[27].device_name, "sdab");
  EXPECT_EQ(parsed[27].serial, "vol0000000000000001c");
}

TEST(Config, RootKeyHashIsReadByteByByte) {
  json document = minimal();
  std::string hash(96, '0');
  hash.replace(0, 4, "1fe0");
  document["card"]["fuses"] = {{"root_key_hash", hash}, {"life_cycle", "returned"}};
  const memory::FusesConfig fuses = parse_scenario(document, "/").servers[0].card.fuses;
  EXPECT_EQ(fuses.root_key_hash[0], 0x1f);
  EXPECT_EQ(fuses.root_key_hash[1], 0xe0);
  EXPECT_EQ(fuses.life_cycle, 2);
}

}  // namespace
}  // namespace cardvp
