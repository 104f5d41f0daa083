#pragma once

#include <filesystem>
#include <string>

namespace cardvp::scenarios {

// SHA-256 of a file, 64 hexadecimal digits. Throws std::runtime_error if it cannot be read.
std::string file_sha256(const std::filesystem::path& file);

}  // namespace cardvp::scenarios
