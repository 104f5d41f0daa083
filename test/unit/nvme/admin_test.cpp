// Admin commands: to the firmware and back.
#include <cstring>

#include "test/unit/nvme/machine.h"

namespace cardvp::nvme {
namespace {

constexpr std::uint64_t kCardData = 0x8000;

struct Admin : Machine {
  Admin() { start(); }
  void fill_card(std::uint64_t address, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) ram.bytes.at(address + i) = pcie::FakeHost::pattern(i * 3 + 1);
  }
  // The firmware answers with `size` bytes of card memory.
  void answer_with(std::uint32_t size, std::uint64_t address = kCardData) {
    firmware.on_admin = [this, size, address](const nvme_message_admin& message) {
      firmware.complete(message.header, status::kSuccess, 0, address, size);
    };
  }
  SubmissionEntry identify(std::uint64_t prp1, std::uint64_t prp2 = 0) {
    SubmissionEntry entry = command(Opcode::kFlush, 0, 1, prp1, prp2);
    entry.opcode = 0x06;
    return entry;
  }
  bool same(std::uint64_t host_address, std::uint64_t card_address, std::size_t size) {
    return std::memcmp(&host.memory.at(host_address), &ram.bytes.at(card_address), size) == 0;
  }
  std::uint64_t ignored() { return count("ignored_messages"); }
};

TEST_F(Admin, CommandsGoToTheFirmwareAsTheyAre) {
  firmware.on_admin = [this](const nvme_message_admin& message) {
    firmware.complete(message.header, 0x109 | status::kDnr, 0xcafe0001);
  };
  SubmissionEntry entry;
  std::memset(&entry, 0x5a, sizeof entry);
  entry.cid = 0x1234;
  submit(admin, entry);
  const CompletionEntry completion = wait(admin);
  ASSERT_EQ(firmware.commands.size(), 1u);
  EXPECT_EQ(firmware.commands[0].header.function, 0);
  EXPECT_EQ(std::memcmp(firmware.commands[0].command, &entry, 64), 0);
  EXPECT_EQ(completion.dw0, 0xcafe0001u);
  EXPECT_EQ(completion.cid, 0x1234);
  EXPECT_EQ(completion.sq_head, 1);
  EXPECT_EQ(completion.sq_id, 0);
  EXPECT_EQ(completion.status_and_phase, (0x4109 << 1) | 1);
  sc_core::sc_start(us(1));
  EXPECT_EQ(interrupts(), std::vector<unsigned>{0});
}

TEST_F(Admin, DataGoesToThePrps) {
  fill_card(kCardData, 4096);
  answer_with(4096);
  EXPECT_EQ(run(admin, identify(kData)), status::kSuccess);
  EXPECT_TRUE(same(kData, kCardData, 4096));
  // with an offset, over two pages
  EXPECT_EQ(run(admin, identify(kData + 0x1ff0, kData + 0x8000)), status::kSuccess);
  EXPECT_TRUE(same(kData + 0x1ff0, kCardData, 16));
  EXPECT_TRUE(same(kData + 0x8000, kCardData + 16, 4080));
  EXPECT_EQ(host.load<std::uint64_t>(kData + 0x8000 + 4080), 0u);
}

TEST_F(Admin, MuchDataGoesByAPrpList) {
  fill_card(kCardData, 3 * 4096 + 4);
  answer_with(3 * 4096 + 4);
  for (std::uint64_t i = 0; i < 3; ++i) host.store<std::uint64_t>(kData + i * 8, kData + 0x10000 - i * 0x2000);
  EXPECT_EQ(run(admin, identify(kData + 0x3000, kData)), status::kSuccess);
  EXPECT_TRUE(same(kData + 0x3000, kCardData, 4096));
  EXPECT_TRUE(same(kData + 0x10000, kCardData + 4096, 4096));
  EXPECT_TRUE(same(kData + 0xe000, kCardData + 8192, 4096));
  EXPECT_TRUE(same(kData + 0xc000, kCardData + 12288, 4));
}

TEST_F(Admin, PrpsOfAHostileHost) {
  fill_card(kCardData, 16384);
  answer_with(4096);
  EXPECT_EQ(run(admin, identify(kData + 1)), status::kPrpOffsetInvalid);
  EXPECT_EQ(run(admin, identify(kData + 8, kData + 8)), status::kPrpOffsetInvalid);
  SubmissionEntry sgl = identify(kData);
  sgl.flags = 0x40;
  EXPECT_EQ(run(admin, sgl), status::kInvalidField);
  EXPECT_EQ(run(admin, identify(~0ull << 12)), status::kSuccess);  // dropped by the host; nobody can know
  answer_with(16384);
  EXPECT_EQ(run(admin, identify(kData, kMemory + 0x1000)), status::kDataTransferError);
  EXPECT_EQ(host.load<std::uint64_t>(kData), 0u);
}

TEST_F(Admin, DataThatTheFirmwareCannotMean) {
  answer_with(kMaxTransfer + 1);
  EXPECT_EQ(run(admin, identify(kData)), status::kInternalError);
  answer_with(0xffffffff);
  EXPECT_EQ(run(admin, identify(kData)), status::kInternalError);
  answer_with(4096, ram.bytes.size() - 100);  // ends in a bus error
  EXPECT_EQ(run(admin, identify(kData)), status::kInternalError);
  answer_with(64, ~0ull - 31);
  EXPECT_EQ(run(admin, identify(kData)), status::kInternalError);
}

TEST_F(Admin, AnswersThatFitNothingAreIgnored) {
  std::vector<nvme_message_header> held;
  firmware.on_admin = [&](const nvme_message_admin& message) { held.push_back(message.header); };
  submit(admin, identify(kData));
  sc_core::sc_start(us(5));
  ASSERT_EQ(held.size(), 1u);
  firmware.complete({0, 0, held[0].tag + 1});
  firmware.complete({0, 7, held[0].tag});  // a function without a controller
  firmware.complete({0, 0xffff, held[0].tag});
  firmware.send(nvme_message_header{99, 0, held[0].tag});
  sc_core::sc_start(us(5));
  EXPECT_FALSE(poll(admin));
  EXPECT_EQ(ignored(), 1u);
  EXPECT_EQ(sim.stats.counter("nvme.bad_messages", "").value(), 3u);
  firmware.complete(held[0]);
  firmware.complete(held[0]);  // twice
  sc_core::sc_start(us(5));
  EXPECT_TRUE(poll(admin));
  EXPECT_FALSE(poll(admin));
  EXPECT_EQ(ignored(), 2u);
}

TEST_F(Admin, AnswersFromBeforeAResetAreIgnored) {
  std::vector<nvme_message_header> held;
  firmware.on_admin = [&](const nvme_message_admin& message) { held.push_back(message.header); };
  submit(admin, identify(kData));
  sc_core::sc_start(us(5));
  set_reg(0x14, 0);
  sc_core::sc_start(us(5));
  enable();
  submit(admin, identify(kData));
  sc_core::sc_start(us(5));
  ASSERT_EQ(held.size(), 2u);
  firmware.complete(held[0]);
  sc_core::sc_start(us(5));
  EXPECT_FALSE(poll(admin));
  EXPECT_EQ(ignored(), 1u);
  firmware.complete(held[1]);
  EXPECT_EQ(wait(admin).sq_head, 1);
}

TEST_F(Admin, OnlySoManyAreWithTheFirmware) {
  set_reg(0x14, 0);
  sc_core::sc_start(us(5));
  enable(256);
  std::vector<nvme_message_header> held;
  firmware.on_admin = [&](const nvme_message_admin& message) { held.push_back(message.header); };
  for (std::uint16_t i = 0; i < 100; ++i) {
    SubmissionEntry entry = identify(0);
    entry.cid = i;
    put(admin, entry);
  }
  ring_tail(0, admin.tail);
  sc_core::sc_start(us(20));
  EXPECT_EQ(held.size(), std::size_t{NVME_ADMIN_LIMIT});
  firmware.complete(held[5]);
  EXPECT_EQ(wait(admin).cid, 5);
  sc_core::sc_start(us(5));
  EXPECT_EQ(held.size(), NVME_ADMIN_LIMIT + 1u);
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (i != 5) firmware.complete(held[i]);
    sc_core::sc_start(us(2));
  }
  EXPECT_EQ(held.size(), 100u);
}

