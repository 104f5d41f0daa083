#include "models/memory/image.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

namespace cardvp::memory {

std::vector<std::byte> read_image(const std::string& path, std::uint64_t limit, const char* what) {
  const auto fail = [&](const std::string& why, const char* remedy) {
    throw std::runtime_error(fmt::format("{} {}: {}; {}", what, path, why, remedy));
  };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) fail("there is no such file", "build it, or name one that exists");
  if (!std::filesystem::is_regular_file(status)) fail("not a regular file", "name a file");
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) fail(error.message(), "make it readable");
  if (size > limit) fail(fmt::format("{} bytes do not fit into {}", size, limit), "name a smaller one");

  std::vector<std::byte> bytes(size);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size)))
    fail("cannot be read", "make it readable");
  return bytes;
}

}  // namespace cardvp::memory
