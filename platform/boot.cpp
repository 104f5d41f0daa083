#include "platform/boot.h"

#include "firmware/sdk/include/handoff.h"
#include "models/memory/image.h"
#include "platform/device_tree.h"
#include "platform/elf_firmware.h"
#include "platform/linux_image.h"
#include "platform/memory_map.h"

namespace cardvp::platform {
namespace {

using std::filesystem::path;
using Bytes = std::vector<std::byte>;

constexpr const char* kGuestHint = "; ./dev fetch-linux makes the kernel and the initrd of scenarios/linux.json";

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) { return (value + unit - 1) / unit * unit; }

Bytes read(const path& file, const std::string& pointer, std::uint64_t limit, const char* hint = "") {
  if (!std::filesystem::is_regular_file(file))
    throw ConfigError(pointer, "a file",
                      file.string() + (std::filesystem::exists(file) ? "" : ", which does not exist") + hint);
  try {
    return memory::read_image(file.string(), limit, "file");
  } catch (const std::runtime_error& error) {
    throw ConfigError(pointer, error.what());
  }
}

// A card without firmware in a slot of its flash still comes out of reset; that is for the ROM to find.
Bytes slot_image(const path& firmware, const std::string& pointer) {
  if (!std::filesystem::exists(firmware)) return {};
  Bytes file = memory::read_image(firmware.string(), ~std::uint64_t{0}, "firmware image");
  try {
    if (is_elf(file)) return pack_elf(std::move(file), firmware.stem().string());
  } catch (const std::runtime_error& error) {
    throw ConfigError(pointer, "a firmware image, or an ELF program that can be packed as one",
                      fmt::format("{}: {}", firmware.string(), error.what()));
  }
  if (file.size() > FLASH_SLOT_BYTES)
    throw ConfigError(pointer, fmt::format("an image of at most {} bytes, a slot's of the flash", +FLASH_SLOT_BYTES),
                      fmt::format("{}, {} bytes", firmware.string(), file.size()));
  return file;
}

// Slot A at the start, slot B behind it.
Bytes rom_flash(const CardConfig& config) {
  Bytes flash = slot_image(config.firmware, config.pointer + "/firmware");
  if (config.firmware_b.empty()) return flash;
  const Bytes second = slot_image(config.firmware_b, config.pointer + "/firmware_b");
  flash.resize(FLASH_SLOT_BYTES, std::byte{0xff});
  flash.insert(flash.end(), second.begin(), second.end());
  return flash;
}

Bytes host_flash(const CardConfig& config) {
  if (config.host_image.empty()) return {};
  return read(config.host_image, config.pointer + "/host_image", map::kHOST_FLASH.size);
}

// Device tree at the start of the DRAM, kernel behind it, initrd behind the kernel.
void load_linux(const CardConfig& config, DeviceTreeConfig tree, Boot& boot) {
  const std::uint64_t end = map::kDRAM.base + config.dram_size;
  const std::uint64_t base = map::kDRAM.base + kLinuxAlignment;
  const std::string pointer = config.pointer + "/boot/";
  const auto no_room = [&](const char* key, const char* what, std::uint64_t need) {
    return ConfigError(pointer + key, fmt::format("{} that fits the DRAM ({}/dram_mib)", what, config.pointer),
                       fmt::format("one that needs {} MiB of it", round_up(need, kMiB) / kMiB));
  };
  if (base >= end) throw no_room("kernel", "a kernel", 2 * kLinuxAlignment);
  LinuxImage kernel;
  Bytes file = read(config.boot.kernel, pointer + "kernel", map::kDRAM.size, kGuestHint);
  try {
    kernel = parse_linux_image(std::move(file), end - base);
  } catch (const std::runtime_error& error) {
    throw ConfigError(pointer + "kernel", "an arm64 Linux Image that fits the DRAM",
                      fmt::format("{}: {}", config.boot.kernel.string(), error.what()));
  }
  boot.entry.address = base + kernel.text_offset;

  if (!config.boot.initrd.empty()) {
    Bytes initrd = read(config.boot.initrd, pointer + "initrd", map::kDRAM.size, kGuestHint);
    tree.initrd = round_up(boot.entry.address + kernel.size, kLinuxAlignment);
    tree.initrd_size = initrd.size();
    if (tree.initrd + tree.initrd_size > end)
      throw no_room("initrd", "an initrd", tree.initrd + tree.initrd_size - map::kDRAM.base);
    boot.memory.push_back({tree.initrd, std::move(initrd)});
  }
  boot.memory.push_back({boot.entry.address, std::move(kernel.bytes)});
  tree.command_line = config.boot.command_line;
  boot.memory.push_back({map::kDRAM.base, make_device_tree(tree)});
}

}  // namespace

Boot prepare_boot(const CardConfig& config, std::uint64_t seed) {
  Boot boot;
  boot.host_flash = host_flash(config);
  if (config.boot.type == BootConfig::Type::kRom) {
    boot.entry.address = map::kROM.base;
    boot.flash = rom_flash(config);
    return boot;
  }
  boot.entry.level = config.boot.level;
  boot.entry.arguments[0] = map::kDRAM.base;  // the device tree
  DeviceTreeConfig tree;
  tree.cores = config.cluster.cores;
  tree.psci = arm::psci_conduit(config.boot.level);
  tree.dram_size = config.dram_size;
  tree.seed = seed;
  if (config.boot.type == BootConfig::Type::kLinux) {
    load_linux(config, tree, boot);
  } else {
    boot.entry.address = map::kFLASH.base;
    boot.flash = read(config.boot.flash, config.pointer + "/boot/flash", map::kFLASH.size);
    boot.memory.push_back({map::kDRAM.base, make_device_tree(tree)});
  }
  return boot;
}

}  // namespace cardvp::platform
