#include "scenarios/workload.h"

#include <algorithm>

#include "models/base/model.h"
#include "scenarios/scenario.h"

namespace cardvp::scenarios {
namespace {

using platform::JsonReader;
using platform::kMiB;
using platform::VolumeConfig;

bool encrypted(const VolumeConfig& volume) { return volume.encryption != VolumeConfig::Encryption::kNone; }

ChecksumWorkload read_checksum(const JsonReader& node, const VolumeConfig& volume) {
  ChecksumWorkload workload;
  node.read("name", workload.config.name);
  node.read("block_size", workload.config.block_size);
  node.read("queue_depth", workload.config.queue_depth);
  node.read("expect_medium", workload.expect_medium);
  if (workload.expect_medium && volume.medium.type == platform::MediumConfig::Type::kMemory)
    node.fail("expect_medium", "false for a volume in memory, which has no file to compare with");
  if (workload.expect_medium && encrypted(volume))
    node.fail("expect_medium", "false for an encrypted volume, whose file holds ciphertext");
  if (workload.expect_medium && node.has("expect_error"))
    node.fail("expect_medium", "false where an error is expected");
  return workload;
}

host::IoWorkloadConfig read_io(const JsonReader& node, const VolumeConfig& volume, const Scenario& scenario,
                               const ServerScenario& server, bool background) {
  constexpr std::uint64_t kDefaultCount = 10'000;
  host::IoWorkloadConfig config;
  config.queue_depth = 32;
  node.read("name", config.name);
  node.read_enum("pattern", config.pattern, {"sequential", "random", "zipf"});
  node.read("theta", config.zipf_theta);
  node.read("block_size", config.block_size);
  node.read("read_percent", config.read_percent);
  node.read("queue_depth", config.queue_depth);
  node.read("queues", config.queues);
  node.read("count", config.count);
  node.read_time("duration_us", config.duration, sc_core::SC_US);
  node.read("verify", config.verify);
  node.read_scaled("region_mib", config.size, kMiB);
  if (!background && !node.has("count") && !node.has("duration_us")) config.count = kDefaultCount;
  config.seed = derive_seed(scenario.seed, config.name);
  // Zeros on the medium are no zeros once they have been deciphered.
  config.initial = volume.medium.type == platform::MediumConfig::Type::kMemory && !encrypted(volume)
                       ? host::InitialContent::kZeros
                       : host::InitialContent::kUnknown;
  const unsigned queues = std::min(server.host.driver.io_queues, server.card.nvme.queues);
  if (config.queues > queues)
    node.fail("queues", fmt::format("at most {}, the I/O queues that driver and controller have", queues));
  if (config.read_percent < 100 && volume.medium.read_only)
    node.fail("read_percent", fmt::format("100, as volume {} is read_only", volume.name));
  if (volume.medium.size != 0 && config.size > volume.medium.size)
    node.fail("region_mib", fmt::format("at most the {} MiB of volume {}", volume.medium.size / kMiB, volume.name));
  return config;
}

// What one workload writes in the background, another cannot verify if it does not know it.
void check_background(const JsonReader& node, const Workload& workload, const Scenario& scenario) {
  const auto& io = std::get<host::IoWorkloadConfig>(workload.what);
  const auto writes_unknown = [](const host::IoWorkloadConfig& config) {
    return !config.verify && config.read_percent < 100;
  };
  for (const Workload& other : scenario.workloads) {
    const auto* before = std::get_if<host::IoWorkloadConfig>(&other.what);
    if (!before || !other.background || other.server != workload.server || other.volume != workload.volume) continue;
    if ((io.verify && writes_unknown(*before)) || (before->verify && writes_unknown(io)))
      node.fail("verify",
                fmt::format("the same as that of {}, which is in the background and on the same volume", other.name));
  }
}

// The server that a workload is about, if its kind names one.
std::size_t read_server(const JsonReader& node, const Scenario& scenario) {
  const std::vector<ServerScenario>& servers = scenario.servers;
  std::string name;
  node.read("server", name);
  const auto found = std::find_if(servers.begin(), servers.end(),
                                  [&name](const ServerScenario& server) { return server.name == name; });
  if (found == servers.end())
    node.fail("server", servers.front().name.empty() ? "nothing, as there is one server" : "the name of a server");
  return static_cast<std::size_t>(found - servers.begin());
}

CallWorkload read_call(const JsonReader& node, const Scenario& scenario, const ServerScenario& server,
                       const std::filesystem::path& folder) {
  CallWorkload call;
  std::string key = "installed:keys/test_operator_key.pem";
  node.read("method", call.method);
  node.read("params", call.params);
  node.read("key", key);
  node.read("signed", call.is_signed);
  node.read("surprise", call.surprise);
  node.read("expect", call.expect);
  call.key = platform::path_of(key, folder);
  call.sequence = scenario.workloads.size() + 1;
  if (node.has("surprise") && !call.detaches()) node.fail("surprise", "no value, as this detaches nothing");
  // What there is not, the gateway has something to say of.
  const auto look_for = [&call](Device::Kind kind, const char* what, const auto& items) {
    const auto name = call.params.find(what);
    if (name == call.params.end() || !name->is_string()) return;
    for (std::size_t i = 0; i < items.size(); ++i)
      if (items[i].name == *name) call.device = Device{kind, i};
  };
  look_for(Device::Kind::kVolume, "volume", server.card.volumes);
  look_for(Device::Kind::kInterface, "interface", server.card.network.interfaces);
  return call;
}

FirmwareUpdateWorkload read_update(const JsonReader& node, const std::filesystem::path& folder) {
  FirmwareUpdateWorkload update;
  std::string image = "installed:controller-update.img";
  node.read("image", image);
  node.read("slot", update.slot);
  node.read("action", update.action);
  node.read("expect", update.expect);
  update.image = platform::path_of(image, folder);
  return update;
}

FlashWriteWorkload read_flash_write(const JsonReader& node) {
  FlashWriteWorkload write;
  node.read("offset", write.offset);
  node.read("size", write.size);
  return write;
}

// The volume that a workload is about; the first for those that need not name one.
void read_volume(const JsonReader& node, const Scenario& scenario, Workload& workload) {
  std::string wanted;
  node.read("volume", wanted);
  for (const ServerScenario& server : scenario.servers)
    for (const VolumeConfig& volume : server.card.volumes) {
      if (node.has("volume") && server.qualified(volume.name) != wanted) continue;
      workload.server = static_cast<std::size_t>(&server - scenario.servers.data());
      workload.volume = static_cast<std::size_t>(&volume - server.card.volumes.data());
      return;
    }
  node.fail("volume", scenario.servers.front().name.empty() ? "the name of one of the card's volumes"
                                                            : "SERVER/VOLUME, one of a server's volumes");
}

}  // namespace

Workload read_workload(const JsonReader& node, const Scenario& scenario, const std::filesystem::path& folder) {
  Workload workload;
  workload.pointer = node.pointer();
  node.read("type", workload.type);
  node.read("name", workload.name);
  node.read("background", workload.background);
  node.read("expect_error", workload.expect_error);
  for (const Workload& other : scenario.workloads)
    if (other.name == workload.name) node.fail("name", "a name that no other workload has");

  if (workload.type == "call") {
    workload.server = read_server(node, scenario);
    workload.what = read_call(node, scenario, scenario.servers[workload.server], folder);
    return workload;
  }
  if (workload.type == "flash_write") {
    workload.server = read_server(node, scenario);
    workload.what = read_flash_write(node);
    return workload;
  }
  if (workload.type == "traffic") {
    workload.what = read_traffic(node, scenario, workload.name);
    return workload;
  }
  if (workload.type == "replay") {
    workload.what = read_replay(node, scenario, folder);
    return workload;
  }
  if (workload.type == "ping") {
    workload.what = read_ping(node, scenario, workload.name);
    return workload;
  }
  if (workload.type == "dhcp") {
    workload.what = read_dhcp(node, scenario, workload.name);
    return workload;
  }
  workload.about_volume = true;
  read_volume(node, scenario, workload);
  const ServerScenario& server = scenario.servers[workload.server];
  const VolumeConfig& volume = server.card.volumes[workload.volume];
  std::uint64_t block_size = 0;
  if (workload.type == "checksum") {
    ChecksumWorkload checksum = read_checksum(node, volume);
    block_size = checksum.config.block_size;
    workload.what = std::move(checksum);
  } else if (workload.type == "io") {
    host::IoWorkloadConfig io = read_io(node, volume, scenario, server, workload.background);
    block_size = io.block_size;
    workload.what = std::move(io);
    check_background(node, workload, scenario);
  } else if (workload.type == "firmware_update") {
    workload.what = read_update(node, folder);
  } else {
    workload.what = AttestWorkload{derive_seed(scenario.seed, workload.name)};
  }
  if (block_size % volume.timing.block_size != 0)
    node.fail("block_size", fmt::format("a multiple of {}, volume {}'s block", volume.timing.block_size, volume.name));
  return workload;
}

}  // namespace cardvp::scenarios
