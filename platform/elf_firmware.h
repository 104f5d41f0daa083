// Bare-metal ELF programs in place of a firmware image: packed as cardvp-image packs a raw binary, without a signature,
// so that the boot ROM of a card in the development state checks, loads and enters them like any other
// (firmware/sdk/include/image.h).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace cardvp::platform {

bool is_elf(std::span<const std::byte> file);

// The image: the segments' file bytes at their physical addresses, zeros between them. What a segment has in memory
// only (.bss) is not in it; start-up code clears that. `name` is for the boot log. Throws std::runtime_error, in words
// that follow "this is", for a file that is no such program, or one that no image can hold.
std::vector<std::byte> pack_elf(std::vector<std::byte> file, const std::string& name);

}  // namespace cardvp::platform
