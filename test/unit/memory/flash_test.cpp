// Flash with commands, as the CFI drivers of U-Boot and Linux use it: offsets in bytes of the 32-bit bus, on which a
// chip's word address n is at 4n (JESD68, JEP137; status bits and commands of Intel's StrataFlash).
#include "models/memory/flash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "test/unit/bus/initiator.h"

namespace cardvp::memory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr std::uint64_t kSize = 0x400000, kSector = 0x40000;
constexpr std::uint32_t kReady = 0x00800080, kErased = 0xffffffff;

struct CfiFlash : testing::Test {
  Sim sim;
  Initiator core{"core"};
  std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) /
      (std::string("cardvp_") + testing::UnitTest::GetInstance()->current_test_info()->name() + ".bin");
  std::unique_ptr<Flash> flash;

  ~CfiFlash() override { std::filesystem::remove(path); }

  void build(FlashConfig config = {.size = kSize, .writes = FlashWrites::kAllowed}) {
    flash = std::make_unique<Flash>("flash", sim, config);
    core.socket.bind(flash->socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  void write_file(const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }
  std::string file() {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // To both chips.
  void command(std::uint64_t at, std::uint32_t code) { EXPECT_TRUE(core.write(at, code << 16 | code)); }
  void program(std::uint64_t at, std::uint32_t value) {
    command(at, 0x40);
    EXPECT_TRUE(core.write(at, value));
  }
  void erase(std::uint64_t at) {
    command(at, 0x20);
    command(at, 0xd0);
  }
  std::uint64_t read(std::uint64_t at, unsigned size = 4) { return core.read(at, size); }
  std::uint64_t status() {
    command(0, 0x70);
    return read(0);
  }
  std::uint64_t array(std::uint64_t at, unsigned size = 4) {
    command(0, 0xff);
    return read(at, size);
  }
  bool direct(std::uint64_t at) {
    tlm::tlm_dmi dmi;
    return core.direct(false, at, dmi);
  }
};

TEST_F(CfiFlash, AnswersTheQuery) {
  build({.size = 0x4000000, .writes = FlashWrites::kAllowed});
  command(0x55 * 4, 0x98);
  EXPECT_EQ(read(0x10 * 4), 0x00510051u);  // each chip answers
  EXPECT_EQ(read(0x11 * 4), 0x00520052u);
  EXPECT_EQ(read(0x12 * 4), 0x00590059u);
  const auto query = [this](unsigned at) { return static_cast<unsigned>(read(at * 4) & 0xffff); };
  const auto query16 = [&](unsigned at) { return query(at) | query(at + 1) << 8; };
  EXPECT_EQ(query16(0x13), 0x0001u);  // command set
  EXPECT_EQ(query16(0x17), 0u);       // no other one
  EXPECT_EQ(1u << query(0x27), 0x4000000u / 2);
  EXPECT_EQ(query16(0x28), 1u);                                // x16
  EXPECT_EQ(query(0x2c), 1u);                                  // erase region:
  EXPECT_EQ(query16(0x2d) + 1, 256u);                          // blocks,
  EXPECT_EQ(query16(0x2f) * 256 * 2, std::uint64_t{kSector});  // of both chips together
  EXPECT_NE(query(0x20), 0u);                                  // a buffered program has a typical time: it exists
  const unsigned extended = query16(0x15);
  EXPECT_EQ(query(extended), unsigned{'P'});
  EXPECT_EQ(query(extended + 1), unsigned{'R'});
  EXPECT_EQ(query(extended + 2), unsigned{'I'});
  EXPECT_EQ(query(extended + 3), unsigned{'1'});
  EXPECT_EQ(query(extended + 5), 0x20u);  // locking of single blocks, no suspend
  EXPECT_EQ(read(0x3fffffc), 0u);         // beyond the table
  EXPECT_EQ(array(0x40), kErased);
}

TEST_F(CfiFlash, WrongBusWidthsFindNothing) {
  build();
  EXPECT_TRUE(core.write(0x55, 0x98, 1));  // as 8-bit chips would have it
  EXPECT_NE(read(0x10, 1), unsigned{'Q'});
  EXPECT_TRUE(core.write(0x55 * 2, 0x98, 2));  // one 16-bit chip
  EXPECT_NE(read(0x10 * 2, 2), unsigned{'Q'});
  EXPECT_TRUE(core.write(0x55 * 4, 0x98989898));  // four 8-bit ones
  EXPECT_NE(read(0x10 * 4), 0x51515151u);
  command(0, 0xf0);  // reset of the AMD command set
  EXPECT_EQ(read(0x40), kErased);
}

TEST_F(CfiFlash, IdentifiesItself) {
  build();
  command(kSector, 0x90);
  EXPECT_EQ(read(0), 0x00890089u);
  EXPECT_EQ(read(4), 0x00180018u);
  EXPECT_EQ(read(kSector + 8), 0u);  // not locked
  EXPECT_EQ(array(0), kErased);
}

TEST_F(CfiFlash, ProgramsWords) {
  build();
  program(0x100, 0x12345678);
  EXPECT_EQ(read(0x100), kReady);  // the status, without being asked for
  EXPECT_EQ(array(0x100), 0x12345678u);
  EXPECT_EQ(array(0xfc), kErased);
  EXPECT_EQ(array(0x104), kErased);
  program(0x100, 0xffff00ff);  // can only clear bits
  EXPECT_EQ(status(), kReady);
  EXPECT_EQ(array(0x100), 0x12340078u);
  command(0x104, 0x10);  // the other code
  EXPECT_TRUE(core.write(0x104, 0));
  EXPECT_EQ(array(0x104), 0u);
}

TEST_F(CfiFlash, EachChipHasItsOwnState) {
  build();
  EXPECT_TRUE(core.write(0x100, 0x40, 2));
  EXPECT_TRUE(core.write(0x100, 0xabcd, 2));
  EXPECT_EQ(read(0x100), 0xffff0080u);  // status on one lane, array on the other
  EXPECT_EQ(read(0x101, 1), 0u);
  EXPECT_EQ(read(0x102, 2), 0xffffu);
  EXPECT_EQ(array(0x100), 0xffffabcdu);
  EXPECT_TRUE(core.write(0x100, 0x00ff0070));
  EXPECT_EQ(read(0x100), 0xffff0080u);
}

TEST_F(CfiFlash, ErasesOneSector) {
  build();
  for (const std::uint64_t at : {kSector - 4, kSector, 2 * kSector - 4, 2 * kSector}) program(at, 0);
  erase(kSector + 0x1234 * 4);  // any address in it
  EXPECT_EQ(status(), kReady);
  EXPECT_EQ(array(kSector - 4), 0u);
  EXPECT_EQ(array(kSector), kErased);
  EXPECT_EQ(array(2 * kSector - 4), kErased);
  EXPECT_EQ(array(2 * kSector), 0u);
}

TEST_F(CfiFlash, ProgramsByBuffer) {
  build();
  const std::uint64_t at = kSector + 0x800;
  command(at, 0xe8);
  EXPECT_EQ(read(at), kReady);  // the buffer is free
  command(at, 3);               // four words each
  for (unsigned n = 0; n < 4; ++n) EXPECT_TRUE(core.write(at + 4 * n, 0x01010101 * n));
  EXPECT_EQ(read(at), kReady);
  command(at, 0xd0);
  EXPECT_EQ(read(at), kReady);
  EXPECT_EQ(array(at + 4, 8), 0x0202020201010101u);
  EXPECT_EQ(array(at + 16), kErased);
}

TEST_F(CfiFlash, BufferIsAsLargeAsTheQuerySays) {
  build();
  command(0x55 * 4, 0x98);
  const unsigned words = (1u << read(0x2a * 4, 2)) / 2;
  command(0, 0xe8);
  command(0, words - 1);
  for (unsigned n = 0; n < words; ++n) EXPECT_TRUE(core.write(4 * n, 0x5555aaaa));
  command(0, 0xd0);
  EXPECT_EQ(status(), kReady);
  EXPECT_EQ(array(4 * (words - 1)), 0x5555aaaau);
  EXPECT_EQ(array(4 * words), kErased);
  command(0, 0xe8);
  command(0, words);  // one more
  EXPECT_EQ(status(), 0x00b000b0u);
}

TEST_F(CfiFlash, BrokenSequencesAreErrorsUntilCleared) {
  build();
  const auto fails = [this](const char* what) {
    EXPECT_EQ(status(), 0x00b000b0u) << what;  // program and erase error together
    command(0, 0x70);
    EXPECT_EQ(read(0), 0x00b000b0u) << what;
    command(0, 0x50);
    EXPECT_EQ(read(0), kReady) << what;  // the mode is still the same
  };
  program(0, 0x11111111);
  command(0, 0x20);
  command(0, 0xff);
  fails("erase without confirmation");
  command(0, 0x60);
  command(0, 0x70);
  fails("lock operation that does not exist");
  command(0, 0xe8);
  command(0, 0xffff);
  fails("count");
  command(0, 0xe8);
  command(kSector, 0);
  fails("count for another sector");
  command(0, 0xe8);
  command(0, 1);
  command(0, 0x2222);
  command(kSector, 0x3333);
  fails("data of another sector");
  command(0, 0xe8);
  command(0, 0);
  command(0, 0);
  command(0, 0xff);
  fails("buffer without confirmation");
  EXPECT_EQ(array(0), 0x11111111u);  // none of it did anything
  EXPECT_EQ(array(kSector), kErased);
  program(0, 0);  // and it works still
  EXPECT_EQ(array(0), 0u);
}

TEST_F(CfiFlash, UnknownCommandsReadTheArray) {
  build();
  for (unsigned code = 0; code < 0x100; ++code) {
    if (code == 0x10 || code == 0x20 || code == 0x40 || code == 0x60 || code == 0xe8) continue;  // take another write
    command(0, 0x98);
    command(0x40, code);
    const std::uint64_t value = read(0x40);
    switch (code) {
      case 0x50:
      case 0x98: EXPECT_EQ(value, 0x00510051u) << code; break;
      case 0x70:
      case 0xb0:                                           // there is nothing to suspend,
      case 0xd0: EXPECT_EQ(value, kReady) << code; break;  // or to resume
      case 0x90: EXPECT_EQ(value, 0u) << code; break;
      default: EXPECT_EQ(value, kErased) << code;
    }
  }
  EXPECT_EQ(status(), kReady);
}

TEST_F(CfiFlash, LocksSectors) {
  build();
  program(kSector, 0x44444444);
  command(kSector, 0x60);
  command(kSector, 0x01);
  EXPECT_EQ(read(kSector), kReady);
  command(kSector, 0x90);
  EXPECT_EQ(read(kSector + 8), 0x00010001u);
  EXPECT_EQ(read(8), 0u);
  program(kSector, 0);
  EXPECT_EQ(status(), 0x00920092u);  // program error, block locked
  command(0, 0x50);
  erase(kSector);
  EXPECT_EQ(status(), 0x00a200a2u);
  EXPECT_EQ(array(kSector), 0x44444444u);
  command(0, 0x50);
  program(2 * kSector, 0);  // others are not
  EXPECT_EQ(status(), kReady);
  command(kSector, 0x60);
  command(kSector, 0xd0);
  erase(kSector);
  EXPECT_EQ(status(), kReady);
  EXPECT_EQ(array(kSector), kErased);
}

TEST_F(CfiFlash, LockDownHoldsUntilReset) {
  build();
  command(0, 0x60);
  command(0, 0x2f);
  command(0, 0x60);
  command(0, 0xd0);
  command(0, 0x90);
  EXPECT_EQ(read(8), 0x00030003u);
  program(0, 0);
  EXPECT_EQ(status(), 0x00920092u);
  flash->reset();
  EXPECT_EQ(read(0), kErased);  // array, and not programmed
  EXPECT_EQ(status(), kReady);
  program(0, 0);
  EXPECT_EQ(array(0), 0u);
}

TEST_F(CfiFlash, WriteProtectedTakesCommandsAndChangesNothing) {
  write_file("abcd");
  build({.size = kSize, .image = path.string(), .writes = FlashWrites::kProtected, .save_to = path.string()});
  command(0x55 * 4, 0x98);
  EXPECT_EQ(read(0x40), 0x00510051u);
  command(0, 0x60);
  command(0, 0xd0);
  command(0, 0x90);
  EXPECT_EQ(read(8), 0x00010001u);  // cannot be unlocked
  program(0, 0);
  EXPECT_EQ(status(), 0x00920092u);
  command(0, 0x50);
  erase(0);
  EXPECT_EQ(status(), 0x00a200a2u);
  command(0, 0x50);
  command(0, 0xe8);
  command(0, 0);
  command(0, 0);
  command(0, 0xd0);
  EXPECT_EQ(status(), 0x00920092u);
  EXPECT_EQ(array(0), 0x64636261u);
  flash->save();
  EXPECT_EQ(file(), "abcd");
}

TEST_F(CfiFlash, RefusesWritesUnlessConfigured) {
  build({.size = kSize});
  EXPECT_FALSE(core.write(0x55 * 4, 0x00980098));
  EXPECT_EQ(read(0x40), kErased);
  EXPECT_EQ(sim.stats.counter("flash.refused_writes", "accesses").value(), 1u);
}

TEST_F(CfiFlash, DmiEndsWithArrayReads) {
  write_file("abcd");
  build({.size = kSize, .image = path.string(), .writes = FlashWrites::kAllowed});
  ASSERT_TRUE(direct(0));
  command(0, 0xff);  // nothing changes
  EXPECT_TRUE(core.invalidated.empty());
  EXPECT_TRUE(core.write(2, 0x70, 2));  // one of the chips
  EXPECT_THAT(core.invalidated, ElementsAre(Pair(0, kSize - 1)));
  EXPECT_FALSE(direct(0));
  command(0, 0x90);
  EXPECT_EQ(core.invalidated.size(), 1u);
  EXPECT_EQ(read(0), 0x00890089u);
  command(0, 0xff);
  EXPECT_EQ(core.invalidated.size(), 2u);  // those who were refused may ask again
  EXPECT_TRUE(direct(0));
  command(0, 0x20);
  flash->reset();
  EXPECT_EQ(core.invalidated.size(), 4u);
  flash->reset();
  EXPECT_EQ(core.invalidated.size(), 4u);
}

TEST_F(CfiFlash, DmiShowsWhatWasProgrammed) {
  build();
  EXPECT_FALSE(direct(0x2000));  // erased pages are not in memory
  program(0x2ffc, 0x12345678);
  command(0, 0xff);
  tlm::tlm_dmi dmi;
  ASSERT_TRUE(core.direct(false, 0x2345, dmi));
  EXPECT_EQ(dmi.get_start_address(), 0x2000u);
  EXPECT_EQ(dmi.get_end_address(), 0x2fffu);
  EXPECT_FALSE(dmi.is_write_allowed());
  EXPECT_EQ(dmi.get_dmi_ptr()[0xffc], 0x78);
  EXPECT_EQ(dmi.get_dmi_ptr()[0xffb], 0xff);
  EXPECT_FALSE(core.direct(true, 0x2000, dmi));
  EXPECT_FALSE(core.direct(false, kSize, dmi));
}

TEST_F(CfiFlash, OddAccesses) {
  build();
  std::uint64_t data[2] = {};
  EXPECT_FALSE(core.write(1, 0x40, 2));
  EXPECT_FALSE(core.write(2, 0x40, 4));
  EXPECT_FALSE(core.access(true, 0, data, 3));
  EXPECT_FALSE(core.access(true, 0, data, 16));
  EXPECT_FALSE(core.write(kSize, 0x40));
  EXPECT_FALSE(core.access(false, kSize - 4, data, 8));
  EXPECT_FALSE(core.access(false, ~0ull, data, 8));
  EXPECT_EQ(core.debug(true, 0, data, 4), 0u);
  EXPECT_EQ(read(0), kErased);

  EXPECT_TRUE(core.write(0x100, 0x4040, 1));  // bytes: what is not driven is 1
  EXPECT_TRUE(core.write(0x101, 0x12, 1));
  EXPECT_EQ(array(0x100), 0xffff12ffu);
  EXPECT_TRUE(core.write(0x200, 0x1234567800400040, 8));  // two cycles: command, then data at its own address
  EXPECT_EQ(array(0x200), kErased);
  EXPECT_EQ(array(0x204), 0x12345678u);
  command(0, 0x90);
  EXPECT_EQ(read(0, 8), 0x0018001800890089u);
  std::uint32_t seen = 0;
  EXPECT_EQ(core.debug(false, 4, &seen, 4), 4u);
  EXPECT_EQ(seen, 0x00180018u);
}

TEST_F(CfiFlash, AnUnfinishedCommandIsForgottenByReset) {
  build();
  program(0x40, 0x0);
  for (const unsigned code : {0x20u, 0x40u, 0x60u, 0xe8u}) {
    command(0, code);
    flash->reset();
    command(0, 0xd0);
    EXPECT_EQ(read(0), kReady) << code;
  }
  command(0, 0xe8);
  command(0, 1);
  command(0, 0x7777);
  flash->reset();
  command(0, 0xe8);
  command(0, 0);
  command(4, 0x6666);
  command(0, 0xd0);
  EXPECT_EQ(array(0), kErased);
  EXPECT_EQ(array(4), 0x66666666u);
  EXPECT_EQ(array(0x40), 0u);
}

TEST_F(CfiFlash, SavesOnlyIfConfiguredAndChanged) {
  write_file("abcdefgh");
  build({.size = kSize, .image = path.string(), .writes = FlashWrites::kAllowed});
  program(0, 0);
  flash->save();
  EXPECT_EQ(file(), "abcdefgh");
}

TEST_F(CfiFlash, SavesUpToTheLastByteThatIsNotErased) {
  write_file("abcdefgh");
  build({.size = kSize, .image = path.string(), .writes = FlashWrites::kAllowed, .save_to = path.string()});
  std::filesystem::remove(path);
  flash->save();
  EXPECT_FALSE(std::filesystem::exists(path));  // nothing was changed
  program(2 * kSector, 0xffff6261);
  flash->save();
  const std::string saved = file();
  ASSERT_EQ(saved.size(), 2 * kSector + 2);
  EXPECT_EQ(saved.substr(0, 9), "abcdefgh\xff");
  EXPECT_EQ(saved.substr(2 * kSector - 1),
            "\xff"
            "ab");
  erase(0);
  erase(2 * kSector);
  flash->save();
  EXPECT_EQ(file(), "");
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".part"));
}

TEST_F(CfiFlash, SaysWhereItCannotSave) {
  build({.size = kSize, .writes = FlashWrites::kAllowed, .save_to = (path / "none").string()});
  program(0, 0);
  try {
    flash->save();
    ADD_FAILURE() << "saved";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
  }
}

TEST(CfiFlashShape, HasSectors) {
  Sim sim;
  const auto make = [&](std::uint64_t size) {
    Flash("flash", sim, FlashConfig{.size = size, .writes = FlashWrites::kAllowed});
  };
  EXPECT_THROW(make(0), std::invalid_argument);
  EXPECT_THROW(make(kSector / 2), std::invalid_argument);
  EXPECT_THROW(make(3 * kSector), std::invalid_argument);
  EXPECT_THROW(make(1ull << 40), std::invalid_argument);
  EXPECT_NO_THROW(make(kSector));
}

}  // namespace
}  // namespace cardvp::memory
