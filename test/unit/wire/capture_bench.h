// Captures of tests.
#pragma once

#include "test/unit/wire/harness.h"

namespace cardvp::wire {

// A file, put together number by number, in either order of bytes.
struct FileBytes {
  bool big_endian = false;
  std::string bytes;

  FileBytes& number(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * (big_endian ? size - 1 - i : i));
    return *this;
  }
  FileBytes& u16(std::uint64_t value) { return number(value, 2); }
  FileBytes& u32(std::uint64_t value) { return number(value, 4); }
  FileBytes& data(const Bytes& content) {
    for (const std::byte byte : content) bytes += static_cast<char>(byte);
    return *this;
  }
  // draft-ietf-opsawg-pcap, 4 and 5.
  FileBytes& pcap(std::uint32_t magic, std::uint32_t link_type = 1) {
    return u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(link_type);
  }
  FileBytes& record(std::uint32_t seconds, std::uint32_t fraction, const Bytes& content, std::size_t length) {
    return u32(seconds).u32(fraction).u32(content.size()).u32(length).data(content);
  }
  // draft-ietf-opsawg-pcapng, 3.1 and 4.
  FileBytes& block(std::uint32_t type, FileBytes content) {
    while (content.bytes.size() % 4) content.bytes += '\0';
    const auto length = static_cast<std::uint32_t>(content.bytes.size() + 12);
    u32(type).u32(length);
    bytes += content.bytes;
    return u32(length);
  }
};
inline constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d;

struct CaptureBench : WireBench {
  std::string write(const std::string& content) const {
    const std::string path = folder.file("capture");
    std::filesystem::remove(path);  // to write over one may wait for the disk
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
};

}  // namespace cardvp::wire
