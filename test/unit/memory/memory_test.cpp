#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <numeric>
#include <stdexcept>

#include "models/memory/flash.h"
#include "models/memory/fuses.h"
#include "models/memory/ram.h"
#include "models/memory/rom.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::memory {
namespace {

using testing::HasSubstr;

struct Memories : testing::Test {
  Sim sim;
  Initiator core{"core"};
  std::vector<std::byte> image = std::vector<std::byte>(5000);
  std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) /
      (std::string("cardvp_") + testing::UnitTest::GetInstance()->current_test_info()->name() + ".img");

  Memories() {
    for (std::size_t n = 0; n < image.size(); ++n) image[n] = static_cast<std::byte>(n * 7);
  }
  ~Memories() override { std::filesystem::remove(path); }

  void write_image(std::size_t size) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(size));
  }
  template <class Target>
  void connect(Target& target) {
    core.socket.bind(target.socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  std::string flash_failure(std::uint64_t size) {
    try {
      Flash flash("flash", sim, size, path.string());
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(Memories, RamTakesAnySizeAndAlignment) {
  Ram ram("ram", sim, {.size = 0x1000});
  connect(ram);
  std::vector<unsigned char> data(999);
  std::iota(data.begin(), data.end(), 1);
  ASSERT_TRUE(core.access(true, 0x123, data.data(), 999));
  std::vector<unsigned char> back(999);
  ASSERT_TRUE(core.access(false, 0x123, back.data(), 999));
  EXPECT_EQ(back, data);
  EXPECT_EQ(core.read(0x125, 2), 0x0403u);
  EXPECT_EQ(core.read(0x122, 1), 0u);
  EXPECT_TRUE(core.access(false, 0x1000, nullptr, 0));
  EXPECT_FALSE(core.write(0xffd, 0, 4));
  EXPECT_FALSE(core.write(~0ull, 0, 4));
  EXPECT_EQ(core.read(0xffc, 4), 0u);
}

TEST_F(Memories, RamGivesDmiForAllOfIt) {
  Ram ram("ram", sim, {.size = 0x3000});
  connect(ram);
  tlm::tlm_dmi dmi;
  ASSERT_TRUE(core.direct(true, 0x2fff, dmi));
  EXPECT_EQ(dmi.get_start_address(), 0u);
  EXPECT_EQ(dmi.get_end_address(), 0x2fffu);
  EXPECT_TRUE(dmi.is_read_write_allowed());
  dmi.get_dmi_ptr()[0x2ffe] = 0x5a;
  EXPECT_EQ(core.read(0x2ffe, 1), 0x5au);
}

TEST_F(Memories, RamLargerThanTheHostCostsOnlyWhatIsTouched) {
  Ram ram("ram", sim, {.size = 1ull << 40});
  connect(ram);
  EXPECT_TRUE(core.write((1ull << 40) - 4, 0x12345678));
  EXPECT_EQ(core.read((1ull << 40) - 4), 0x12345678u);
}

TEST_F(Memories, ResetKeepsRamUnlessConfigured) {
  Ram kept("kept", sim, {.size = 0x1000});
  Ram cleared("cleared", sim, {.size = 0x1000, .cleared_by_reset = true});
  for (Ram* ram : {&kept, &cleared}) {
    ram->bytes()[5] = std::byte{1};
    ram->reset();
  }
  EXPECT_EQ(kept.bytes()[5], std::byte{1});
  EXPECT_EQ(cleared.bytes()[5], std::byte{0});
}

TEST_F(Memories, RomHoldsItsImageThenZeros) {
  Rom rom("rom", sim, 0x4000, image);
  connect(rom);
  EXPECT_EQ(core.read(0, 8), 0x312a231c150e0700u);
  EXPECT_EQ(core.read(4999, 1), static_cast<unsigned>(image[4999]));
  EXPECT_EQ(core.read(4998, 4), static_cast<unsigned>(image[4998]) | static_cast<unsigned>(image[4999]) << 8);
  EXPECT_EQ(core.read(8190, 4), 0u);  // over the end of the last page that is stored
  EXPECT_EQ(core.read(0x3ffc, 4), 0u);
  EXPECT_FALSE(core.access(false, 0x3ffd, image.data(), 4));
}

TEST_F(Memories, RomRefusesAndCountsWrites) {
  Rom rom("rom", sim, 0x4000, image);
  connect(rom);
  const std::uint64_t before = core.read(0x10);
  EXPECT_FALSE(core.write(0x10, ~before));
  EXPECT_EQ(core.read(0x10), before);
  std::uint32_t value = 0;
  EXPECT_EQ(core.debug(true, 0x10, &value, 4), 0u);
  EXPECT_EQ(sim.stats.counter("rom.refused_writes", "accesses").value(), 2u);
}

TEST_F(Memories, RomDmiIsReadOnlyAndEndsWithTheImage) {
  Rom rom("rom", sim, 0x4000, image);
  connect(rom);
  tlm::tlm_dmi dmi;
  ASSERT_TRUE(core.direct(false, 0x40, dmi));
  EXPECT_FALSE(dmi.is_write_allowed());
  EXPECT_EQ(dmi.get_start_address(), 0u);
  EXPECT_EQ(dmi.get_end_address(), 0x1fffu);  // whole pages
  EXPECT_EQ(dmi.get_dmi_ptr()[1], 7);
  EXPECT_EQ(dmi.get_dmi_ptr()[0x1fff], 0);
  EXPECT_FALSE(core.direct(true, 0x40, dmi));
  EXPECT_FALSE(core.direct(false, 0x2000, dmi));
}

TEST_F(Memories, RomRefusesAnImageThatDoesNotFit) {
  EXPECT_THROW(Rom("rom", sim, 4999, image), std::runtime_error);
  write_image(5000);
  EXPECT_THROW(Rom("rom2", sim, 4999, path.string()), std::runtime_error);
  Rom fits("rom3", sim, 5000, path.string());
  EXPECT_EQ(fits.image_size(), 5000u);
}

TEST_F(Memories, FlashIsErasedBehindAShortImage) {
  write_image(3);
  Flash flash("flash", sim, 0x4000000, path.string());
  connect(flash);
  EXPECT_EQ(core.read(0), 0xff0e0700u);
  EXPECT_EQ(core.read(0x3fffffc), 0xffffffffu);
  tlm::tlm_dmi dmi;
  ASSERT_TRUE(core.direct(false, 0, dmi));
  EXPECT_EQ(dmi.get_end_address(), 0xfffu);
  EXPECT_EQ(dmi.get_dmi_ptr()[0xfff], 0xff);
  EXPECT_FALSE(core.write(0x1000, 0));
}

TEST_F(Memories, FlashTakesAnEmptyImage) {
  write_image(0);
  Flash flash("flash", sim, 0x1000, path.string());
  connect(flash);
  EXPECT_EQ(core.read(0), 0xffffffffu);
  tlm::tlm_dmi dmi;
  EXPECT_FALSE(core.direct(false, 0, dmi));
}

TEST_F(Memories, FlashWithoutAFileIsErased) {
  Flash flash("flash", sim, 0x1000, "");
  connect(flash);
  EXPECT_EQ(core.read(0xffc), 0xffffffffu);
}

TEST_F(Memories, FlashNamesTheFileThatItCannotUse) {
  EXPECT_THAT(flash_failure(0x1000), testing::AllOf(HasSubstr(path.string()), HasSubstr("no such file")));
  write_image(4097);
  EXPECT_THAT(flash_failure(0x1000), testing::AllOf(HasSubstr(path.string()), HasSubstr("4097"), HasSubstr("4096")));
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_THAT(flash_failure(0x1000), testing::AllOf(HasSubstr(path.string()), HasSubstr("regular file")));
}

TEST_F(Memories, FusesReadAsConfigured) {
  FusesConfig config{.card_id = 0x0123456789abcdef, .life_cycle = 1, .security_version = 0x80000001};
  std::iota(config.root_key_hash.begin(), config.root_key_hash.end(), std::uint8_t{0xd0});
  Fuses fuses("fuses", sim, config);
  connect(fuses);
  EXPECT_EQ(core.read(0x000, 8), 0x0123456789abcdefu);
  EXPECT_EQ(core.read(0x008), 1u);
  EXPECT_EQ(core.read(0x00c), 0x80000001u);
  EXPECT_EQ(core.read(0x040), 0xd3d2d1d0u);
  EXPECT_EQ(core.read(0x06c), 0xfffefdfcu);
  EXPECT_TRUE(core.write(0x008, 2));
  EXPECT_EQ(core.read(0x008), 1u);
}

}  // namespace
}  // namespace cardvp::memory
