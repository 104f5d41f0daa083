// Data that an admin command brings: the firmware asks for it (NVME_MESSAGE_FETCH), the engine puts it into card
// memory.
#include <cstring>

#include "test/unit/nvme/machine.h"

namespace cardvp::nvme {
namespace {

constexpr std::uint64_t kCard = 0x40000;

struct Fetch : Machine {
  Fetch() {
    start();
    host.fill(kData, 0x40000);
    firmware.on_admin = [this](const nvme_message_admin& message) { held.push_back(message.header); };
  }
  static SubmissionEntry download(std::uint64_t prp1, std::uint64_t prp2 = 0) {
    SubmissionEntry entry = command(Opcode::kFlush, 0, 1, prp1, prp2);
    entry.opcode = 0x11;
    return entry;
  }
  // The firmware has the command.
  nvme_message_header give(const SubmissionEntry& entry) {
    submit(admin, entry);
    sc_core::sc_start(us(5));
    EXPECT_FALSE(held.empty());
    return held.back();
  }
  // FETCH and its FETCHED.
  Status fetch(const nvme_message_header& header, std::uint64_t address, std::uint32_t size) {
    const std::size_t before = firmware.fetched.size();
    firmware.fetch(header, address, size);
    sc_core::sc_start(us(500));
    EXPECT_EQ(firmware.fetched.size(), before + 1);
    if (firmware.fetched.size() != before + 1) return 0x7fff;
    EXPECT_EQ(firmware.fetched.back().header.type, NVME_MESSAGE_FETCHED);
    EXPECT_EQ(firmware.fetched.back().header.function, header.function);
    EXPECT_EQ(firmware.fetched.back().header.tag, header.tag);
    return firmware.fetched.back().status;
  }
  // One command whose data is fetched.
  Status fetch_of(const SubmissionEntry& entry, std::uint64_t address, std::uint32_t size) {
    const nvme_message_header header = give(entry);
    const Status result = fetch(header, address, size);
    firmware.complete(header);
    EXPECT_EQ(wait(admin).status_and_phase >> 1, 0);
    return result;
  }
  bool same(std::uint64_t card_address, std::uint64_t host_address, std::size_t size) {
    return std::memcmp(&ram.bytes.at(card_address), &host.memory.at(host_address), size) == 0;
  }
  bool untouched(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t at = from; at < to; ++at)
      if (ram.bytes.at(at) != std::byte{0}) return false;
    return true;
  }
  std::vector<nvme_message_header> held;
};

TEST_F(Fetch, DataComesFromThePrps) {
  EXPECT_EQ(fetch_of(download(kData), kCard, 4096), status::kSuccess);
  EXPECT_TRUE(same(kCard, kData, 4096));
  EXPECT_TRUE(untouched(0, kCard));
  EXPECT_TRUE(untouched(kCard + 4096, kCard + 0x10000));
  // an offset, two pages, and an odd place and size in card memory
  EXPECT_EQ(fetch_of(download(kData + 0x1ffc, kData + 0x8000), kCard + 0x1001, 4095), status::kSuccess);
  EXPECT_TRUE(same(kCard + 0x1001, kData + 0x1ffc, 4));
  EXPECT_TRUE(same(kCard + 0x1005, kData + 0x8000, 4091));
  EXPECT_TRUE(untouched(kCard + 0x1001 + 4095, kCard + 0x10000));
}

TEST_F(Fetch, MuchDataComesByAPrpList) {
  const std::uint64_t list = kMemory - 0x1000;
  for (std::uint64_t i = 0; i < 255; ++i) host.store<std::uint64_t>(list + i * 8, kData + (i * 7 % 64) * 0x1000);
  EXPECT_EQ(fetch_of(download(kData, list), kCard, kMaxTransfer), status::kSuccess);
  EXPECT_TRUE(same(kCard, kData, 4096));
  for (std::uint64_t i = 0; i < 255; ++i)
    ASSERT_TRUE(same(kCard + (i + 1) * 4096, kData + (i * 7 % 64) * 0x1000, 4096)) << i;
}

TEST_F(Fetch, TakesTheTimeOfLinkAndBus) {
  const nvme_message_header header = give(download(kData));
  const sc_core::sc_time begun = sim.scheduler.now();
  firmware.fetch(header, kCard, 4096);
  while (firmware.fetched.empty() && sim.scheduler.now() - begun < us(100)) sc_core::sc_start(ns(1));
  const sc_core::sc_time took = sim.scheduler.now() - begun;
  EXPECT_GT(took, 2 * link.config().latency + ns(10));  // there and back, and the access of the memory
  EXPECT_LT(took, us(2));
}

TEST_F(Fetch, SeveralOneAfterAnother) {
  const nvme_message_header header = give(download(kData, kData + 0x1000));
  EXPECT_EQ(fetch(header, kCard, 16), status::kSuccess);
  EXPECT_EQ(fetch(header, kCard + 0x1000, 8192), status::kSuccess);
  EXPECT_TRUE(same(kCard, kData, 16));
  EXPECT_TRUE(same(kCard + 0x1000, kData, 8192));
  EXPECT_FALSE(poll(admin));
  firmware.complete(header);
  EXPECT_EQ(wait(admin).status_and_phase >> 1, 0);
}

TEST_F(Fetch, OneAtATimeForEachCommand) {
  const nvme_message_header first = give(download(kData));
  const nvme_message_header second = give(download(kData + 0x1000));
  firmware.fetch(first, kCard, 4096);
  firmware.fetch(first, kCard + 0x8000, 4096);  // too early
  firmware.fetch(second, kCard + 0x1000, 4096);
  sc_core::sc_start(us(10));
  EXPECT_EQ(firmware.fetched.size(), 2u);
  EXPECT_EQ(count("ignored_messages"), 1u);
  EXPECT_TRUE(same(kCard, kData, 8192));
  EXPECT_TRUE(untouched(kCard + 0x8000, kCard + 0x9000));
  EXPECT_EQ(fetch(first, kCard + 0x8000, 4096), status::kSuccess);
}

TEST_F(Fetch, WhatAHostileHostSends) {
  SubmissionEntry sgl = download(kData);
  sgl.flags = 0x40;
  EXPECT_EQ(fetch_of(sgl, kCard, 4096), status::kInvalidField);
  EXPECT_EQ(fetch_of(download(kData + 1), kCard, 4096), status::kPrpOffsetInvalid);
  EXPECT_EQ(fetch_of(download(kData + 8, kData + 8), kCard, 4096), status::kPrpOffsetInvalid);
  EXPECT_EQ(fetch_of(download(kMemory), kCard, 4096), status::kDataTransferError);
  EXPECT_EQ(fetch_of(download(~0ull << 12), kCard, 4096), status::kDataTransferError);
  EXPECT_EQ(fetch_of(download(kData, kMemory), kCard, 16384), status::kDataTransferError);
  EXPECT_TRUE(untouched(0, ram.bytes.size()));
}

TEST_F(Fetch, WhatTheFirmwareCannotMean) {
  EXPECT_EQ(fetch_of(download(kData), kCard, 0), status::kInternalError);
  EXPECT_EQ(fetch_of(download(kData), kCard, kMaxTransfer + 1), status::kInternalError);
  EXPECT_EQ(fetch_of(download(kData), kCard, ~0u), status::kInternalError);
  EXPECT_EQ(fetch_of(download(kData), ram.bytes.size(), 4096), status::kInternalError);
  EXPECT_EQ(fetch_of(download(kData), ram.bytes.size() - 100, 4096), status::kInternalError);
  EXPECT_EQ(fetch_of(download(kData), ~0ull - 31, 64), status::kInternalError);
  EXPECT_TRUE(untouched(0, ram.bytes.size() - 100));
}

TEST_F(Fetch, TagsThatFitNothingAreIgnored) {
  const nvme_message_header header = give(download(kData));
  firmware.fetch({0, 0, header.tag + 1}, kCard, 4096);
  firmware.fetch({0, 7, header.tag}, kCard, 4096);  // a function without a controller
  firmware.fetch({0, 0xffff, header.tag}, kCard, 4096);
  firmware.complete(header);
  firmware.fetch(header, kCard, 4096);  // the command is over
  sc_core::sc_start(us(10));
  EXPECT_TRUE(firmware.fetched.empty());
  EXPECT_EQ(count("ignored_messages"), 2u);
  EXPECT_EQ(sim.stats.counter("nvme.bad_messages", "").value(), 2u);
  EXPECT_TRUE(untouched(0, ram.bytes.size()));
}

TEST_F(Fetch, ACompletionEndsTheFetch) {
  const nvme_message_header header = give(download(kData));
  host.all_direct = host.answers_reads = false;
  firmware.fetch(header, kCard, 4096);
  sc_core::sc_start(us(2));
  ASSERT_EQ(host.reads.size(), 1u);
  firmware.complete(header, status::kInvalidField);
  sc_core::sc_start(us(2));
  host.answer(0);
  sc_core::sc_start(us(10));
  EXPECT_TRUE(firmware.fetched.empty());
  EXPECT_TRUE(untouched(0, ram.bytes.size()));
  EXPECT_EQ(wait(admin).status_and_phase >> 1, status::kInvalidField);
}

TEST_F(Fetch, AResetCancelsTheFetch) {
  for (const auto& reset :
       std::vector<std::function<void()>>{[this] { set_reg(0x14, 0); }, [this] { endpoint_core.write(0x1000, 0); }}) {
    const nvme_message_header header = give(download(kData));
    host.all_direct = host.answers_reads = false;
    firmware.fetch(header, kCard, 4096);
    sc_core::sc_start(us(2));
    ASSERT_EQ(host.reads.size(), 1u);
    const unsigned abandoned = host.abandoned;
    reset();
    sc_core::sc_start(us(5));
    EXPECT_EQ(host.abandoned, abandoned + 1);
    EXPECT_TRUE(host.reads.empty());
    host.all_direct = host.answers_reads = true;
    EXPECT_TRUE(firmware.fetched.empty());
    const std::uint64_t ignored = count("ignored_messages");
    firmware.fetch(header, kCard, 4096);  // from before the reset
    sc_core::sc_start(us(5));
    EXPECT_EQ(count("ignored_messages"), ignored + 1);
    EXPECT_TRUE(firmware.fetched.empty());
    EXPECT_TRUE(untouched(0, ram.bytes.size()));
    endpoint_core.write(0x0000, 0);  // the link, for another start
    sc_core::sc_start(us(1));
    start();
  }
}

// The bus's time of the last piece runs when the reset comes.
TEST_F(Fetch, AResetBehindTheDmaLeavesNoMessage) {
  const nvme_message_header header = give(download(kData));
  firmware.fetch(header, kCard, 4096);
  while (untouched(kCard, kCard + 4096)) sc_core::sc_start(ns(1));
  set_reg(0x14, 0);
  sc_core::sc_start(us(10));
  EXPECT_TRUE(firmware.fetched.empty());
}

}  // namespace
}  // namespace cardvp::nvme
