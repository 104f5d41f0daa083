// What a card and its host are built from: typed, with the defaults of every value here and in the models' own
// configuration types. Read from the "card" and "host" objects of a scenario.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/ena/driver.h"
#include "host/nvme/driver.h"
#include "models/arm/cluster.h"
#include "models/arm/pl031.h"
#include "models/dma/dma.h"
#include "models/memory/fuses.h"
#include "models/nic/engine.h"
#include "models/nic/vpc/vpc.h"
#include "models/nvme/engine.h"
#include "models/pcie/link.h"
#include "models/security/engine.h"
#include "models/storage/volume.h"
#include "models/wire/config.h"
#include "platform/json_reader.h"
#include "platform/network_config.h"
#include "platform/rtl_config.h"

namespace cardvp::platform {

inline constexpr std::uint64_t kMiB = 1 << 20;

struct MediumConfig {
  enum class Type : std::uint8_t { kMemory, kFile, kExt4 };
  Type type = Type::kMemory;
  std::filesystem::path path;  // of the file; of the folder that an ext4 image is made from
  std::uint64_t size = 0;      // bytes; 0: the file's own
  bool create = false;
  bool read_only = false;
};

struct VolumeConfig {
  enum class Kind : std::uint8_t { kNetwork, kLocal };
  std::string name;
  Kind kind = Kind::kNetwork;
  std::string serial;       // at most 20 characters
  std::string device_name;  // at most 32
  bool attached = true;     // from the start; otherwise when the control plane says so
  enum class Encryption : std::uint8_t { kNone, kWrappedKey, kEphemeralKey };
  Encryption encryption = Encryption::kNone;
  std::vector<std::uint8_t>
      wrapped_key;  // of kWrappedKey: CONTROL_WRAPPED_KEY_BYTES; empty: it comes with a later call
  MediumConfig medium;
  storage::VolumeConfig timing;
};

struct BootConfig {
  // The ROM, which starts the firmware; an image in the flash that is entered at its first byte; a Linux kernel.
  enum class Type : std::uint8_t { kRom, kImage, kLinux };
  Type type = Type::kRom;
  unsigned level = 1;                    // exception level at entry; the ROM's is 3
  std::filesystem::path flash;           // kImage
  std::filesystem::path kernel, initrd;  // kLinux; no initrd: empty
  std::string command_line;              // kLinux
};

struct CardConfig {
  std::string pointer = "/card";       // of this in the scenario, for errors
  std::filesystem::path rom;           // empty: the installed one
  std::filesystem::path firmware;      // empty: the installed one; where there is no such file, the flash is erased
  std::filesystem::path firmware_b;    // in slot B of the flash; empty: nothing
  std::filesystem::path host_image;    // in the host's boot flash; empty: the installed one
  std::filesystem::path operator_key;  // PEM, P-384 public: whose calls the gateway takes; empty: the installed one
  BootConfig boot;
  arm::ClusterConfig cluster;  // its entry comes from `boot`
  std::uint64_t dram_size = 256 * kMiB;
  arm::Pl031Config rtc;
  memory::FusesConfig fuses;
  security::EngineConfig security;
  dma::DmaConfig dma;
  sc_core::sc_time tamper_at;  // when the tamper sensor trips; zero: never
  pcie::LinkConfig link;
  nvme::ControllerConfig nvme;  // of every volume; `function` means nothing here
  std::vector<VolumeConfig> volumes;
  nic::EnaConfig nic;  // of every interface; function and physical mean nothing here
  nic::VpcConfig vpc;
  NetworkConfig network;
  RtlConfig rtl;
};

struct HostConfig {
  std::uint64_t memory_size = 256 * kMiB;
  host::nvme::DriverConfig driver;  // of every volume
  host::ena::DriverConfig ena;      // of every interface
};

// What a path begins with that names a file of the program's own firmware folder: "installed:controller-update.img".
inline constexpr const char* kInstalled = "installed:";

// The path of a medium's file that is made for the run, and is in its output folder: "out:disk.img".
inline constexpr const char* kOutput = "out:";

// A path of a scenario: relative to `folder`, unless it is absolute, or begins with one of the above and is then left
// as it is.
std::filesystem::path path_of(const std::string& text, const std::filesystem::path& folder);

// Relative paths are taken from `folder`. `number`: of the card, from 1, for defaults that differ. Throws ConfigError
// for what the schema cannot say.
CardConfig read_card(const JsonReader& card, const std::filesystem::path& folder, std::uint64_t number = 1);
HostConfig read_host(const JsonReader& host);

// The part about RTL (config_rtl.cpp).
void read_rtl(const JsonReader& card, const std::filesystem::path& folder, RtlConfig& config);

// The parts of the two that are about the network (config_network.cpp). What a scenario calls by name, VPCs, security
// groups, other cards, is left open.
void read_nic(const JsonReader& card, std::uint64_t number, CardConfig& config);
void read_ena_driver(const JsonReader& host, HostConfig& config);
void read_allowances(const JsonReader& node, Allowances& allowances);
// One, or one for each family of addresses.
std::vector<RuleConfig> read_rule(const JsonReader& node);
// `config` has the defaults.
void read_wire(const JsonReader& wire, const std::filesystem::path& folder, wire::Config& config);

}  // namespace cardvp::platform
