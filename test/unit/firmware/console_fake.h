// The firmware's console, for logic that logs: what it prints is kept.
#pragma once

#include <string>

namespace cardvp {

// Everything logged by this process since the last call.
std::string take_firmware_log();

}  // namespace cardvp
