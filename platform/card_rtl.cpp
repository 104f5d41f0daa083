#include "platform/card_rtl.h"

#include <algorithm>
#include <bit>

#include "platform/config_error.h"
#include "platform/memory_map.h"
#include "rtl/units/rtl_crypto.h"

namespace cardvp::platform {
namespace {

std::shared_ptr<const rtl::Plugin> load(const RtlInstanceConfig& config) {
  try {
    return rtl::Plugin::load(config.plugin);
  } catch (const std::runtime_error& error) {
    throw ConfigError(config.pointer + "/plugin", "a plug-in, which `cardvp rtl build` makes of a block's description",
                      error.what());
  }
}

}  // namespace

CardRtl::CardRtl(sc_core::sc_module_name name, Sim& sim, const RtlConfig& config)
    : Model(name, sim), config_(config), next_address_(map::kRTL.base) {
  make(aes_, "aes", config_.aes);
  make(sha2_, "sha2", config_.sha2);
  make(toeplitz_, "toeplitz", config_.toeplitz);
  make(checksum_, "checksum", config_.checksum);
  for (const RtlBlockConfig& block : config_.blocks) {
    const std::shared_ptr<const rtl::Plugin> plugin = load(block);
    const rtl::PlacedBlockConfig placed{plugin, prepared(block, *plugin), block.checkers, block.interface};
    try {
      blocks_.emplace_back(block.name.c_str(), sim, placed);
    } catch (const std::invalid_argument& error) {
      throw ConfigError(block.pointer, "a block that fits the plug-in", error.what());
    }
  }
}

template <class T>
void CardRtl::make(std::optional<T>& unit, const char* name, const RtlUnitConfig& config) {
  if (config.use == rtl::Use::kModel) return;
  const rtl::UnitConfig made = unit_config(config);
  try {
    unit.emplace(name, sim(), made);
  } catch (const std::invalid_argument& error) {
    misfit(config, error);
  }
}

rtl::UnitConfig CardRtl::unit_config(const RtlUnitConfig& config) const {
  rtl::UnitConfig made;
  made.use = config.use;
  if (config.use == rtl::Use::kModel) return made;
  made.plugin = load(config);
  made.block = prepared(config, *made.plugin);
  made.checkers = config.checkers;
  made.stop_at_difference = config.stop_at_difference;
  return made;
}

void CardRtl::misfit(const RtlUnitConfig& config, const std::invalid_argument& error) {
  throw ConfigError(config.pointer, "a unit that fits the plug-in", error.what());
}

// Waveforms: their place and format.
rtl::BlockConfig CardRtl::prepared(const RtlInstanceConfig& config, const rtl::Plugin& plugin) const {
  rtl::BlockConfig block = config.block;
  if (!block.waves) return block;
  const std::string format = plugin.abi().trace_format;
  if (format == "none")
    throw ConfigError(config.pointer + "/waves",
                      "no waveform of a plug-in that was built without (\"trace\": \"none\")", plugin.file().string());
  if (config_.folder.empty()) {
    log_.warning("no waveform, as the run has no folder for it (--out)", {{"block", plugin.description().name}});
    block.waves.reset();
    return block;
  }
  block.waves->file = config_.folder / (block.waves->file.string() + "." + format);
  return block;
}

std::unique_ptr<security::Crypto> CardRtl::crypto() {
  if (!aes_ && !sha2_) return security::make_openssl_crypto();
  return rtl::make_rtl_crypto(sim(), aes_ ? &*aes_ : nullptr, sha2_ ? &*sha2_ : nullptr);
}

void CardRtl::place(bus::Bus& bus, arm::Gic& gic) {
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    place(bus, config_.blocks[i], blocks_[i]);
    connect(gic, config_.blocks[i], blocks_[i]);
  }
}

void CardRtl::place(bus::Bus& bus, const RtlBlockConfig& config, rtl::PlacedBlock& block) {
  for (rtl::BusMemory& master : block.masters()) master.socket.bind(bus.target);
  if (block.size() == 0) return;
  // Aligned to its size, as address decoders like it.
  const std::uint64_t alignment = std::max<std::uint64_t>(std::bit_ceil(block.size()), 0x1000);
  const std::uint64_t address = config.address.value_or((next_address_ + alignment - 1) / alignment * alignment);
  const auto fail = [&](const std::string& found) {
    throw ConfigError(config.pointer + "/address",
                      fmt::format("{} bytes that are free from {:#x} to {:#x}", block.size(), map::kRTL.base,
                                  map::kRTL.base + map::kRTL.size - 1),
                      found);
  };
  if (address < map::kRTL.base || block.size() > map::kRTL.size ||
      address - map::kRTL.base > map::kRTL.size - block.size())
    fail(fmt::format("{:#x}", address));
  try {
    bus.map(block.name(), address, block.size(), block.socket());
  } catch (const std::invalid_argument& error) {
    fail(error.what());
  }
  next_address_ = std::max(next_address_, address + block.size());
}

void CardRtl::connect(arm::Gic& gic, const RtlBlockConfig& config, rtl::PlacedBlock& block) {
  std::size_t next = 0;  // behind those that are taken
  for (std::size_t i = 0; i < kInterrupts; ++i)
    if (interrupts_[i]) next = i + 1;
  unsigned id = config.interrupt.value_or(map::kIrqRTL + static_cast<unsigned>(next));
  for (Line& line : block.interrupts()) {
    const unsigned index = id - map::kIrqRTL;
    if (id < map::kIrqRTL || index >= kInterrupts || interrupts_[index])
      throw ConfigError(config.pointer + "/interrupt",
                        fmt::format("{} interrupts that are free, of {} to {}", block.interrupts().size(),
                                    unsigned{map::kIrqRTL}, map::kIrqRTL + kInterrupts - 1),
                        std::to_string(id));
    interrupts_.set(index);
    line.connect([&gic, id](bool level) { gic.set_spi(id, level); });
    ++id;
  }
}

void CardRtl::reset() {
  if (aes_) aes_->reset();
  if (sha2_) sha2_->reset();
  if (toeplitz_) toeplitz_->reset();
  if (checksum_) checksum_->reset();
  for (rtl::PlacedBlock& block : blocks_) block.reset();
}

std::vector<CardRtl::Instance> CardRtl::instances() {
  std::vector<Instance> all;
  const auto add = [&all](auto& unit) {
    if (unit) all.push_back({unit->basename(), &unit->block(), unit->lockstep(), unit->violations()});
  };
  add(aes_);
  add(sha2_);
  add(toeplitz_);
  add(checksum_);
  for (rtl::Unit* const unit : others_)
    all.push_back({unit->basename(), &unit->block(), unit->lockstep(), unit->violations()});
  for (rtl::PlacedBlock& block : blocks_)
    all.push_back({block.basename(), &block.block(), nullptr, block.violations()});
  return all;
}

const rtl::Difference* CardRtl::stopped_by() {
  for (const Instance& instance : instances())
    if (instance.lockstep && instance.lockstep->stops()) return &*instance.lockstep->first();
  return nullptr;
}

void CardRtl::on_stop(const std::function<void()>& action) {
  for (const Instance& instance : instances())
    if (instance.lockstep) instance.lockstep->on_stop([action](const rtl::Difference&) { action(); });
}

}  // namespace cardvp::platform
