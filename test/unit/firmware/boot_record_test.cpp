// The boot record (firmware/sdk/include/handoff.h): a list that is only added to.
#include "firmware/sdk/include/boot_record.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace {

struct BootRecord : testing::Test {
  BootRecord() : records(BOOT_RECORDS) { std::memset(records.data(), 0xff, FLASH_BOOT_RECORD_BYTES); }
  boot_record_state state() const { return boot_record_read(records.data()); }
  std::vector<boot_record> records;
};

TEST_F(BootRecord, ErasedNamesTheFirstSlot) {
  const boot_record_state none = state();
  EXPECT_EQ(none.sequence, 0u);
  EXPECT_EQ(none.slot, 0u);
  EXPECT_EQ(none.next, 0u);
}

TEST_F(BootRecord, TheLastGoodEntryCounts) {
  records[0] = boot_record_make(1, 1);
  records[1] = boot_record_make(2, 0);
  records[2] = boot_record_make(3, 1);
  EXPECT_EQ(state().slot, 1u);
  EXPECT_EQ(state().sequence, 3u);
  EXPECT_EQ(state().next, 3u);
}

TEST_F(BootRecord, FieldsAreCovered) {
  EXPECT_EQ(boot_record_make(1, 1).check, ~(0x4b4f4f42u ^ 1u ^ 1u));
  for (unsigned word = 0; word < 4; ++word) {
    records[0] = boot_record_make(1, 0);
    records[1] = boot_record_make(2, 1);
    reinterpret_cast<std::uint32_t*>(&records[1])[word] ^= 1u << 7;
    EXPECT_EQ(state().slot, 0u) << word;
    EXPECT_EQ(state().next, 2u) << word;
  }
}

// Power that fails between two words leaves the rest erased.
TEST_F(BootRecord, CutShortIsPassedOver) {
  records[0] = boot_record_make(1, 1);
  const boot_record second = boot_record_make(2, 0);
  for (unsigned words = 1; words < 4; ++words) {
    std::memset(&records[1], 0xff, sizeof records[1]);
    std::memcpy(&records[1], &second, 4 * words);
    EXPECT_EQ(state().slot, 1u) << words;
    EXPECT_EQ(state().next, 2u) << words;
  }
  records[2] = boot_record_make(2, 0);
  EXPECT_EQ(state().slot, 0u);
}

TEST_F(BootRecord, SlotsThatDoNotExist) {
  records[0] = boot_record_make(1, 2);
  EXPECT_EQ(state().slot, 0u);
  EXPECT_EQ(state().sequence, 0u);
  EXPECT_EQ(state().next, 1u);
}

TEST_F(BootRecord, Full) {
  for (unsigned i = 0; i < BOOT_RECORDS; ++i) records[i] = boot_record_make(i + 1, i & 1);
  EXPECT_EQ(state().next, static_cast<unsigned>(BOOT_RECORDS));
  EXPECT_EQ(state().slot, 1u);
}

}  // namespace
