// What is taken for a plug-in, and what is not.
#include "rtl/plugin.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>

namespace cardvp::rtl {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class PluginTest : public testing::Test {
 protected:
  PluginTest() {
    std::ifstream in(CARDVP_RTL_PROBE, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
  }
  ~PluginTest() override { std::filesystem::remove(file_); }

  // Of the struct that the plug-in exports.
  char* plugin() {
    const std::uint64_t magic = CARDVP_RTL_MAGIC;
    char pattern[sizeof magic];
    std::memcpy(pattern, &magic, sizeof magic);
    const std::size_t at = bytes_.find(std::string_view(pattern, sizeof magic));
    return at == std::string::npos ? nullptr : &bytes_[at];
  }
  std::string error() {
    std::ofstream(file_, std::ios::binary) << bytes_;
    try {
      Plugin::load(file_);
    } catch (const std::runtime_error& failure) {
      return failure.what();
    }
    return "none";
  }

  std::string bytes_;
  std::filesystem::path file_ = std::filesystem::temp_directory_path() / fmt::format("cardvp-plugin-{}.so", ::getpid());
};

TEST_F(PluginTest, CarriesItsDescription) {
  const auto plugin = Plugin::load(CARDVP_RTL_PROBE);
  EXPECT_EQ(plugin->description().name, "probe");
  ASSERT_EQ(plugin->description().clocks.size(), 1u);
  EXPECT_EQ(plugin->description().clocks[0].period_ps, 10'000u);
  EXPECT_EQ(plugin->description().resets[0].cycles, 4u);
  EXPECT_TRUE(plugin->description().resets[0].active_low);
  EXPECT_THAT(plugin->description().interrupts, testing::ElementsAre("irq"));
  EXPECT_STREQ(plugin->abi().trace_format, "vcd");
  EXPECT_EQ(std::strlen(plugin->abi().digest), 64u);
  ASSERT_TRUE(plugin->port("wide_in"));
  EXPECT_EQ(plugin->abi().ports[*plugin->port("wide_in")].width, 128u);
  EXPECT_FALSE(plugin->port("nothing"));
}

TEST_F(PluginTest, CutAnywhere) {
  const std::string whole = bytes_;
  for (const std::size_t size :
       {whole.size() - 1, whole.size() / 2, whole.size() / 10, std::size_t{100}, std::size_t{20}}) {
    bytes_ = whole.substr(0, size);
    EXPECT_THAT(error(), HasSubstr("is cut short")) << size;
  }
}

TEST_F(PluginTest, NotAtAll) {
  bytes_ = "#!/bin/sh\n";
  EXPECT_THAT(error(), HasSubstr("is no RTL plug-in"));
  bytes_.clear();
  EXPECT_THAT(error(), HasSubstr("is no RTL plug-in"));
}

TEST_F(PluginTest, NotThere) {
  EXPECT_THROW(
      {
        try {
          Plugin::load("/nonexistent.so");
        } catch (const std::runtime_error& failure) {
          EXPECT_THAT(failure.what(), HasSubstr("/nonexistent.so: cannot be read"));
          throw;
        }
      },
      std::runtime_error);
}

TEST_F(PluginTest, OfAnotherCpu) {
  reinterpret_cast<Elf64_Ehdr*>(bytes_.data())->e_machine = EM_RISCV;
  EXPECT_THAT(error(), AllOf(HasSubstr("is for another CPU, ELF machine 243"), HasSubstr("cardvp rtl build")));
}

TEST_F(PluginTest, OfAnotherVersion) {
  ASSERT_NE(plugin(), nullptr);
  plugin()[offsetof(cardvp_rtl_plugin, abi_version)] = 9;
  EXPECT_THAT(error(),
              AllOf(HasSubstr("is of plug-in version 9, this program takes 2"), HasSubstr("cardvp rtl build")));
}

TEST_F(PluginTest, OfAnotherSize) {
  plugin()[offsetof(cardvp_rtl_plugin, size)] ^= 8;
  EXPECT_THAT(error(), HasSubstr("is of plug-in version"));
}

TEST_F(PluginTest, SharedObjectOfAnotherKind) {
  plugin()[0] ^= 1;
  EXPECT_THAT(error(), HasSubstr("is no RTL plug-in: a shared object, but not one"));
}

}  // namespace
}  // namespace cardvp::rtl
