// Clients come and go: one after another, several at once, and those that do not behave.
#include <unistd.h>

#include "test/unit/vfio_user/served.h"

namespace cardvp::host::vfio_user::test {
namespace {

struct Clients : Served {
  void left() {
    ASSERT_TRUE(until([&] { return server->clients() == 0 && !server->waiting(); }));
  }
  // Files that are open beyond those of before, once all clients are gone.
  static std::size_t more_than(const std::set<int>& before) { return open_files().size() - before.size(); }
};

TEST_F(Clients, TheNextFindsTheFunctionAsAfterReset) {
  const std::set<int> before = open_files();
  connect(client);
  enable();
  const File ram = memory_file(1 << 20), vector = event();
  EXPECT_EQ(map(0, 1 << 20, &ram), 0u);
  EXPECT_EQ(set_irqs(2, 0x24, 0, 1, {&vector}), 0u);
  client.close();
  left();
  EXPECT_EQ(engines[0]->resets, 1u);
  EXPECT_EQ(engines[1]->resets, 0u);
  functions[0]->interrupt(0);
  dma_write(0, 1);
  steps(3);
  EXPECT_EQ(events(vector), 0u);

  connect(client);
  EXPECT_EQ(config(4, 2), 0u);
  enable();
  dma_write(0, 1);
  EXPECT_EQ(count("vfio_user.fn0.dma_faults"), 1u);  // nothing is mapped
  EXPECT_EQ(read(0, 0x10, 1), 0x10u);
  client.close();
  left();
  EXPECT_EQ(more_than(before), 2u);  // the test's own two
}

TEST_F(Clients, AClientThatIsKilledLeavesNothingInFlight) {
  connect(client);
  enable();
  EXPECT_EQ(map(0, 1 << 20, nullptr), 0u);
  const auto read = start_read(0x1000, 4096);
  demand(client);
  dma_write(0x2000, 1);
  client.send_raw(Client::header(9, kRegionWrite, 4096, 0));  // and in the middle of a message
  step();
  client.close();
  left();
  EXPECT_EQ(engines[0]->resets, 1u);
  connect(client);
  EXPECT_EQ(config(0, 4), kId);
}

// Without a task's cancellation: an engine that goes on sees that nobody is there.
TEST_F(Clients, ReadsOfAClientThatGoesAreUnsupported) {
  connect(client);
  enable();
  EXPECT_EQ(map(0, 1 << 20, nullptr), 0u);
  std::optional<DmaStatus> status;
  std::uint64_t value = 0;
  scope.spawn([](DmaPort& port, std::uint64_t& to, std::optional<DmaStatus>& out) -> Task<> {
    out = co_await port.read({0x1000, 8}, reinterpret_cast<std::byte*>(&to));
  }(*functions[0], value, status));
  demand(client);
  client.close();
  left();
  EXPECT_EQ(status, DmaStatus::kUnsupportedRequest);
}

TEST_F(Clients, OnlyOneAtATime) {
  connect(client);
  Client second;
  ASSERT_TRUE(second.connect(path()));
  EXPECT_TRUE(until([&] { return second.closed(); }));
  EXPECT_EQ(config(0, 4), kId);
  EXPECT_EQ(server->clients(), 1u);
}

TEST_F(Clients, TwoFunctionsOfTwoGuests) {
  Client other;
  connect(client);
  connect(other, "fn1");
  // Both guests have their memory, and their BARs, at the same addresses.
  const File mine = memory_file(1 << 20), others = memory_file(1 << 20), vector = event(), others_vector = event();
  EXPECT_EQ(map(0, 1 << 20, &mine), 0u);
  int fd = others.get();
  EXPECT_FALSE(call(other, kDmaMap, map_request(0, 1 << 20), std::span(&fd, 1)).is_error());
  EXPECT_EQ(set_irqs(2, 0x24, 0, 1, {&vector}), 0u);
  fd = others_vector.get();
  EXPECT_FALSE(call(other, kSetIrqs, Bytes().u32(20).u32(0x24).u32(2).u32(0).u32(1), std::span(&fd, 1)).is_error());
  set_config(0x10, 0xfebd0000, 4);
  EXPECT_FALSE(call(other, kRegionWrite, access(0x10, 7, 4).u32(0xfebd0000)).is_error());
  enable();
  EXPECT_FALSE(call(other, kRegionWrite, access(4, 7, 2).u16(6)).is_error());

  dma_write(0x100, 1, 0);
  dma_write(0x100, 2, 1);
  functions[1]->interrupt(0);
  write(0, 0x1000, 7, 4);
  steps(3);
  std::uint64_t value = 0;
  ASSERT_EQ(::pread(mine.get(), &value, sizeof value, 0x100), 8);
  EXPECT_EQ(value, 1u);
  ASSERT_EQ(::pread(others.get(), &value, sizeof value, 0x100), 8);
  EXPECT_EQ(value, 2u);
  EXPECT_EQ(events(vector), 0u);
  EXPECT_EQ(events(others_vector), 1u);
  EXPECT_EQ(engines[0]->writes.size(), 1u);
  EXPECT_TRUE(engines[1]->writes.empty());

  client.close();
  EXPECT_TRUE(until([&] { return server->clients() == 1 && !server->waiting(); }));
  EXPECT_EQ(call(other, kRegionRead, access(0x10, 0, 1)).at<std::uint8_t>(16), 0x10);
}

TEST_F(Clients, OneThatDoesNotReadIsNotWaitedFor) {
  Client other;
  connect(client);
  connect(other, "fn1");
  EXPECT_EQ(map(0, 1 << 20, nullptr), 0u);
  enable();
  // 64 KiB each: the socket takes a few of them.
  const std::vector<std::byte> data(64 << 10);
  for (unsigned i = 0; i < 5000 && server->clients() == 2; ++i) {
    functions[0]->write(0, data);
    if (i % 64 == 0) step();
  }
  EXPECT_TRUE(until([&] { return server->clients() == 1; }));
  EXPECT_EQ(count("vfio_user.fn0.clients_closed"), 1u);
  step({100, sc_core::SC_MS});  // so much takes the link its time
  EXPECT_EQ(call(other, kRegionRead, access(0, 7, 4)).u32(16), kId);
}

TEST_F(Clients, OneThatReadsLateGetsEverything) {
  connect(client);
  std::vector<std::uint16_t> ids;
  for (unsigned i = 0; i < 100; ++i) {
    ids.push_back(client.send(kRegionRead, access(0, 7, 4096)));
    steps(40);
  }
  for (const std::uint16_t id : ids) {
    std::optional<Received> reply;
    ASSERT_TRUE(until([&] { return (reply = client.receive()).has_value(); }));
    EXPECT_EQ(reply->id, id);
    EXPECT_EQ(reply->u32(16), kId);
  }
}

// The others are served while one sends as fast as it can.
TEST_F(Clients, OneThatSendsWithoutEndHoldsUpNobody) {
  Client other;
  connect(client);
  connect(other, "fn1");
  enable();
  const Bytes message = Client::header(0, kRegionWrite, 16 + 20, kNoReply).raw(access(0x1000, 0, 4)).u32(0);
  for (unsigned i = 0; i < 50; ++i) {
    while (client.send_raw(message)) {
    }
    client = Client();
    connect(client);
    EXPECT_EQ(call(other, kRegionRead, access(0, 7, 4)).u32(16), kId);
  }
}

}  // namespace
}  // namespace cardvp::host::vfio_user::test
