// Linux kernels in the arm64 boot format (Documentation/arm64/booting.rst of the kernel): a 64-byte header, then code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cardvp::platform {

inline constexpr std::uint64_t kLinuxAlignment = 2 << 20;  // of what text_offset is relative to

struct LinuxImage {
  std::vector<std::byte> bytes;   // what is loaded, header included
  std::uint64_t text_offset = 0;  // where, from a multiple of kLinuxAlignment
  std::uint64_t size = 0;         // of the memory it uses there, at least bytes.size()
};

// `file`: an Image, or one that gzip compressed. Throws std::runtime_error, in words that follow "this is", for
// anything else, and for a kernel of more than `limit` bytes.
LinuxImage parse_linux_image(std::vector<std::byte> file, std::uint64_t limit);

}  // namespace cardvp::platform
