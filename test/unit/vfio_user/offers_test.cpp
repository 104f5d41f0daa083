// Functions are offered, go and come; their sockets; and what the loop that drives the server is told.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "test/unit/vfio_user/served.h"

namespace cardvp::host::vfio_user::test {
namespace {

using Offers = Served;

TEST_F(Offers, AFunctionThatIsRemovedTakesItsSocketAlongAndLeavesItsClientWithOnes) {
  Client other;
  connect(client);
  connect(other, "fn1");
  functions[0]->set_present(false);
  steps(2);
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_FALSE(Client().connect(path()));
  EXPECT_EQ(call(other, kRegionRead, access(0, 7, 4)).u32(16), kId);

  functions[0]->set_present(true);
  const auto again = result(root.wait_function(0, {1, sc_core::SC_MS}));
  ASSERT_TRUE(again);
  server->offer(*again, "fn0");
  Client next;
  connect(next);
  // What is asked of the one that has gone does not reach the one in its place.
  for (const std::uint32_t region : {0u, 7u}) {
    EXPECT_EQ(call(client, kRegionRead, access(0, region, 4)).u32(16), ~0u);
    EXPECT_FALSE(call(client, kRegionWrite, access(4, region, 4).u32(0xffff)).is_error());
  }
  EXPECT_FALSE(call(client, kReset, {}).is_error());
  EXPECT_EQ(call(next, kRegionRead, access(4, 7, 4)).u32(16) & 0xffff, 0u);
  EXPECT_EQ(server->clients(), 3u);
  client.close();
  EXPECT_TRUE(until([&] { return server->clients() == 2; }));
  EXPECT_EQ(call(next, kRegionRead, access(0, 7, 4)).u32(16), kId);
}

TEST_F(Offers, TheLinkGoesDown) {
  connect(client);
  client.send(kRegionRead, access(0, 7, 4096));  // some 0.4 ms
  step();
  link.enable(false);
  std::optional<Received> reply;
  ASSERT_TRUE(until([&] { return (reply = client.receive()).has_value(); }));
  EXPECT_EQ(reply->u32(16 + 4092), ~0u);
  EXPECT_FALSE(client.closed());
  EXPECT_FALSE(server->waiting());
  EXPECT_FALSE(std::filesystem::exists(path("fn0")));
  EXPECT_FALSE(std::filesystem::exists(path("fn1")));
}

// The engine may give its reads up before the server looks.
TEST_F(Offers, ReadsEndWithTheLink) {
  connect(client);
  enable();
  EXPECT_EQ(map(0, 1 << 20, nullptr), 0u);
  std::optional<DmaStatus> status;
  std::uint64_t value = 0;
  scope.spawn([](DmaPort& port, std::uint64_t& to, std::optional<DmaStatus>& out) -> Task<> {
    out = co_await port.read({0x1000, 8}, reinterpret_cast<std::byte*>(&to));
  }(*functions[0], value, status));
  demand(client);
  link.enable(false);
  sc_core::sc_start({1, sc_core::SC_US});
  EXPECT_EQ(status, DmaStatus::kUnsupportedRequest);
}

TEST_F(Offers, AFunctionIsWithdrawn) {
  connect(client);
  enable();
  server->withdraw(found[0]);
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_TRUE(client.closed());
  dma_write(0x200000, 4);  // of one that does not know yet
  EXPECT_TRUE(until([&] { return !server->waiting(); }));
  EXPECT_EQ(engines[0]->resets, 1u);
  EXPECT_EQ(memory.at(0x200000, 8)[0], std::byte{0});
  step();
  // It is the root complex's again.
  std::uint64_t value = 5;
  run([](PciFunction function) -> Task<> { co_await function.config_write(4, 6, 2); }(found[0]));
  EXPECT_TRUE(functions[0]->write(0x200000, std::as_bytes(std::span(&value, 1))));
  EXPECT_EQ(memory.at(0x200000, 8)[0], std::byte{5});
}

// --- Sockets ---------------------------------------------------------------------------------------------------------

TEST_F(Offers, ASocketThatNobodyListensAtIsReplaced) {
  server->withdraw(found[0]);
  {
    const File stale(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path().copy(name.sun_path, sizeof name.sun_path - 1);
    ASSERT_EQ(::bind(stale.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(path()));
  server->offer(found[0], "fn0");
  EXPECT_TRUE(until([&] { return !server->waiting(); }));
  connect(client);
  const auto mode = std::filesystem::status(path()).permissions();
  EXPECT_EQ(mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
            std::filesystem::perms::none);
}

TEST_F(Offers, AFunctionIsOfferedOnce) {
  EXPECT_THROW(server->offer(found[0], "again"), std::runtime_error);
  EXPECT_FALSE(std::filesystem::exists(path("again")));
  connect(client);
}

TEST_F(Offers, NothingElseIsReplaced) {
  server->withdraw(found[0]);
  EXPECT_THROW(server->offer(found[0], "fn1"), std::runtime_error);  // is in use
  std::ofstream(path("file")) << "somebody's";
  EXPECT_THROW(server->offer(found[0], "file"), std::runtime_error);
  EXPECT_TRUE(std::filesystem::is_regular_file(path("file")));
  EXPECT_THROW(server->offer(found[0], std::string(200, 'x')), std::runtime_error);
  connect(client, "fn1");
  EXPECT_EQ(config(0, 4), kId);
}

TEST_F(Offers, TheEndLeavesNoSocket) {
  connect(client);
  client.send(kRegionRead, access(0, 7, 4096));
  step();
  server.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_TRUE(client.closed());
  sc_core::sc_start({10, sc_core::SC_US});
}

// --- For the loop that drives it -------------------------------------------------------------------------------------

TEST_F(Offers, SaysWhenSomebodyWaitsAndWhenNobodyDoesAnyMore) {
  unsigned notified = 0;
  server->on_answered([&] { ++notified; });
  connect(client);
  const std::uint64_t before = server->demands();
  EXPECT_FALSE(server->waiting());
  client.send(kRegionRead, access(0, 7, 4));
  server->poll();
  EXPECT_TRUE(server->waiting());
  EXPECT_EQ(server->demands(), before + 1);
  EXPECT_EQ(notified, 0u);
  step({1, sc_core::SC_US});
  EXPECT_FALSE(server->waiting());
  EXPECT_EQ(notified, 1u);
  // What needs no simulated time is answered at once.
  client.receive();
  client.send(kGetInfo, Bytes().u32(16).fill(12));
  server->poll();
  EXPECT_TRUE(client.receive());
}

TEST_F(Offers, WaitReturnsWhenAClientDoesSomething) {
  connect(client);
  server->poll();
  client.send(kGetInfo, Bytes().u32(16).fill(12));
  server->wait(std::chrono::seconds(30));
  EXPECT_TRUE(client.receive());
  server->wait(std::chrono::microseconds(1));
}

}  // namespace
}  // namespace cardvp::host::vfio_user::test
