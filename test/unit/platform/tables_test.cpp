#include "platform/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "platform/memory_map.h"

namespace cardvp {
namespace {

using testing::HasSubstr;

TEST(Tables, NameEveryBankThatTheMapHas) {
  const std::string text = platform::register_tables();
  for (const char* bank :
       {"WATCHDOG", "MAILBOX", "FUSES", "PCIE_LINK", "PCIE_FUNCTION", "NVME", "SECURITY", "HOST_GATE", "DMA"})
    EXPECT_THAT(text, HasSubstr(std::string("\n## ") + bank + "\n"));
  EXPECT_THAT(text, HasSubstr("| | | 1 | CAUSED_RESET | w1c | 0x0 |"));
  EXPECT_THAT(text, HasSubstr("| 0x0040 + 0x4 n | ROOT_KEY_HASH[12] | 32 |"));
}

TEST(Tables, EveryRowHasItsColumns) {
  std::istringstream lines(platform::register_tables());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("|")) continue;
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
    EXPECT_EQ(bars, 8u) << line;
  }
}

TEST(MemoryMap, RegionsDoNotOverlap) {
  for (const map::Region& a : map::kRegions)
    for (const map::Region& b : map::kRegions) {
      if (&a != &b) {
        EXPECT_TRUE(a.base + a.size <= b.base || b.base + b.size <= a.base) << a.name << " " << b.name;
      }
    }
  EXPECT_THAT(platform::memory_map_tables(), HasSubstr("| UART | 0x09000000 | 0x09000fff | 0x1000 |"));
}

}  // namespace
}  // namespace cardvp
