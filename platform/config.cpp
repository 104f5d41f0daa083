#include "platform/config.h"

#include <algorithm>
#include <numeric>

#include "platform/test_root_key.h"

namespace cardvp::platform {
namespace {

using std::filesystem::path;

void read_path(const JsonReader& node, const char* key, const path& folder, path& value) {
  std::string text;
  node.read(key, text);
  if (!text.empty()) value = path_of(text, folder);
}

// A string of hexadecimal digits, as the schema's pattern says it.
std::vector<std::uint8_t> bytes_of(const std::string& digits) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  return bytes;
}

template <std::size_t kSize>
void read_bytes(const JsonReader& node, const char* key, std::array<std::uint8_t, kSize>& value) {
  std::string digits;
  node.read(key, digits);
  const std::vector<std::uint8_t> bytes = bytes_of(digits);
  std::copy_n(bytes.begin(), std::min(bytes.size(), kSize), value.begin());
}

memory::FusesConfig read_fuses(const JsonReader& node, std::uint64_t number) {
  memory::FusesConfig fuses;
  fuses.card_id = number;
  node.read("card_id", fuses.card_id);
  node.read_enum("life_cycle", fuses.life_cycle, {"development", "production", "returned"});
  node.read("security_version", fuses.security_version);
  fuses.root_key_hash = kTestRootKeyHash;
  read_bytes(node, "root_key_hash", fuses.root_key_hash);
  std::iota(fuses.device_secret.begin(), fuses.device_secret.end(), std::uint8_t{0});  // the test card's
  read_bytes(node, "device_secret", fuses.device_secret);
  return fuses;
}

security::EngineConfig read_security(const JsonReader& node, const JsonReader& energy) {
  security::EngineConfig engine;
  node.read("lanes", engine.lanes);
  node.read("slots", engine.slots);
  const auto read_cost = [&node](const char* key, security::OperationCost& cost) {
    const JsonReader operation = node.object(key);
    operation.read_time("latency_ns", cost.latency, sc_core::SC_NS);
    operation.read_scaled<std::uint64_t>("bandwidth_mb_s", cost.bandwidth, 1'000'000);
  };
  read_cost("cipher", engine.cipher);
  read_cost("hash", engine.hash);
  read_cost("public_key", engine.public_key);
  read_cost("random", engine.random);
  energy.read("cipher_picojoules_per_operation", engine.cipher.picojoules);
  energy.read("cipher_picojoules_per_byte", engine.cipher.picojoules_per_byte);
  energy.read("hash_picojoules_per_operation", engine.hash.picojoules);
  energy.read("hash_picojoules_per_byte", engine.hash.picojoules_per_byte);
  energy.read("public_key_picojoules_per_operation", engine.public_key.picojoules);
  energy.read("random_picojoules_per_byte", engine.random.picojoules_per_byte);
  energy.read("security_static_watts", engine.static_watts);
  return engine;
}

MediumConfig read_medium(const JsonReader& node, const path& folder) {
  MediumConfig medium;
  node.read_enum("type", medium.type, {"memory", "file", "ext4"});
  read_path(node, medium.type == MediumConfig::Type::kExt4 ? "from" : "path", folder, medium.path);
  node.read_scaled("size_mib", medium.size, kMiB);
  node.read("create", medium.create);
  node.read("read_only", medium.read_only);
  if (medium.create && medium.size == 0) node.fail("size_mib", "a size for the file that is to be created");
  const bool in_output = medium.path.string().starts_with(kOutput);
  if (in_output && medium.path.has_parent_path()) node.fail("path", "a file's name behind out:");
  if (in_output && !medium.create) node.fail("create", "true for a file that the run makes in its output folder");
  if (medium.create && medium.read_only) node.fail("create", "false for a medium that is read_only");
  return medium;
}

BootConfig read_boot(const JsonReader& node, const path& folder) {
  BootConfig boot;
  node.read_enum("type", boot.type, {"rom", "image", "linux"});
  node.read("level", boot.level);
  read_path(node, "flash", folder, boot.flash);
  read_path(node, "kernel", folder, boot.kernel);
  read_path(node, "initrd", folder, boot.initrd);
  node.read("command_line", boot.command_line);
  return boot;
}

// Block devices are named as Linux counts them: sda to sdz, then sdaa.
std::string default_device_name(std::size_t index) {
  std::string letters(1, static_cast<char>('a' + index % 26));
  if (index >= 26) letters.insert(0, 1, static_cast<char>('a' + index / 26 - 1));
  return "sd" + letters;
}

void read_encryption(const JsonReader& node, VolumeConfig& volume) {
  if (!node.has("encryption")) return;
  const JsonReader encryption = node.object("encryption");
  std::string key;
  encryption.read("key", key);
  volume.encryption =
      key == "wrapped" ? VolumeConfig::Encryption::kWrappedKey : VolumeConfig::Encryption::kEphemeralKey;
  if (volume.encryption != VolumeConfig::Encryption::kWrappedKey) return;
  const bool given = encryption.has("wrapped_key");
  if (given && !volume.attached)
    encryption.fail("wrapped_key", "no key for a volume that is not attached from the start: it comes with the call");
  if (!given && volume.attached)
    encryption.fail("wrapped_key", "the wrapped key of a volume that is attached from the start");
  std::string digits;
  encryption.read("wrapped_key", digits);
  volume.wrapped_key = bytes_of(digits);
}

VolumeConfig read_volume(const JsonReader& node, const path& folder, std::size_t index) {
  VolumeConfig volume;
  volume.serial = fmt::format("vol{:017x}", index + 1);
  volume.device_name = default_device_name(index);
  node.read("name", volume.name);
  node.read_enum("kind", volume.kind, {"network", "local"});
  node.read("serial", volume.serial);
  node.read("device_name", volume.device_name);
  node.read("attached", volume.attached);
  read_encryption(node, volume);
  volume.medium = read_medium(node.object("medium"), folder);

  storage::VolumeConfig& timing = volume.timing;
  node.read("block_size", timing.block_size);
  node.read_time("read_latency_us", timing.read_latency, sc_core::SC_US);
  node.read_time("write_latency_us", timing.write_latency, sc_core::SC_US);
  node.read_time("flush_latency_us", timing.flush_latency, sc_core::SC_US);
  node.read_scaled<std::uint64_t>("bandwidth_mb_s", timing.bandwidth, 1'000'000);
  node.read("parallelism", timing.parallelism);
  node.read("read_picojoules_per_byte", timing.read_picojoules_per_byte);
  node.read("write_picojoules_per_byte", timing.write_picojoules_per_byte);
  node.read("static_watts", timing.static_watts);
  return volume;
}

}  // namespace

