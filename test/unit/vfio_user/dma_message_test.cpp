// The function's DMA to a guest's memory that has no file: DMA_READ and DMA_WRITE.
#include <unistd.h>

#include "test/unit/vfio_user/served.h"

namespace cardvp::host::vfio_user::test {
namespace {

struct DmaByMessage : Served {
  void SetUp() override {
    Served::SetUp();
    connect(client);
    enable();
  }
};

TEST_F(DmaByMessage, ReadsByMessage) {
  EXPECT_EQ(map(0x10000, 0x10000, nullptr), 0u);
  const auto read = start_read(0x12340, 100);
  const Received ask = demand(client);
  EXPECT_EQ(ask.command, kDmaRead);
  EXPECT_EQ(ask.size, 32u);
  EXPECT_EQ(ask.u64(0), 0x12340u);
  EXPECT_EQ(ask.u64(8), 100u);
  steps(20);
  EXPECT_FALSE(read->status);
  // While it waits, the client is answered.
  EXPECT_EQ(config(0, 4), kId);
  client.answer(ask, Bytes().u64(0x12340).u64(100).fill(100, 0xc3));
  ASSERT_TRUE(until([&] { return read->status.has_value(); }));
  EXPECT_EQ(read->status, DmaStatus::kOk);
  EXPECT_EQ(read->bytes, std::vector<std::byte>(100, std::byte{0xc3}));
}

TEST_F(DmaByMessage, ReadsAreAnsweredInAnyOrderAndRefused) {
  EXPECT_EQ(map(0, 0x10000, nullptr), 0u);
  const auto first = start_read(0x1000, 8), second = start_read(0x2000, 8), third = start_read(0x3000, 8);
  const Received one = demand(client), two = demand(client), three = demand(client);
  EXPECT_NE(one.id, two.id);
  client.answer(three, Bytes().u64(0x3000).u64(8).u64(3));
  client.answer_error(two, 14);
  client.answer(one, Bytes().u64(0x1000).u64(8).u64(1));
  ASSERT_TRUE(until([&] { return first->status && second->status && third->status; }));
  EXPECT_EQ(first->u64(), 1u);
  EXPECT_EQ(second->status, DmaStatus::kUnsupportedRequest);
  EXPECT_EQ(third->u64(), 3u);
}

TEST_F(DmaByMessage, WritesByMessage) {
  EXPECT_EQ(map(0, 0x10000, nullptr), 0u);
  dma_write(0x1238, 0x1122334455667788);
  const Received ask = demand(client);
  EXPECT_EQ(ask.command, kDmaWrite);
  EXPECT_EQ(ask.size, 40u);
  EXPECT_EQ(ask.u64(0), 0x1238u);
  EXPECT_EQ(ask.u64(8), 8u);
  EXPECT_EQ(ask.u64(16), 0x1122334455667788u);
  client.answer(ask, Bytes().u64(0x1238).u64(8));
  steps(5);
  EXPECT_EQ(config(0, 4), kId);
  EXPECT_EQ(map(0x10000, 0x1000, nullptr, 0, 1), 0u);
  dma_write(0x10000, 1);  // read-only
  EXPECT_EQ(count("vfio_user.fn0.dma_faults"), 1u);
}

TEST_F(DmaByMessage, HalfInAFileAndHalfByMessage) {
  const File ram = memory_file(0x10000);
  EXPECT_EQ(map(0, 0x10000, &ram), 0u);
  EXPECT_EQ(map(0x10000, 0x10000, nullptr), 0u);
  const std::uint64_t mine = 0x1111;
  ASSERT_EQ(::pwrite(ram.get(), &mine, sizeof mine, 0xfff8), 8);
  const auto read = start_read(0xfff8, 16);
  const Received ask = demand(client);
  EXPECT_EQ(ask.u64(0), 0x10000u);
  EXPECT_EQ(ask.u64(8), 8u);
  client.answer(ask, Bytes().u64(0x10000).u64(8).u64(0x2222));
  ASSERT_TRUE(until([&] { return read->status.has_value(); }));
  EXPECT_EQ(read->u64(), 0x1111u);
  EXPECT_EQ(static_cast<int>(read->bytes[8]), 0x22);
}

TEST_F(DmaByMessage, MessagesAreNoLargerThanTheClientTakes) {
  client.close();
  ASSERT_TRUE(until([&] { return server->clients() == 0 && !server->waiting(); }));
  ASSERT_TRUE(client.connect(path()));
  ASSERT_FALSE(
      call(kVersion, Bytes().u16(0).u16(0).text(R"({"capabilities":{"max_data_xfer_size":4096}})")).is_error());
  enable();
  EXPECT_EQ(map(0, 1 << 20, nullptr), 0u);
  const auto read = start_read(0x100, 10000);
  std::uint64_t at = 0x100;
  for (const std::uint64_t part : {4096u, 4096u, 1808u}) {
    const Received ask = demand(client);
    EXPECT_EQ(ask.u64(0), at);
    EXPECT_EQ(ask.u64(8), part);
    client.answer(ask, Bytes().u64(at).u64(part).fill(part, 1));
    at += part;
  }
  ASSERT_TRUE(until([&] { return read->status.has_value(); }));
  EXPECT_EQ(read->status, DmaStatus::kOk);
}

TEST_F(DmaByMessage, AnswersThatDoNotFitCloseTheClient) {
  const std::vector<std::function<void(const Received&)>> wrong = {
      [&](const Received& ask) { client.answer(ask, Bytes().u64(0x1008).u64(8).u64(1)); },
      [&](const Received& ask) { client.answer(ask, Bytes().u64(0x1000).u64(16).fill(16)); },
      [&](const Received& ask) { client.answer(ask, Bytes().u64(0x1000).u64(8).fill(7)); },
      [&](const Received& ask) { client.answer(ask, Bytes().u64(0x1000).u64(8).fill(9)); },
      [&](const Received& ask) { client.answer(ask, Bytes()); },
      [&](Received ask) {
        ask.command = kDmaWrite;
        client.answer(ask, Bytes().u64(0x1000).u64(8));
      },
      [&](Received ask) {
        ask.id = static_cast<std::uint16_t>(ask.id + 1);
        client.answer(ask, Bytes().u64(0x1000).u64(8).u64(1));
      },
      [&](const Received& ask) {
        client.answer(ask, Bytes().u64(0x1000).u64(8).u64(1));
        client.answer(ask, Bytes().u64(0x1000).u64(8).u64(1));
      },
  };
  for (const auto& answer : wrong) {
    EXPECT_EQ(map(0, 0x10000, nullptr), 0u);
    const auto read = start_read(0x1000, 8);
    answer(demand(client));
    EXPECT_TRUE(until([&] { return client.closed(); }));
    ASSERT_TRUE(until([&] { return server->clients() == 0 && !server->waiting(); }));
    connect(client);
    enable();
  }
  EXPECT_EQ(count("vfio_user.fn0.clients_closed"), wrong.size());
}

TEST_F(DmaByMessage, AReadThatIsAbandonedByAResetMayStillBeAnswered) {
  EXPECT_EQ(map(0, 0x10000, nullptr), 0u);
  const auto read = start_read(0x1000, 8);
  const Received ask = demand(client);
  EXPECT_EQ(error_of(kReset, Bytes()), 0u);
  client.answer(ask, Bytes().u64(0x1000).u64(8).u64(1));
  steps(10);
  EXPECT_FALSE(read->status);
  EXPECT_EQ(read->u64(), 0u);
  EXPECT_EQ(config(0, 4), kId);
}

TEST_F(DmaByMessage, AClientThatNeverAnswersIsClosed) {
  EXPECT_EQ(map(0, 0x10000, nullptr), 0u);
  for (unsigned i = 0; i < 40000 && server->clients() == 1; ++i) {
    dma_write(0x1000, i);
    if (i % 256 == 0) {
      step();
      while (client.receive()) {
      }
    }
  }
  EXPECT_TRUE(until([&] { return client.closed(); }));
  EXPECT_EQ(count("vfio_user.fn0.clients_closed"), 1u);
}

}  // namespace
}  // namespace cardvp::host::vfio_user::test
