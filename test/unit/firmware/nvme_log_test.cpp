// NVMe 1.4, 5.14: Get Log Page.
#include "test/unit/firmware/nvme_fixture.h"

namespace cardvp {
namespace {

using namespace nvme_regs;

struct Logs : NvmeFirmware {
  Logs() { enable(); }
  Completion log(std::uint32_t id, std::uint64_t bytes, std::uint64_t offset = 0, std::uint32_t nsid = 0xffffffff) {
    const auto dwords = static_cast<std::uint32_t>(bytes / 4 - 1);
    return admin({.opcode = NVME_GET_LOG_PAGE,
                  .nsid = nsid,
                  .dw10 = id | (dwords & 0xffff) << 16,
                  .dw11 = dwords >> 16,
                  .dw12 = static_cast<std::uint32_t>(offset),
                  .dw13 = static_cast<std::uint32_t>(offset >> 32)});
  }
};

TEST_F(Logs, Health) {
  bank_.set(READ_BYTES, 512000);
  bank_.set(WRITE_BYTES, 512001);
  bank_.set(READ_COMMANDS, 11);
  bank_.set(WRITE_COMMANDS, 1ull << 40);
  bank_.set(MEDIA_ERRORS, 3);
  bank_.set(ERRORS, 5);
  now_us_ = 7'199'999'999;
  const Completion answer = log(NVME_LOG_HEALTH, 512);
  ASSERT_EQ(answer.status, NVME_SUCCESS);
  const auto& page = answer.data;
  ASSERT_EQ(page.size(), 512u);
  EXPECT_EQ(page[0], 0);                              // no warning
  EXPECT_EQ(page[3], 100);                            // available spare
  EXPECT_EQ(little_endian(page, 32, 8), 1u);          // data units read: thousands of 512 bytes,
  EXPECT_EQ(little_endian(page, 48, 8), 2u);          // written: rounded up
  EXPECT_EQ(little_endian(page, 64, 8), 11u);         // host read commands
  EXPECT_EQ(little_endian(page, 80, 8), 1ull << 40);  // host write commands
  EXPECT_EQ(little_endian(page, 128, 8), 1u);         // power on hours
  EXPECT_EQ(little_endian(page, 160, 8), 3u);         // media errors
  EXPECT_EQ(little_endian(page, 176, 8), 5u);         // error log entries
}

TEST_F(Logs, DataUnitsOfHugeCounters) {
  bank_.set(READ_BYTES, ~0ull);
  EXPECT_EQ(little_endian(log(NVME_LOG_HEALTH, 512).data, 32, 8), 36028797018964u);  // 2^64 / 512000, rounded up
}

TEST_F(Logs, ErrorsShowTheNewest) {
  EXPECT_EQ(log(NVME_LOG_ERROR, 64).data, std::vector<std::uint8_t>(64, 0));
  bank_.set(ERRORS, 9);
  bank_.set(LAST_ERROR, 0x0000410412340002);  // SQ 2, CID 0x1234, status DNR | LBA out of range, as in the entry
  bank_.set(LAST_ERROR_LBA, 0xabcdef0123);
  const auto entry = log(NVME_LOG_ERROR, 64).data;
  EXPECT_EQ(little_endian(entry, 0, 8), 9u);
  EXPECT_EQ(little_endian(entry, 8, 2), 2u);
  EXPECT_EQ(little_endian(entry, 10, 2), 0x1234u);
  EXPECT_EQ(little_endian(entry, 12, 2), 0x4104u);
  EXPECT_EQ(little_endian(entry, 16, 8), 0xabcdef0123u);
  EXPECT_EQ(little_endian(entry, 24, 4), 1u);
}

TEST_F(Logs, FirmwareSlots) {
  const auto page = log(NVME_LOG_FIRMWARE, 512).data;
  EXPECT_EQ(page[0], 1);
  EXPECT_EQ(text(page, 8, 8), "0.2.0   ");
  EXPECT_EQ(little_endian(page, 16, 8), 0u);
  update_.put(1, UpdateCard::package(0x00030000, 100));
  EXPECT_EQ(text(log(NVME_LOG_FIRMWARE, 512).data, 16, 8), "0.3.0   ");
}

TEST_F(Logs, EffectsListWhatIsAnswered) {
  const auto page = log(NVME_LOG_EFFECTS, 4096).data;
  ASSERT_EQ(page.size(), 4096u);
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    if (opcode == NVME_ASYNC_EVENT_REQUEST) continue;
    const bool answered = admin({.opcode = static_cast<std::uint8_t>(opcode)}).status != NVME_INVALID_OPCODE;
    update_function_reset(&update_.firmware, 3);
    EXPECT_EQ(little_endian(page, 4 * opcode, 4), answered ? 1u : 0u) << opcode;
  }
  EXPECT_EQ(little_endian(page, 1024 + 4 * NVME_WRITE, 4), 3u);  // changes logical blocks
  EXPECT_EQ(little_endian(page, 1024 + 4 * NVME_READ, 4), 1u);
  EXPECT_EQ(little_endian(page, 1024 + 4 * 0x09, 4), 0u);  // no Dataset Management
}

TEST_F(Logs, LengthAndOffset) {
  bank_.set(READ_COMMANDS, 0x1122334455667788);
  const auto part = log(NVME_LOG_HEALTH, 8, 64).data;
  ASSERT_EQ(part.size(), 8u);
  EXPECT_EQ(little_endian(part, 0, 8), 0x1122334455667788u);
  EXPECT_EQ(log(NVME_LOG_HEALTH, 4096).data.size(), 512u);  // never beyond the log
  EXPECT_EQ(log(NVME_LOG_HEALTH, 512, 508).data.size(), 4u);
  EXPECT_EQ(log(NVME_LOG_HEALTH, 4, 512).data.size(), 0u);
  EXPECT_EQ(log(NVME_LOG_HEALTH, 4, 516).status, NVME_INVALID_FIELD);
  EXPECT_EQ(log(NVME_LOG_HEALTH, 4, 2).status, NVME_INVALID_FIELD);
  EXPECT_EQ(log(NVME_LOG_HEALTH, 4, ~3ull).status, NVME_INVALID_FIELD);
  EXPECT_EQ(log(NVME_LOG_EFFECTS, 1 << 20).status, NVME_SUCCESS);  // MDTS
  EXPECT_EQ(log(NVME_LOG_EFFECTS, (1 << 20) + 4).status, NVME_INVALID_FIELD);
  EXPECT_EQ(log(NVME_LOG_EFFECTS, 1ull << 34).status, NVME_INVALID_FIELD);  // the longest there can be
}

TEST_F(Logs, UnknownPagesAndNamespaces) {
  const std::set<std::uint32_t> known{NVME_LOG_ERROR, NVME_LOG_HEALTH, NVME_LOG_FIRMWARE, NVME_LOG_EFFECTS};
  for (std::uint32_t id = 0; id < 256; ++id) {
    if (known.contains(id)) continue;
    EXPECT_EQ(log(id, 64).status, NVME_INVALID_LOG_PAGE) << id;
  }
  EXPECT_EQ(log(NVME_LOG_HEALTH, 512, 0, 0).status, NVME_SUCCESS);
  EXPECT_EQ(log(NVME_LOG_HEALTH, 512, 0, 1).status, NVME_INVALID_FIELD);  // LPA bit 0
  EXPECT_EQ(log(NVME_LOG_HEALTH, 512, 0, 2).status, NVME_INVALID_NAMESPACE);
}

}  // namespace
}  // namespace cardvp
