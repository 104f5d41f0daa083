// The flattened device tree (Devicetree Specification 0.4) that U-Boot and Linux are started with: the card's standard
// parts, in the words of QEMU's `virt` machine. The card's own blocks are not in it: they have no binding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "models/arm/core.h"

namespace cardvp::platform {

struct DeviceTreeConfig {
  unsigned cores = 1;
  arm::PsciConduit psci = arm::PsciConduit::kHvc;
  std::uint64_t dram_size = 0;
  std::string command_line;
  std::uint64_t initrd = 0, initrd_size = 0;  // size 0: none
  std::uint64_t seed = 1;                     // of the kernel's random number generator
};

std::vector<std::byte> make_device_tree(const DeviceTreeConfig& config);

}  // namespace cardvp::platform
