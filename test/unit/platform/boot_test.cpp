// Files that a card boots from: Linux Images (header as in the kernel's booting.rst), ELF programs, and where they go.
#include "platform/boot.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

#include <openssl/evp.h>

#include "firmware/sdk/include/image.h"
#include "platform/elf_firmware.h"
#include "platform/linux_image.h"
#include "test/unit/platform/temporary_folder.h"

namespace cardvp::platform {
namespace {

using testing::HasSubstr;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kLimit = 64 << 20;

template <class T>
void put(Bytes& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

Bytes kernel(std::size_t size = 5000) {
  Bytes bytes(size, std::byte{0x5a});
  put<std::uint64_t>(bytes, 8, 0x80000);       // text_offset
  put<std::uint64_t>(bytes, 16, size + 3000);  // image_size
  put<std::uint64_t>(bytes, 24, 0xa);          // flags: little-endian, 4 KiB pages, anywhere
  std::memcpy(bytes.data() + 56, "ARM\x64", 4);
  return bytes;
}

Bytes gzip(const Bytes& bytes) {
  Bytes packed(bytes.size() + 1000);
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string refusal(Bytes file, std::uint64_t limit = kLimit) {
  try {
    parse_linux_image(std::move(file), limit);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(LinuxImage, IsTakenAsItIsOrCompressed) {
  for (const Bytes& file : {kernel(), gzip(kernel())}) {
    const LinuxImage image = parse_linux_image(file, kLimit);
    EXPECT_EQ(image.bytes, kernel());
    EXPECT_EQ(image.text_offset, 0x80000u);
    EXPECT_EQ(image.size, 8000u);
  }
}

TEST(LinuxImage, WhatIsNoneIsToldApart) {
  const auto with = [](std::size_t at, std::uint64_t value) {
    Bytes bytes = kernel();
    put(bytes, at, value);
    return bytes;
  };
  EXPECT_THAT(refusal({}), HasSubstr("magic 0x00000000"));
  EXPECT_THAT(refusal(Bytes(63)), HasSubstr("magic"));
  EXPECT_THAT(refusal(with(56, 0)), HasSubstr("magic 0x00000000"));
  EXPECT_THAT(refusal(with(0, 0x464c457f)), HasSubstr("vmlinux"));
  EXPECT_THAT(refusal(with(4, 0x676d697a)), HasSubstr("EFI"));
  EXPECT_THAT(refusal(with(24, 1)), HasSubstr("big-endian"));
  EXPECT_THAT(refusal(with(24, 2 << 1)), HasSubstr("16 or 64 KiB"));
  EXPECT_THAT(refusal(with(24, 3 << 1)), HasSubstr("16 or 64 KiB"));
  EXPECT_THAT(refusal(with(16, 0)), HasSubstr("3.17"));
  EXPECT_THAT(refusal(with(16, 4999)), HasSubstr("5000 bytes whose image_size is 4999"));
  EXPECT_THAT(refusal(with(16, kLimit)), HasSubstr("more than there is"));
  EXPECT_THAT(refusal(with(8, ~std::uint64_t{0})), HasSubstr("more than there is"));
  EXPECT_EQ(refusal(with(24, 0)), "accepted");  // page size unsaid
}

TEST(LinuxImage, DamagedAndOverlongGzipIsRefused) {
  Bytes cut = gzip(kernel());
  cut.resize(cut.size() / 2);
  EXPECT_THAT(refusal(cut), HasSubstr("damaged or truncated"));
  Bytes flipped = gzip(kernel());
  flipped[flipped.size() - 5] ^= std::byte{1};  // of the CRC
  EXPECT_THAT(refusal(flipped), HasSubstr("damaged or truncated"));
  EXPECT_THAT(refusal(gzip(Bytes(50 << 20)), 1 << 20), HasSubstr("more than 1048576 bytes"));
}

struct Segment {
  std::uint64_t address;
  std::string content;
  std::uint64_t more = 0;  // bytes in memory only
};

Bytes elf(const std::vector<Segment>& segments, std::uint64_t entry) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = EM_AARCH64;
  header.e_version = EV_CURRENT;
  header.e_entry = entry;
  header.e_phoff = segments.empty() ? 0 : sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<Elf64_Half>(segments.size());
  Bytes file(sizeof header + segments.size() * sizeof(Elf64_Phdr));
  put(file, 0, header);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    Elf64_Phdr phdr{};
    phdr.p_type = PT_LOAD;
    phdr.p_offset = file.size();
    phdr.p_vaddr = phdr.p_paddr = segment.address;
    phdr.p_filesz = segment.content.size();
    phdr.p_memsz = segment.content.size() + segment.more;
    put(file, sizeof header + i * sizeof phdr, phdr);
    for (const char c : segment.content) file.push_back(static_cast<std::byte>(c));
  }
  return file;
}

std::string elf_refusal(Bytes file) {
  try {
    pack_elf(std::move(file), "t");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ElfFirmware, SegmentsBecomeOneBody) {
  const Bytes image = pack_elf(elf({{0x0b100004, "code"}, {0x0b100010, "data", 100}}, 0x0b100004), "my program");
  image_header header;
  ASSERT_GE(image.size(), sizeof header);
  std::memcpy(&header, image.data(), sizeof header);
  EXPECT_EQ(header.magic, static_cast<std::uint32_t>(IMAGE_MAGIC));
  EXPECT_EQ(header.load_address, 0x0b100000u);
  EXPECT_EQ(header.entry, 0x0b100004u);
  EXPECT_STREQ(header.name, "myprogram");
  const std::string body(reinterpret_cast<const char*>(image.data()) + sizeof header, image.size() - sizeof header);
  const std::string zeros(8, '\0');
  EXPECT_EQ(body, zeros.substr(4) + "code" + zeros + "data");
  EXPECT_EQ(header.body_size, body.size());
  std::array<std::uint8_t, IMAGE_DIGEST_BYTES> digest;
  ASSERT_EQ(EVP_Q_digest(nullptr, "SHA384", nullptr, body.data(), body.size(), digest.data(), nullptr), 1);
  EXPECT_TRUE(std::ranges::equal(header.body_digest, digest));
  EXPECT_EQ(header.signature_type, static_cast<std::uint32_t>(IMAGE_UNSIGNED));
}

TEST(ElfFirmware, WhatNoImageCanHoldIsRefused) {
  EXPECT_EQ(elf_refusal(elf({{0x40080000, "code"}}, 0x40080000)), "accepted");
  EXPECT_THAT(elf_refusal(elf({{0x0b100000, "code"}, {0x40000000, "data"}}, 0x0b100000)), HasSubstr("gaps"));
  EXPECT_THAT(elf_refusal(elf({{0, "code"}}, 0)), HasSubstr("neither in the SRAM nor in the DRAM"));
  EXPECT_THAT(elf_refusal(elf({{0x40000000, "code"}}, 0x40000004)), HasSubstr("entry 0x40000004 is in no segment"));
  EXPECT_THAT(elf_refusal(elf({{0x40000000, "code"}}, 0x40000001)), HasSubstr("multiple of 4"));
  EXPECT_THAT(elf_refusal(elf({{~std::uint64_t{0} - 1, "code"}}, ~std::uint64_t{0} - 1)),
              HasSubstr("end of the address"));
  EXPECT_THAT(elf_refusal(elf({}, 0)), HasSubstr("no segment"));
  const auto with = [](std::size_t at, std::uint8_t value) {
    Bytes file = elf({{0x40000000, "code"}}, 0x40000000);
    put(file, at, value);
    return elf_refusal(file);
  };
  EXPECT_THAT(with(EI_CLASS, ELFCLASS32), HasSubstr("another machine"));
  EXPECT_THAT(with(offsetof(Elf64_Ehdr, e_machine), EM_X86_64), HasSubstr("another machine"));
  EXPECT_THAT(with(offsetof(Elf64_Ehdr, e_type), ET_DYN), HasSubstr("ET_EXEC"));
  Bytes cut = elf({{0x40000000, "code"}}, 0x40000000);
  cut.pop_back();
  EXPECT_THAT(elf_refusal(cut), HasSubstr("truncated"));
}

TEST(Boot, LinuxFindsEverythingInTheDram) {
  const TemporaryFolder folder;
  const auto text = [](const Bytes& bytes) {
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  CardConfig config;
  config.dram_size = 16 * kMiB;
  config.boot.type = BootConfig::Type::kLinux;
  config.boot.kernel = folder.file("Image", text(kernel()));
  config.boot.initrd = folder.file("initrd", std::string(12345, 'i'));
  const Boot boot = prepare_boot(config, 1);
  EXPECT_EQ(boot.entry.address, 0x40280000u);  // 2 MiB into the DRAM, and text_offset
  EXPECT_EQ(boot.entry.level, 1u);
  EXPECT_EQ(boot.entry.arguments[0], 0x40000000u);
  EXPECT_EQ(boot.entry.arguments[1], 0u);
  std::map<std::uint64_t, std::uint64_t> pieces;
  for (const Boot::Piece& piece : boot.memory) pieces[piece.address] = piece.bytes.size();
  EXPECT_EQ(pieces[0x40280000], 5000u);
  EXPECT_EQ(pieces[0x40400000], 12345u);
  EXPECT_GT(pieces[0x40000000], 500u);
  EXPECT_LT(pieces[0x40000000], 2u << 20);

  const auto blamed = [&]() -> std::string {
    try {
      prepare_boot(config, 1);
    } catch (const ConfigError& error) {
      return error.pointer();
    }
    return "accepted";
  };
  config.dram_size = 4 * kMiB;
  EXPECT_EQ(blamed(), "/card/boot/initrd");
  config.boot.initrd.clear();
  EXPECT_EQ(blamed(), "accepted");
  config.dram_size = 2 * kMiB;
  EXPECT_EQ(blamed(), "/card/boot/kernel");
}

}  // namespace
}  // namespace cardvp::platform
