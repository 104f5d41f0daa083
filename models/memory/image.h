// Files that are put into a memory when the card is built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cardvp::memory {

// The whole file. Throws std::runtime_error that says what (`what`, as "flash image"), which path, why, and what to do,
// if it is not a readable file or has more than `limit` bytes.
std::vector<std::byte> read_image(const std::string& path, std::uint64_t limit, const char* what);

}  // namespace cardvp::memory
