#include "platform/elf_firmware.h"

#include <gelf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "firmware/sdk/include/handoff.h"
#include "platform/memory_map.h"

namespace cardvp::platform {
namespace {

constexpr std::uint64_t kLoadAlignment = 8;
constexpr std::uint64_t kLargestBody = FLASH_SLOT_BYTES - sizeof(image_header);

struct Segment {
  std::uint64_t address;  // physical
  std::span<const std::byte> bytes;
};

struct Program {
  std::vector<Segment> segments;
  std::uint64_t entry = 0;  // physical
};

Program read_program(std::vector<std::byte>& file) {
  ::elf_version(EV_CURRENT);
  const std::unique_ptr<Elf, decltype(&::elf_end)> elf(::elf_memory(reinterpret_cast<char*>(file.data()), file.size()),
                                                       ::elf_end);
  GElf_Ehdr header;
  std::size_t count = 0;
  if (!elf || !::gelf_getehdr(elf.get(), &header) || ::elf_getphdrnum(elf.get(), &count) != 0)
    throw std::runtime_error(fmt::format("a damaged ELF file: {}", ::elf_errmsg(-1)));
  if (header.e_machine != EM_AARCH64 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB)
    throw std::runtime_error("an ELF file for another machine than little-endian AArch64");
  if (header.e_type != ET_EXEC)
    throw std::runtime_error("an ELF file that is no statically linked program (ET_EXEC): link it without -pie or -r");

  Program program;
  std::optional<std::uint64_t> entry;
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (!::gelf_getphdr(elf.get(), static_cast<int>(i), &segment))
      throw std::runtime_error(fmt::format("a damaged ELF file: {}", ::elf_errmsg(-1)));
    if (segment.p_type != PT_LOAD || segment.p_filesz == 0) continue;
    if (segment.p_offset > file.size() || segment.p_filesz > file.size() - segment.p_offset)
      throw std::runtime_error(fmt::format("a truncated ELF file: segment {} is not all there", i));
    if (header.e_entry >= segment.p_vaddr && header.e_entry - segment.p_vaddr < segment.p_filesz)
      entry = segment.p_paddr + (header.e_entry - segment.p_vaddr);
    program.segments.push_back({segment.p_paddr, std::span(file).subspan(segment.p_offset, segment.p_filesz)});
  }
  if (!entry) throw std::runtime_error(fmt::format("an ELF file whose entry {:#x} is in no segment", header.e_entry));
  program.entry = *entry;
  return program;
}

const char* complaint(image_fault fault) {
  switch (fault) {
    case IMAGE_BAD_LOAD_ADDRESS: return "which is neither in the SRAM nor in the DRAM (see `cardvp map`)";
    case IMAGE_BAD_ENTRY: return "whose entry is not a multiple of 4";
    default: return "which no firmware image can hold";
  }
}

}  // namespace

bool is_elf(std::span<const std::byte> file) {
  return file.size() >= SELFMAG && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0;
}

std::vector<std::byte> pack_elf(std::vector<std::byte> file, const std::string& name) {
  const Program program = read_program(file);
  std::uint64_t first = ~std::uint64_t{0}, end = 0;
  for (const Segment& segment : program.segments) {
    if (segment.bytes.size() > ~segment.address)
      throw std::runtime_error("an ELF file with a segment across the end of the address space");
    first = std::min(first, segment.address / kLoadAlignment * kLoadAlignment);
    end = std::max(end, segment.address + segment.bytes.size());
  }
  const std::string range = fmt::format("an ELF program from {:#x} to {:#x}", first, end - 1);
  if (end - first > kLargestBody)
    throw std::runtime_error(
        fmt::format("{}: a firmware image is one piece of at most {:#x} bytes, without large gaps (a note at the "
                    "linker's default address? -Wl,--build-id=none)",
                    range, kLargestBody));

  std::vector<std::byte> image(sizeof(image_header) + (end - first));
  const std::span<std::byte> body = std::span(image).subspan(sizeof(image_header));
  for (const Segment& segment : program.segments)
    std::copy(segment.bytes.begin(), segment.bytes.end(),
              body.begin() + static_cast<std::ptrdiff_t>(segment.address - first));

  image_header header{};
  header.magic = IMAGE_MAGIC;
  header.format = IMAGE_FORMAT;
  header.size = sizeof header;
  header.kind = IMAGE_FIRMWARE;
  header.security_version = ~std::uint32_t{0};  // a developer's own program: never too old for the fuses
  header.load_address = first;
  header.entry = program.entry;
  header.body_size = static_cast<std::uint32_t>(body.size());
  if (!EVP_Q_digest(nullptr, "SHA384", nullptr, body.data(), body.size(), header.body_digest, nullptr))
    throw std::runtime_error("an ELF file for which OpenSSL has no SHA-384");
  std::size_t length = 0;
  for (const char c : name)
    if (c > ' ' && c <= '~' && length < sizeof header.name) header.name[length++] = c;
  if (length == 0) header.name[0] = '-';

  // The ROM's own part of the SRAM, and the DRAM that there is, are for the ROM to find.
  const image_range targets[] = {{map::kSRAM.base, map::kSRAM.size}, {map::kDRAM.base, map::kDRAM.size}};
  const image_limits limits{.kind = IMAGE_FIRMWARE,
                            .space = image.size(),
                            .security_version = 0,
                            .unsigned_allowed = 1,
                            .targets = targets,
                            .target_count = std::size(targets)};
  if (const image_fault fault = image_check_header(&header, &limits); fault != IMAGE_GOOD)
    throw std::runtime_error(fmt::format("{}, {}", range, complaint(fault)));
  std::memcpy(image.data(), &header, sizeof header);
  return image;
}

}  // namespace cardvp::platform
