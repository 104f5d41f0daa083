// The RTL of a card, as a scenario says it: in the place of parts of its models, and blocks of its own on its bus.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "rtl/units/placed_block.h"
#include "rtl/units/unit.h"

namespace cardvp::platform {

// An instance of a plug-in.
struct RtlInstanceConfig {
  std::string pointer;  // of this in the scenario, for errors
  std::filesystem::path plugin;
  rtl::BlockConfig block;  // its waves' file: a name, see RtlConfig::folder
  bool checkers = false;
};

struct RtlUnitConfig : RtlInstanceConfig {
  rtl::Use use = rtl::Use::kModel;
  bool stop_at_difference = true;
};

struct RtlBlockConfig : RtlInstanceConfig {
  std::string name;
  std::optional<std::uint64_t> address;  // on the card's bus; otherwise the next that is free
  std::optional<unsigned> interrupt;     // GIC id of its first; otherwise the next that is free
  std::string interface;                 // see rtl::PlacedBlockConfig
};

struct RtlConfig {
  RtlUnitConfig aes, sha2, toeplitz, checksum, dma;
  std::vector<RtlBlockConfig> blocks;
  std::filesystem::path folder;  // where waveforms go; empty: nowhere

  std::array<RtlUnitConfig*, 5> units() { return {&aes, &sha2, &toeplitz, &checksum, &dma}; }
};

}  // namespace cardvp::platform