path path_of(const std::string& text, const path& folder) {
  if (text.starts_with(kInstalled) || text.starts_with(kOutput)) return text;
  return (folder / text).lexically_normal();
}

CardConfig read_card(const JsonReader& card, const path& folder, std::uint64_t number) {
  CardConfig config;
  config.pointer = card.pointer();
  read_path(card, "rom", folder, config.rom);
  read_path(card, "firmware", folder, config.firmware);
  read_path(card, "firmware_b", folder, config.firmware_b);
  read_path(card, "host_image", folder, config.host_image);
  read_path(card, "operator_key", folder, config.operator_key);

  config.boot = read_boot(card.object("boot"), folder);

  const JsonReader core = card.object("core");
  core.read("count", config.cluster.cores);
  core.read_scaled("frequency_mhz", config.cluster.core.frequency_hz, 1e6);
  core.read_time("quantum_ns", config.cluster.core.quantum, sc_core::SC_NS);

  card.read_scaled("dram_mib", config.dram_size, kMiB);
  card.read("rtc_start", config.rtc.start_seconds);
  config.fuses = read_fuses(card.object("fuses"), number);

  const JsonReader link = card.object("pcie");
  link.read("generation", config.link.generation);
  link.read("lanes", config.link.lanes);
  link.read_time("latency_ns", config.link.latency, sc_core::SC_NS);
  link.read("max_payload", config.link.max_payload);
  link.read("max_read_request", config.link.max_read_request);

  const JsonReader nvme = card.object("nvme");
  nvme.read("queues", config.nvme.queues);
  nvme.read("queue_entries", config.nvme.queue_entries);
  nvme.read_time("command_overhead_ns", config.nvme.command_overhead, sc_core::SC_NS);

  const JsonReader energy = card.object("energy");
  energy.read("core_picojoules_per_instruction", config.cluster.core.picojoules_per_instruction);
  energy.read("core_static_watts", config.cluster.core.static_watts);
  energy.read("nvme_picojoules_per_command", config.nvme.picojoules_per_command);

  const JsonReader security = card.object("security");
  config.security = read_security(security, energy);
  security.read_time("tamper_at_us", config.tamper_at, sc_core::SC_US);

  card.for_each("volumes", [&](const JsonReader& node) {
    VolumeConfig volume = read_volume(node, folder, config.volumes.size());
    for (const VolumeConfig& other : config.volumes)
      if (other.name == volume.name) node.fail("name", "a name that no other volume has");
    config.volumes.push_back(std::move(volume));
  });
  read_nic(card, number, config);
  read_rtl(card, folder, config.rtl);
  return config;
}

HostConfig read_host(const JsonReader& host) {
  HostConfig config;
  host.read_scaled("memory_mib", config.memory_size, kMiB);
  host.read_time("interrupt_latency_ns", config.driver.interrupt_latency, sc_core::SC_NS);
  config.ena.interrupt_latency = config.driver.interrupt_latency;
  read_ena_driver(host, config);
  const JsonReader nvme = host.object("nvme");
  config.driver.io_queues = 4;
  nvme.read("queues", config.driver.io_queues);
  nvme.read("queue_entries", config.driver.queue_entries);
  nvme.read_time("software_cost_ns", config.driver.software_cost, sc_core::SC_NS);
  nvme.read_time("command_timeout_ms", config.driver.command_timeout, sc_core::SC_MS);
  return config;
}

}  // namespace cardvp::platform
