#include "models/memory/rom.h"

#include <stdexcept>

#include <fmt/format.h>

#include "models/memory/image.h"

namespace cardvp::memory {
namespace {

std::span<const std::byte> checked(std::span<const std::byte> image, std::uint64_t size) {
  if (image.size() > size)
    throw std::runtime_error(fmt::format("boot ROM image has {} bytes, the ROM only {}", image.size(), size));
  return image;
}

}  // namespace

Rom::Rom(sc_core::sc_module_name name, Sim& sim, std::uint64_t size, std::span<const std::byte> image)
    : ReadOnlyMemory(name, sim, size, checked(image, size), std::byte{0}) {}

Rom::Rom(sc_core::sc_module_name name, Sim& sim, std::uint64_t size, const std::string& path)
    : Rom(name, sim, size, read_image(path, size, "boot ROM image")) {}

}  // namespace cardvp::memory
