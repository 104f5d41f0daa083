// Reads /card/rtl.
#include "platform/config.h"

namespace cardvp::platform {
namespace {

using rtl::Clocking;

void read_clocking(const JsonReader& node, Clocking& clocking) {
  node.read_enum("mode", clocking.mode, {"on_demand", "batched", "every_cycle"});
  node.read("batch_cycles", clocking.batch);
  node.read("quiet_cycles", clocking.quiet_cycles);
  node.read("run_ahead_cycles", clocking.run_ahead);
  node.read("skip_idle", clocking.skip_idle);
  node.read("busy_port", clocking.busy_port);
}

void read_waves(const JsonReader& node, const std::string& name, rtl::BlockConfig& block) {
  if (!node.has("waves")) return;
  const JsonReader waves = node.object("waves");
  rtl::Waves& config = block.waves.emplace();
  std::string file = name;
  waves.read("file", file);
  config.file = file;
  waves.read_time("from_us", config.from, sc_core::SC_US);
  waves.read("window_cycles", config.window_cycles);
  const JsonReader trigger = waves.object("trigger");
  trigger.read("port", config.trigger_port);
  trigger.read("value", config.trigger_value);
}

// Integers, by port.
void read_values(const JsonReader& node, const char* key, std::map<std::string, std::uint64_t>& values) {
  node.read(key, values);
}

void read_instance(const JsonReader& node, const std::string& name, const std::filesystem::path& folder,
                   RtlInstanceConfig& instance) {
  instance.pointer = node.pointer();
  std::string plugin;
  node.read("plugin", plugin);
  if (!plugin.empty()) instance.plugin = path_of(plugin, folder);
  read_clocking(node.object("clocking"), instance.block.clocking);
  node.read("time_out_cycles", instance.block.time_out_cycles);
  node.read("checkers", instance.checkers);
  read_waves(node, name, instance.block);
  std::map<std::string, double> periods;
  node.read("period_ns", periods);
  for (const auto& [port, period] : periods)
    instance.block.period_ps[port] = sc_core::sc_time(period, sc_core::SC_NS).value();
  read_values(node, "tie_offs", instance.block.tie_offs);
  node.read("plusargs", instance.block.plusargs);
}

void read_unit(const JsonReader& rtl, const char* key, const std::filesystem::path& folder, RtlUnitConfig& unit) {
  const JsonReader node = rtl.object(key);
  unit.plugin = std::string(kInstalled) + key + ".so";
  node.read_enum("use", unit.use, {"model", "rtl", "lockstep"});
  std::string on_difference;
  node.read("on_difference", on_difference);
  unit.stop_at_difference = on_difference != "count";
  read_instance(node, key, folder, unit);
}

// "0x20000000".
std::uint64_t number_of(const std::string& text) { return std::stoull(text, nullptr, 16); }

}  // namespace

void read_rtl(const JsonReader& card, const std::filesystem::path& folder, RtlConfig& config) {
  const JsonReader rtl = card.object("rtl");
  read_unit(rtl, "aes", folder, config.aes);
  read_unit(rtl, "sha2", folder, config.sha2);
  read_unit(rtl, "toeplitz", folder, config.toeplitz);
  read_unit(rtl, "checksum", folder, config.checksum);
  read_unit(rtl, "dma", folder, config.dma);
  rtl.for_each("blocks", [&](const JsonReader& node) {
    RtlBlockConfig block;
    node.read("name", block.name);
    for (const RtlBlockConfig& other : config.blocks)
      if (other.name == block.name) node.fail("name", "a name that no other block has");
    // It may do something on its own account.
    block.block.clocking.mode = Clocking::Mode::kBatched;
    block.block.clocking.batch = 256;
    block.block.clocking.quiet_cycles = 100'000;
    read_instance(node, block.name, folder, block);
    std::string address;
    node.read("address", address);
    if (!address.empty()) block.address = number_of(address);
    if (node.has("interrupt")) node.read("interrupt", block.interrupt.emplace());
    node.read("interface", block.interface);
    config.blocks.push_back(std::move(block));
  });
}

}  // namespace cardvp::platform
