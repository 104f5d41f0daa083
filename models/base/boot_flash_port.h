// The wires between a host and the flash that holds its boot image. On this machine they lead through the card.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cardvp {

class BootFlashPort {
 public:
  virtual ~BootFlashPort() = default;
  virtual std::uint64_t size() const = 0;  // bytes
  // False if the range is not within size(), or the host is held in reset.
  virtual bool read(std::uint64_t offset, std::span<std::byte> to) = 0;
  // An attempt to change the flash. False: nothing was changed.
  virtual bool write(std::uint64_t offset, std::span<const std::byte> from) = 0;
};

}  // namespace cardvp
