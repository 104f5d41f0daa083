// Firmware update and attestation as admin commands (NVMe 1.4, 5.11, 5.12, Figure 105).
#include "test/unit/firmware/nvme_fixture.h"

namespace cardvp {
namespace {

constexpr std::uint32_t kQuoteDwords = sizeof(security_quote) / 4;

struct UpdateCommands : NvmeFirmware {
  UpdateCommands() { enable(); }

  Completion download(std::uint32_t first, std::uint32_t dwords_less_one) {
    return admin({.opcode = NVME_FIRMWARE_DOWNLOAD, .dw10 = dwords_less_one, .dw11 = first});
  }
  Completion commit(std::uint32_t slot, std::uint32_t action) {
    return admin({.opcode = NVME_FIRMWARE_COMMIT, .dw10 = action << 3 | slot});
  }
};

TEST_F(UpdateCommands, IdentifyTellsOfThem) {
  const auto page = admin({.opcode = NVME_IDENTIFY, .dw10 = 1}).data;
  EXPECT_EQ(little_endian(page, 256, 2), 4u);  // OACS: firmware commit and download
  EXPECT_EQ(page[260], 0x14);                  // FRMW: no slot is read-only, two slots, activation without reset
  EXPECT_EQ(page[264], 1);                     // AVSCC
  EXPECT_EQ(little_endian(page, 270, 2), 1u);  // MTFA
  EXPECT_EQ(page[319], 0xff);                  // FWUG: no restriction
}

TEST_F(UpdateCommands, Download) {
  EXPECT_EQ(download(16, 7).status, 0xffff);  // the engine has to bring the data first
  ASSERT_EQ(update_.fetches.size(), 1u);
  EXPECT_EQ(update_.fetches[0].function, 3u);
  EXPECT_EQ(update_.fetches[0].tag, next_tag_ - 1);
  EXPECT_EQ(update_.fetches[0].offset, 64u);
  EXPECT_EQ(update_.fetches[0].size, 32u);
}

TEST_F(UpdateCommands, DownloadOfMoreThanATransfer) {
  bank_.set(nvme_regs::FORMAT_MDTS, 2);
  nvme_read_limits(&controller_);
  EXPECT_EQ(download(0, 4096).status, NVME_INVALID_FIELD);
  EXPECT_EQ(download(0, 0xffffffff).status, NVME_INVALID_FIELD);
  EXPECT_TRUE(update_.fetches.empty());
  EXPECT_EQ(download(0, 4095).status, 0xffff);
}

TEST_F(UpdateCommands, Commit) {
  update_.put(1, UpdateCard::package(0x00030000, 100));
  EXPECT_EQ(commit(1, 0).status, NVME_INVALID_FIRMWARE_SLOT);
  EXPECT_EQ(commit(5, 2).status, NVME_INVALID_FIRMWARE_SLOT);
  EXPECT_EQ(commit(2, 5).status, NVME_INVALID_FIELD);
  const std::uint32_t tag = next_tag_;
  EXPECT_EQ(commit(2, 2).status, 0xffff);
  update_.work();
  EXPECT_EQ(update_.status_of(tag), unsigned{NVME_SUCCESS});
  EXPECT_EQ(update_.record().slot, 1u);
}

TEST_F(UpdateCommands, ResetOfTheControllerReachesTheUpdate) {
  update_.download(3, std::vector<std::uint8_t>(1024));
  EXPECT_EQ(update_.firmware.owner, 3);
  host_writes_cc(0);
  events();
  EXPECT_EQ(update_.firmware.owner, UPDATE_NO_FUNCTION);
  enable();
  update_.download(3, std::vector<std::uint8_t>(1024));
  raise(nvme_regs::EVENTS_RESET);
  events();
  EXPECT_EQ(update_.firmware.owner, UPDATE_NO_FUNCTION);
}

// What the engine noted of an attachment before would keep it from telling of anything new.
TEST_F(UpdateCommands, AttachingForgetsOldEvents) {
  raise(nvme_regs::EVENTS_RESET);
  nvme_init(&controller_, &port_, &card_, 3, &identity_);
  EXPECT_EQ(bank_.get(nvme_regs::EVENTS), 0u);
}

TEST_F(UpdateCommands, ShutdownDoesNot) {
  update_.download(3, std::vector<std::uint8_t>(1024));
  host_writes_cc(kCcEnable | 1 << 14);
  events();
  EXPECT_EQ(update_.firmware.owner, 3);
}

struct Attestation : NvmeFirmware {
  Attestation() {
    enable();
    event_log_.magic = EVENT_LOG_MAGIC;
    event_log_.count = 2;
    event_log_.events[EVENT_LOG_ENTRIES - 1].version = 0x12345678;
  }
  Completion quote(std::uint32_t dwords, std::uint32_t metadata = 0) {
    return admin({.opcode = NVME_GET_QUOTE,
                  .dw10 = dwords,
                  .dw11 = metadata,
                  .dw12 = 0x03020100,
                  .dw13 = 0x07060504,
                  .dw14 = 0x0b0a0908,
                  .dw15 = 0x0f0e0d0c});
  }
  Completion log(std::uint32_t dwords) { return admin({.opcode = NVME_GET_EVENT_LOG, .dw10 = dwords}); }
};

TEST_F(Attestation, QuoteOverTheHostsNonce) {
  const Completion answer = quote(kQuoteDwords);
  EXPECT_EQ(answer.status, NVME_SUCCESS);
  EXPECT_EQ(answer.data, std::vector<std::uint8_t>(sizeof(security_quote), 0x51));
  std::vector<std::uint8_t> nonce(SECURITY_NONCE_BYTES, 0);
  for (std::uint8_t i = 0; i < 16; ++i) nonce[i] = i;
  EXPECT_EQ(nonce_, nonce);
}

TEST_F(Attestation, QuotesAreWholeOrNot) {
  EXPECT_EQ(quote(0).status, NVME_INVALID_FIELD);
  EXPECT_EQ(quote(kQuoteDwords - 1).status, NVME_INVALID_FIELD);
  EXPECT_EQ(quote((1 << 30) + kQuoteDwords).status, NVME_INVALID_FIELD);  // bytes beyond 32 bits
  EXPECT_EQ(quote(0xffffffff).status, NVME_INVALID_FIELD);
  EXPECT_EQ(quote((1 << 18) + 1).status, NVME_INVALID_FIELD);    // MDTS
  EXPECT_EQ(quote(kQuoteDwords, 1).status, NVME_INVALID_FIELD);  // there is no metadata
  EXPECT_TRUE(nonce_.empty());
  EXPECT_EQ(quote(1 << 18).data.size(), sizeof(security_quote));
}

TEST_F(Attestation, EngineThatGivesNoQuote) {
  quote_status_ = SECURITY_TAMPERED;
  const Completion answer = quote(kQuoteDwords);
  EXPECT_EQ(answer.status, NVME_INTERNAL_ERROR);
  EXPECT_TRUE(answer.data.empty());
}

TEST_F(Attestation, EventLogAsLongAsTheHostHasRoom) {
  const auto whole = log(1024).data;
  ASSERT_EQ(whole.size(), sizeof(event_log));
  EXPECT_EQ(std::memcmp(whole.data(), &event_log_, sizeof event_log_), 0);
  for (const std::uint32_t dwords : {4u, 5u, 644u}) {
    const Completion answer = log(dwords);
    EXPECT_EQ(answer.status, NVME_SUCCESS);
    EXPECT_EQ(answer.data, std::vector<std::uint8_t>(whole.begin(), whole.begin() + 4 * dwords));
  }
  EXPECT_EQ(log(3).status, NVME_INVALID_FIELD);
  EXPECT_EQ(log(0).status, NVME_INVALID_FIELD);
  EXPECT_EQ(log(0xffffffff).status, NVME_INVALID_FIELD);
}

}  // namespace
}  // namespace cardvp