TEST_F(Admin, AFullCompletionQueueWaitsForItsHead) {
  set_reg(0x14, 0);
  sc_core::sc_start(us(5));
  enable(4);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 3; ++i) put(admin, identify(0));
    ring_tail(0, admin.tail);
    sc_core::sc_start(us(20));
  }
  int seen = 0;
  while (poll(admin, false)) ++seen;
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(firmware.commands.size(), 6u);
  ring_head(0, admin.head);
  sc_core::sc_start(us(5));
  while (poll(admin)) ++seen;
  EXPECT_EQ(seen, 6);
}

TEST_F(Admin, AQueueThatCannotBeReadIsFatal) {
  set_reg(0x14, 0);
  sc_core::sc_start(us(5));
  set_reg(0x28, kMemory + 0x1000, 8);
  set_reg(0x14, 0x00460001);
  sc_core::sc_start(us(2));
  ring_tail(0, 1);
  sc_core::sc_start(us(5));
  EXPECT_EQ(reg(0x1c), 3u);  // CFS, RDY
  EXPECT_TRUE(firmware.commands.empty());
  // and a controller reset heals it
  set_reg(0x14, 0);
  sc_core::sc_start(us(5));
  EXPECT_EQ(reg(0x1c), 0u);
  enable();
  EXPECT_EQ(run(admin, identify(kData)), status::kSuccess);
}

}  // namespace
}  // namespace cardvp::nvme
