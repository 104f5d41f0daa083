// Firmware Image Download and Commit (NVMe 1.4, 5.12 and 5.13) through one driver, and how long other admin commands
// wait meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/nvme/driver.h"

namespace cardvp::host {

struct FirmwareUpdateConfig {
  unsigned slot = 0;    // 0: the controller chooses
  unsigned action = 3;  // 3: replace and start at once, without a reset
};

struct FirmwareUpdateResult {
  std::string before, after;  // firmware revision of Identify Controller
  // How download and commit ended: the first that was no success, or success. An update that was refused has changed
  // nothing.
  nvme::Status status{};
  std::string error;  // what else went wrong; empty: nothing
  std::uint64_t image_bytes = 0;
  std::uint64_t admin_commands = 0;      // others, that went on meanwhile
  std::uint64_t admin_failed = 0;        // of those
  sc_core::sc_time longest_admin_stall;  // the longest of any admin command, download and commit included
  sc_core::sc_time start, end;
};

// `image`: a multiple of 4 bytes. The driver must be running.
Task<FirmwareUpdateResult> run(nvme::Driver& driver, FirmwareUpdateConfig config, std::vector<std::byte> image);

}  // namespace cardvp::host
