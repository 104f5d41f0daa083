// Makes an ext4 image from a folder: `mke2fs -d`, and the same bytes whenever the folder holds the same.
#pragma once

#include <cstdint>
#include <filesystem>

namespace cardvp::scenarios {

// `size` in bytes. What differs between two checkouts of one tree - times, owners, modes but for the executable bit -
// is set to constants; names, contents and links are kept. Throws std::runtime_error, with a remedy.
void make_ext4_image(const std::filesystem::path& folder, std::uint64_t size, const std::filesystem::path& image);

}  // namespace cardvp::scenarios
