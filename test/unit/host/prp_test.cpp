// The shapes of NVMe 1.4, 4.3.
#include "host/nvme/prp.h"

#include <gtest/gtest.h>

namespace cardvp::host::nvme {
namespace {

struct Prps : testing::Test {
  Memory memory{16 << 20};
  std::uint64_t list = memory.allocate(4 * kPageSize);
  Command command;
  std::uint64_t entry(std::uint64_t index) {
    return reinterpret_cast<std::uint64_t*>(memory.at(list, 4 * kPageSize))[index];
  }
};

TEST_F(Prps, OnePage) {
  build_prps(memory, list, 0x200000, 4096, command);
  EXPECT_EQ(command.prp1, 0x200000u);
  EXPECT_EQ(command.prp2, 0u);
  build_prps(memory, list, 0x200e00, 512, command);  // up to the page's end
  EXPECT_EQ(command.prp1, 0x200e00u);
  EXPECT_EQ(command.prp2, 0u);
}

TEST_F(Prps, TwoPages) {
  build_prps(memory, list, 0x200e00, 513, command);
  EXPECT_EQ(command.prp2, 0x201000u);
  build_prps(memory, list, 0x200004, 4092 + 4096, command);
  EXPECT_EQ(command.prp1, 0x200004u);
  EXPECT_EQ(command.prp2, 0x201000u);
}

TEST_F(Prps, ThreePagesNeedAList) {
  build_prps(memory, list, 0x200004, 8192, command);
  EXPECT_EQ(command.prp2, list);
  EXPECT_EQ(entry(0), 0x201000u);
  EXPECT_EQ(entry(1), 0x202000u);
  EXPECT_EQ(entry(2), 0u);
}

TEST_F(Prps, AFullListPageHasNoPointer) {
  build_prps(memory, list, 0x200000, 513 * 4096, command);
  EXPECT_EQ(entry(511), 0x200000u + 512 * 4096);
}

TEST_F(Prps, LongerListsAreChained) {
  build_prps(memory, list, 0x200000, 514 * 4096, command);
  EXPECT_EQ(entry(510), 0x200000u + 511 * 4096);
  EXPECT_EQ(entry(511), list + 4096);
  EXPECT_EQ(entry(512), 0x200000u + 512 * 4096);
  EXPECT_EQ(entry(513), 0x200000u + 513 * 4096);
  EXPECT_EQ(entry(514), 0u);
}

TEST_F(Prps, ListPagesSufficeAtTheWorstAlignment) {
  EXPECT_EQ(prp_list_pages(4096), 1u);
  EXPECT_EQ(prp_list_pages(512 * 4096), 1u);  // with an offset: PRP1 and 512 entries
  EXPECT_EQ(prp_list_pages(512 * 4096 + 4), 2u);
  EXPECT_EQ(prp_list_pages(1023 * 4096), 2u);
  EXPECT_EQ(prp_list_pages(1024 * 4096), 3u);
}

}  // namespace
}  // namespace cardvp::host::nvme
