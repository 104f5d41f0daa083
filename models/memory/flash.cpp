#include "models/memory/flash.h"

#include <stdexcept>

#include <fmt/format.h>

#include "models/memory/image.h"

namespace cardvp::memory {
namespace {

std::span<const std::byte> checked(std::span<const std::byte> image, std::uint64_t size) {
  if (image.size() > size)
    throw std::runtime_error(fmt::format("flash image has {} bytes, the flash only {}", image.size(), size));
  return image;
}

}  // namespace

Flash::Flash(sc_core::sc_module_name name, Sim& sim, std::uint64_t size, std::span<const std::byte> image)
    : ReadOnlyMemory(name, sim, size, checked(image, size), std::byte{0xff}) {}

Flash::Flash(sc_core::sc_module_name name, Sim& sim, std::uint64_t size, const std::string& path)
    : Flash(name, sim, size, path.empty() ? std::vector<std::byte>() : read_image(path, size, "flash image")) {}

}  // namespace cardvp::memory
