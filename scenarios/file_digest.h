#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace cardvp::scenarios {

// SHA-256, 64 hexadecimal digits.
std::string sha256(std::string_view bytes);
// SHA-256 of a file, 64 hexadecimal digits. Throws std::runtime_error if it cannot be read.
std::string file_sha256(const std::filesystem::path& file);

}  // namespace cardvp::scenarios
