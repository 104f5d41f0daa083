// Symbols: programs/calls.S, and files that are not what they should be.
#include "models/arm/insight/symbols.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

namespace cardvp::arm {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kProgram = CARDVP_PROGRAMS "/calls.elf";

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class SymbolFiles : public testing::Test {
 protected:
  SymbolFiles() : file_(fs::path(testing::TempDir()) / fmt::format("cardvp-symbols.{}", ::getpid())) {}
  ~SymbolFiles() override { fs::remove(file_); }

  // "" if it was taken.
  std::string refusal(const std::string& content) {
    std::ofstream(file_, std::ios::binary) << content;
    try {
      Symbols symbols;
      symbols.add(file_);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return {};
  }

  fs::path file_;
};

// Addresses as objdump shows them.
TEST(Symbols, NamesFunctionsOfAnElfFile) {
  Symbols symbols;
  symbols.add(kProgram);
  const auto place = symbols.find(0x40000068);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->function, "leaf");
  EXPECT_EQ(place->module, "calls");
  EXPECT_EQ(place->start, 0x40000064u);
  EXPECT_EQ(place->end, 0x40000080u);
  EXPECT_EQ(place->offset, 4u);
  EXPECT_EQ(symbols.describe(0x40000000), "_start");
  EXPECT_EQ(symbols.describe(0x40000008), "_start+0x8");
  EXPECT_EQ(symbols.describe(0x40000074), "leaf+0x10") << "`spin` is a label inside of it";
  EXPECT_EQ(symbols.describe(0x40000800), "vectors") << "has no size, and is a function's name all the same";
  EXPECT_EQ(symbols.describe(0x40000a00), "vectors+0x200");
  EXPECT_THAT(symbols.starts("outer"), ElementsAre(0x40000028));
  EXPECT_THAT(symbols.starts("inner"), IsEmpty());
}

TEST(Symbols, KnowNothingOutsideOfFunctions) {
  Symbols symbols;
  EXPECT_EQ(symbols.describe(0x40000000), "0x40000000");
  symbols.add(kProgram);
  for (const std::uint64_t address : {0x0ull, 0x3ffffffcull, 0x40000090ull, 0x40000a04ull, ~0ull})
    EXPECT_FALSE(symbols.find(address)) << std::hex << address;
}

TEST(Symbols, SeveralFilesAndLoadOffsets) {
  Symbols symbols;
  symbols.add(kProgram);
  symbols.add(kProgram, 0x1000'0000);
  symbols.add(kProgram, ~std::uint64_t{0} - 0x3fff'ffff);  // down to 0
  EXPECT_EQ(symbols.describe(0x40000028), "outer");
  EXPECT_EQ(symbols.describe(0x5000002c), "outer+0x4");
  EXPECT_EQ(symbols.describe(0x28), "outer");
  EXPECT_THAT(symbols.starts("outer"), ElementsAre(0x28, 0x40000028, 0x50000028));
}

TEST_F(SymbolFiles, SystemMap) {
  std::ofstream(file_) << "ffff800008000000 T _text\nffff800008000000 t $x\nffff800008010000 T start_kernel\n"
                          "ffff800008010100 t rest_init\nffff800009000000 D jiffies\n";
  Symbols symbols;
  symbols.add(file_);
  EXPECT_EQ(symbols.describe(0xffff800008010004), "start_kernel+0x4");
  EXPECT_EQ(symbols.describe(0xffff800008010104), "rest_init+0x4");
  EXPECT_FALSE(symbols.find(0xffff800009000000));
  EXPECT_FALSE(symbols.find(0xffff800007ffffff));
}

TEST_F(SymbolFiles, RefusesWhatItCannotUse) {
  EXPECT_THAT(refusal(""), HasSubstr("no functions"));
  EXPECT_THAT(refusal("hello\n"), HasSubstr("neither an ELF file nor a System.map: line 1"));
  EXPECT_THAT(refusal("ffff800008000000 T _text\n-fff800008000000 T a\n"), HasSubstr("line 2"));
  EXPECT_THAT(refusal(std::string(10'000, 'a')), HasSubstr("neither an ELF file nor a System.map"));
  EXPECT_THAT(refusal("\177ELF"), HasSubstr("ELF"));
  EXPECT_THAT(refusal(bytes_of(CARDVP_PROGRAMS "/stripped.elf")), HasSubstr("no symbol table"));
  EXPECT_THAT(refusal(bytes_of(CARDVP_PROGRAMS "/calls.o")), HasSubstr("not a linked program"));
  EXPECT_THAT(refusal(bytes_of("/proc/self/exe")), HasSubstr("not an AArch64 ELF file"));
  Symbols symbols;
  EXPECT_THROW(symbols.add("/nonexistent/file.elf"), std::runtime_error);
  EXPECT_THROW(symbols.add("/tmp"), std::runtime_error);
  EXPECT_TRUE(symbols.empty());
}

// Whatever is in a file: taken or refused in words, never worse.
TEST_F(SymbolFiles, SurviveTruncation) {
  const std::string good = bytes_of(kProgram);
  ASSERT_EQ(refusal(good), "");
  for (std::size_t size = 0; size < good.size(); size += 1 + good.size() / 150) refusal(good.substr(0, size));
  EXPECT_NE(refusal(good.substr(0, good.size() / 2)), "");
}

TEST_F(SymbolFiles, SurviveAbsurdSectionsAndSymbols) {
  const std::string good = bytes_of(kProgram);
  Elf64_Ehdr header;
  std::memcpy(&header, good.data(), sizeof header);
  // Every 8 bytes of the section table and of the symbols in front of it, and the ELF header itself.
  const auto corrupt = [&](std::size_t at, std::uint64_t value) {
    std::string bad = good;
    std::memcpy(&bad[at], &value, sizeof value);
    refusal(bad);
  };
  for (const std::uint64_t value :
       {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{0x1001}}) {
    for (std::size_t at = EI_NIDENT; at + 8 <= sizeof header; at += 8) corrupt(at, value);
    for (std::size_t at = header.e_shoff - 0x100; at + 8 <= good.size(); at += 8) corrupt(at, value);
  }
}

}  // namespace
}  // namespace cardvp::arm
