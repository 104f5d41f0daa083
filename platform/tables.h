// Documentation that comes from what the program is built of: `cardvp registers`, `cardvp map`. Markdown.
#pragma once

#include <string>

namespace cardvp::platform {

// Every register bank, register and field.
std::string register_tables();
// Regions and interrupts of the card.
std::string memory_map_tables();

}  // namespace cardvp::platform
