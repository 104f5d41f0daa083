#include "platform/linux_image.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

namespace cardvp::platform {
namespace {

// The header, in the kernel's own names; little-endian.
struct Header {
  std::uint32_t code0, code1;
  std::uint64_t text_offset;
  std::uint64_t image_size;  // with .bss
  std::uint64_t flags;
  std::uint64_t res2, res3, res4;
  std::uint32_t magic;
  std::uint32_t res5;
};
static_assert(sizeof(Header) == 64);

constexpr std::uint32_t kMagic = 0x644d5241;  // "ARM\x64"
// In flags.
constexpr std::uint64_t kBigEndian = 1;
constexpr std::uint64_t kAnyPages = 0, k4KiBPages = 1;
constexpr std::uint64_t page_size(std::uint64_t flags) { return flags >> 1 & 3; }

bool starts_with(std::span<const std::byte> bytes, std::span<const std::uint8_t> magic, std::size_t offset = 0) {
  return bytes.size() >= offset + magic.size() && std::memcmp(bytes.data() + offset, magic.data(), magic.size()) == 0;
}

std::vector<std::byte> gunzip(std::span<const std::byte> packed, std::uint64_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) throw std::runtime_error("too much for this host's memory");  // 16: gzip
  std::vector<std::byte> bytes;
  std::array<std::byte, 1 << 16> buffer;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  int status = Z_OK;
  while (status == Z_OK && bytes.size() <= limit) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = buffer.size();
    status = inflate(&stream, Z_NO_FLUSH);
    bytes.insert(bytes.end(), buffer.begin(), buffer.end() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (bytes.size() > limit) throw std::runtime_error(fmt::format("one of more than {} bytes, unpacked", limit));
  if (status != Z_STREAM_END) throw std::runtime_error("a damaged or truncated gzip file");
  return bytes;
}

}  // namespace

LinuxImage parse_linux_image(std::vector<std::byte> file, std::uint64_t limit) {
  static constexpr std::array<std::uint8_t, 2> kGzip = {0x1f, 0x8b};
  static constexpr std::array<std::uint8_t, 4> kElf = {0x7f, 'E', 'L', 'F'};
  static constexpr std::array<std::uint8_t, 4> kZboot = {'z', 'i', 'm', 'g'};
  if (starts_with(file, kGzip)) file = gunzip(file, limit);
  if (starts_with(file, kElf)) throw std::runtime_error("an ELF file; take arch/arm64/boot/Image in place of vmlinux");
  if (starts_with(file, kZboot, 4))
    throw std::runtime_error("a compressed EFI kernel; take arch/arm64/boot/Image in place of vmlinuz.efi");

  Header header{};
  if (!file.empty()) std::memcpy(&header, file.data(), std::min(sizeof header, file.size()));
  if (header.magic != kMagic) throw std::runtime_error(fmt::format("one with magic {:#010x} at byte 56", header.magic));
  if (header.flags & kBigEndian) throw std::runtime_error("one for a big-endian machine");
  if (page_size(header.flags) != kAnyPages && page_size(header.flags) != k4KiBPages)
    throw std::runtime_error("one for pages of 16 or 64 KiB, which the card's cores do not have");
  if (header.image_size == 0) throw std::runtime_error("one without its size, as Linux before 3.17 has it");
  if (file.size() > header.image_size)
    throw std::runtime_error(fmt::format("one of {} bytes whose image_size is {}", file.size(), header.image_size));
  if (header.image_size > limit || header.text_offset > limit - header.image_size)
    throw std::runtime_error(fmt::format("one that needs {} bytes at text_offset {:#x}, more than there is",
                                         header.image_size, header.text_offset));
  return {std::move(file), header.text_offset, header.image_size};
}

}  // namespace cardvp::platform
