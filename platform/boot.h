// How the card's processor starts: what is in its memories then, and where it begins. Made from /card/boot of the
// configuration, and from the files that it names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/arm/core.h"
#include "platform/config.h"

namespace cardvp::platform {

struct Boot {
  struct Piece {
    std::uint64_t address;  // in DRAM
    std::vector<std::byte> bytes;
  };

  arm::Entry entry;
  std::vector<std::byte> flash;       // from its first byte on; the rest is erased
  std::vector<std::byte> host_flash;  // likewise, of the host's boot flash
  std::vector<Piece> memory;          // what a boot loader would have put there: at each reset
};

// `seed`: of the randomness that the guest is given. Throws ConfigError for files that are missing, or are not what the
// boot needs, and for what does not fit.
Boot prepare_boot(const CardConfig& config, std::uint64_t seed);

}  // namespace cardvp::platform
