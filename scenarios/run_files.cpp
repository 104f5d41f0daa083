#include "scenarios/run_files.h"

#include "scenarios/installation.h"

namespace cardvp::scenarios {

using platform::CardConfig;
using platform::ConfigError;

namespace {

// The file that is to be used, if there is one: the one that the scenario names, or else the installed one.
void choose(std::filesystem::path& path, const std::string& pointer, const char* installed) {
  if (path.empty() && installed) path = installed_firmware(installed);
  path = located(path, pointer);
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path))
    throw ConfigError(pointer, "a file", path.string());
}

// As above; a card without it can still be had.
void choose_or_warn(std::filesystem::path& path, const std::string& pointer, const char* installed, const char* without,
                    Terminal& terminal) {
  choose(path, pointer, installed);
  if (!std::filesystem::exists(path))
    terminal.error(fmt::format("cardvp: {}: there is no such file, {}",
                               path.empty() ? "firmware/" + std::string(installed) : path.string(), without));
}

void need(const std::filesystem::path& path, const std::string& pointer, const char* what) {
  if (!std::filesystem::is_regular_file(path))
    throw ConfigError(pointer, what, path.empty() ? "nothing" : path.string());
}

void find_plugins(platform::RtlConfig& rtl) {
  const auto find = [](platform::RtlInstanceConfig& instance) {
    const std::string pointer = instance.pointer + "/plugin";
    instance.plugin = located_plugin(instance.plugin, pointer);
    need(instance.plugin, pointer, "a plug-in's file, which `cardvp rtl build` makes of a block's description");
  };
  for (platform::RtlUnitConfig* const unit : rtl.units())
    if (unit->use != rtl::Use::kModel) find(*unit);
  for (platform::RtlBlockConfig& block : rtl.blocks) find(block);
}

}  // namespace

CardConfig with_images(CardConfig card, Terminal& terminal) {
  find_plugins(card.rtl);
  const auto at = [&card](const char* key) { return card.pointer + "/" + key; };
  choose(card.rom, at("rom"), "rom.bin");
  if (card.rom.empty())
    throw ConfigError(at("rom"), "a boot ROM image, as there is no firmware/rom.bin beside the program", "nothing");
  need(card.rom, at("rom"), "a file");
  choose(card.operator_key, at("operator_key"), "keys/test_operator_public.pem");
  if (!card.operator_key.empty()) need(card.operator_key, at("operator_key"), "a file");
  if (card.boot.type != platform::BootConfig::Type::kRom) return card;
  choose_or_warn(card.firmware, at("firmware"), "controller.img", "slot A of the card's flash stays erased", terminal);
  choose(card.firmware_b, at("firmware_b"), nullptr);
  if (!card.firmware_b.empty()) need(card.firmware_b, at("firmware_b"), "a file");
  choose_or_warn(card.host_image, at("host_image"), "host_boot.img", "the host's boot flash stays erased", terminal);
  return card;
}

std::vector<Workload> with_files(std::vector<Workload> workloads) {
  for (Workload& workload : workloads) {
    const auto find = [&workload](std::filesystem::path& path, const char* key, const char* what) {
      const std::string pointer = workload.pointer + key;
      path = located(path, pointer);
      need(path, pointer, what);
    };
    if (auto* call = std::get_if<CallWorkload>(&workload.what)) find(call->key, "/key", "a private key's file");
    if (auto* update = std::get_if<FirmwareUpdateWorkload>(&workload.what)) find(update->image, "/image", "a file");
    if (auto* replay = std::get_if<ReplayWorkload>(&workload.what)) find(replay->file, "/file", "a capture's file");
  }
  return workloads;
}

}  // namespace cardvp::scenarios
