// The driver's admin commands with data: firmware, log pages, attestation (NVMe 1.4, 5.11, 5.12, 5.14, Figure 105).
#include <algorithm>

#include "test/unit/host/nvme_machine.h"

namespace cardvp::host {
namespace {

using nvme::AdminData;
using nvme::CommitAction;
using nvme::Completion;
using nvme::Status;

struct NvmeManagement : NvmeMachine {
  static std::vector<std::byte> image(std::size_t bytes) {
    std::vector<std::byte> content(bytes);
    for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<std::byte>(i * 11 + i / 4096);
    return content;
  }
  Completion download(std::size_t bytes) {
    device.pieces.clear();
    device.firmware.clear();
    return result(driver->firmware_download(image(bytes)));
  }
  std::vector<std::uint64_t> piece_sizes() const {
    std::vector<std::uint64_t> sizes;
    for (const auto& piece : device.pieces) sizes.push_back(piece.bytes);
    return sizes;
  }
  static std::uint32_t dword(const AdminData& data, std::size_t index) {
    std::uint32_t value = 0;
    std::memcpy(&value, &data.data.at(index * 4), 4);
    return value;
  }
};
using Sizes = std::vector<std::uint64_t>;

TEST_F(NvmeManagement, AnImageGoesInPiecesInOrder) {
  make_and_start();
  EXPECT_EQ(driver->info().firmware_granularity, 4u);
  ASSERT_TRUE(download(200'004).status.ok());
  EXPECT_EQ(piece_sizes(), (Sizes{65536, 65536, 65536, 3396}));
  EXPECT_EQ(device.pieces[2].offset, 131072u);
  EXPECT_EQ(device.firmware, image(200'004));
  ASSERT_TRUE(download(4).status.ok());
  EXPECT_EQ(piece_sizes(), Sizes{4});
}

TEST_F(NvmeManagement, PiecesFitTransferLimitAndGranularity) {
  device.mdts = 3;  // 32 KiB
  make_and_start();
  ASSERT_TRUE(download(70'000).status.ok());
  EXPECT_EQ(piece_sizes(), (Sizes{32768, 32768, 4464}));
  EXPECT_EQ(device.firmware, image(70'000));
  device.fwug = 3;  // 12 KiB
  ASSERT_FALSE(result(driver->reset()));
  ASSERT_TRUE(download(70'000).status.ok());
  EXPECT_EQ(piece_sizes(), (Sizes{24576, 24576, 20848}));
  device.fwug = 0;  // unknown: a page
  ASSERT_FALSE(result(driver->reset()));
  EXPECT_EQ(driver->info().firmware_granularity, 4096u);
  device.fwug = 9;  // 36 KiB: more than a transfer
  ASSERT_FALSE(result(driver->reset()));
  EXPECT_EQ(download(70'000).status, Status::kInvalid);
  EXPECT_TRUE(device.pieces.empty());
}

TEST_F(NvmeManagement, ThePieceThatIsRefusedIsTheLast) {
  make_and_start();
  device.on_command = [this](std::uint16_t, const nvme::Command& command) {
    return command.opcode == 0x11 && device.pieces.size() == 1 ? std::optional<std::uint16_t>(0x114) : std::nullopt;
  };
  EXPECT_EQ(download(300'000).status.text(), "Overlapping Range (SCT 1, SC 0x14)");
  EXPECT_EQ(device.pieces.size(), 1u);
  EXPECT_EQ(std::ranges::count(admin_opcodes(), 0x11u), 2);
}

TEST_F(NvmeManagement, ImagesThatCannotBeSent) {
  make();
  EXPECT_EQ(result(driver->firmware_download(image(64))).status, Status::kNotStarted);
  ASSERT_FALSE(start());
  EXPECT_EQ(download(0).status, Status::kInvalid);
  EXPECT_EQ(download(66).status, Status::kInvalid);
  EXPECT_TRUE(device.pieces.empty());
}

TEST_F(NvmeManagement, CommitNamesSlotAndAction) {
  make_and_start();
  const auto commit = [this](unsigned slot, CommitAction action) {
    return result(driver->firmware_commit(slot, action)).status;
  };
  EXPECT_TRUE(commit(2, CommitAction::kActivateNow).ok());
  EXPECT_EQ(device.seen.back().command.opcode, 0x10);
  EXPECT_EQ(device.seen.back().command.dw10, 2u | 3u << 3);
  EXPECT_TRUE(commit(0, CommitAction::kReplace).ok());
  EXPECT_EQ(device.seen.back().command.dw10, 0u);
  EXPECT_EQ(commit(3, CommitAction::kReplaceAndActivate).text(), "Invalid Firmware Slot (SCT 1, SC 0x06)");
  EXPECT_EQ(commit(8, CommitAction::kReplace), Status::kInvalid);
}

TEST_F(NvmeManagement, LogPages) {
  make_and_start();
  const AdminData log = result(driver->get_log_page(0x03, 512));
  ASSERT_TRUE(log.completion.status.ok());
  ASSERT_EQ(log.data.size(), 512u);
  EXPECT_EQ(dword(log, 0), 2u);
  EXPECT_EQ(dword(log, 127), 127u);
  EXPECT_EQ(device.seen.back().command.dw10, 0x03u | 127u << 16);
  EXPECT_EQ(device.seen.back().command.nsid, 0xffffffffu);
  EXPECT_EQ(result(driver->get_log_page(2, 65536)).data.size(), 65536u);
  EXPECT_EQ(result(driver->get_log_page(2, 65540)).completion.status, Status::kInvalid);
  EXPECT_EQ(result(driver->get_log_page(2, 10)).completion.status, Status::kInvalid);
  EXPECT_EQ(result(driver->get_log_page(2, 0)).completion.status, Status::kInvalid);
  device.mdts = 3;
  ASSERT_FALSE(result(driver->reset()));
  EXPECT_EQ(result(driver->get_log_page(2, 32768)).data.size(), 32768u);
  EXPECT_EQ(result(driver->get_log_page(2, 32772)).completion.status, Status::kInvalid);
}

TEST_F(NvmeManagement, QuoteAndEventLog) {
  make();
  EXPECT_EQ(result(driver->get_event_log()).completion.status, Status::kNotStarted);
  ASSERT_FALSE(start());
  std::array<std::uint8_t, 16> nonce;
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(0x10 + i);
  const AdminData quote = result(driver->get_quote(nonce, 632));
  ASSERT_TRUE(quote.completion.status.ok());
  ASSERT_EQ(quote.data.size(), 632u);
  EXPECT_EQ(dword(quote, 0), 0xc2u);
  EXPECT_EQ(dword(quote, 157), 157u);
  const nvme::Command& asked = device.seen.back().command;
  EXPECT_EQ(asked.dw10, 158u);
  EXPECT_EQ(asked.dw11, 0u);
  EXPECT_EQ(asked.dw12, 0x13121110u);
  EXPECT_EQ(asked.dw15, 0x1f1e1d1cu);
  const AdminData log = result(driver->get_event_log());
  EXPECT_EQ(log.data.size(), 4096u);
  EXPECT_EQ(dword(log, 0), 0xc6u);
  device.on_command = [](std::uint16_t, const nvme::Command&) { return 0x4002; };
  const AdminData refused = result(driver->get_quote(nonce));
  EXPECT_EQ(refused.completion.status, Status(0x4002));
  EXPECT_TRUE(refused.data.empty());
}

TEST_F(NvmeManagement, StatusNames) {
  EXPECT_EQ(Status(0x4286).text(), "Access Denied (SCT 2, SC 0x86)");
  EXPECT_EQ(Status(0x4107).text(), "Invalid Firmware Image (SCT 1, SC 0x07)");
  EXPECT_EQ(Status(0x10b).text(), "Firmware Activation Requires Conventional Reset (SCT 1, SC 0x0b)");
  EXPECT_EQ(Status(0x111).text(), "Firmware Activation Requires Controller Level Reset (SCT 1, SC 0x11)");
}

}  // namespace
}  // namespace cardvp::host
