// `cardvp serve` as a whole program, with a client that speaks bytes. Real guests: test/guest.
#include <signal.h>

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/system/process.h"
#include "test/system/program.h"
#include "test/unit/vfio_user/client.h"

namespace cardvp::test {
namespace {

using namespace host::vfio_user::test;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

json scenario(const std::string& name) {
  return json::parse(read_file(CARDVP_SOURCE_DIR "/scenarios/" + name + ".json"));
}

bool wait_until(const std::function<bool()>& condition) {
  using namespace std::chrono_literals;
  for (const auto end = std::chrono::steady_clock::now() + 60s; !condition(); std::this_thread::sleep_for(2ms))
    if (std::chrono::steady_clock::now() >= end) return false;
  return true;
}

class ServeRun : public testing::Test {
 protected:
  void start(const json& what, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {
        CARDVP_PROGRAM, "serve",        folder_.file("s.json", what.dump()), "--socket-dir", folder_ / "sockets",
        "--out",        folder_ / "out"};
    command.insert(command.end(), more.begin(), more.end());
    run_.emplace(command, folder_ / "serve.txt");
  }
  std::string socket(const std::string& name) const { return folder_ / ("sockets/" + name + ".sock"); }
  bool offers(const std::string& name) {
    return wait_until([&] { return std::filesystem::exists(socket(name)); });
  }
  bool withdraws(const std::string& name) {
    return wait_until([&] { return !std::filesystem::exists(socket(name)); });
  }
  Received call(Client& on, std::uint16_t command, const Bytes& payload) {
    on.send(command, payload);
    std::optional<Received> reply;
    EXPECT_TRUE(wait_until([&] { return (reply = on.receive()) || on.closed(); }));
    return reply.value_or(Received{});
  }
  void connect(Client& client, const std::string& name) {
    ASSERT_TRUE(offers(name)) << run_->output();
    ASSERT_TRUE(client.connect(socket(name)));
    ASSERT_FALSE(call(client, kVersion, Bytes().u16(0).u16(0).text(R"({"capabilities":{}})")).is_error());
  }
  std::uint32_t read(Client& client, std::uint32_t region, std::uint64_t offset) {
    return call(client, kRegionRead, Bytes().u64(offset).u32(region).u32(4)).u32(16);
  }
  Ended end() {
    run_->signal(SIGINT);
    Ended ended;
    ended.status = run_->status();
    ended.out = run_->output();
    return ended;
  }
  json report() const { return json::parse(read_file(folder_ / "out/report.json")); }

  Folder folder_;
  std::optional<Process> run_;
};

constexpr std::uint32_t kConfig = 7;

TEST_F(ServeRun, OffersTheFunctionsOfAllCards) {
  start(scenario("two_guests"));
  Client disk, interface;
  connect(disk, "a.disk");
  connect(interface, "b.eth0");
  EXPECT_EQ(read(disk, kConfig, 0), 0xcd011d0fu);
  EXPECT_EQ(read(disk, kConfig, 8) >> 8, 0x010802u);
  EXPECT_EQ(read(interface, kConfig, 0) & 0xffff, 0x1d0fu);
  EXPECT_EQ(read(interface, kConfig, 8) >> 8, 0x020000u);
  EXPECT_TRUE(offers("b.disk") && offers("a.eth0"));
  const Ended ended = end();
  EXPECT_EQ(ended.status, 0) << ended.out;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("a.disk.sock: 01:00.0, 1d0f:cd01"), HasSubstr("commands of clients"),
                               Not(HasSubstr("error")), Not(HasSubstr("warning"))));
  for (const char* const name : {"a.disk", "b.disk", "a.eth0", "b.eth0"})
    EXPECT_FALSE(std::filesystem::exists(socket(name)));
  EXPECT_EQ(report()["counters"]["vfio_user.a.disk.clients"]["value"], 1);
}

TEST_F(ServeRun, VirtualFunctionsAreOfferedInPlaceOfTheirPhysicalOne) {
  start(scenario("sriov"));
  for (const char* const name : {"a.vf0", "a.vf1", "a.vf2", "b.vf0"}) EXPECT_TRUE(offers(name)) << name;
  Client client;
  connect(client, "a.vf1");
  EXPECT_EQ(read(client, kConfig, 8) >> 8, 0x020000u);
  for (const char* const name : {"a.eth0", "a.eth1", "b.eth0"}) EXPECT_FALSE(std::filesystem::exists(socket(name)));
  EXPECT_EQ(end().status, 0);
}

TEST_F(ServeRun, SocketsComeAndGoWithTheFunctions) {
  start(scenario("guest"), {"--gateway", folder_ / "gateway"});
  const auto operate = [this](const std::string& method) {
    const Ended ended = cardvp({"call", folder_ / "gateway", method, R"({"volume": "later"})", "--key",
                                CARDVP_SOURCE_DIR "/firmware/keys/test_operator_key.pem"});
    EXPECT_EQ(ended.status, 0) << ended.error;
  };
  Client client;
  connect(client, "disk");
  EXPECT_FALSE(std::filesystem::exists(socket("later")));
  for (int round = 0; round < 2; ++round) {
    operate("attach_volume");
    Client second;
    connect(second, "later");
    EXPECT_EQ(read(second, kConfig, 0), 0x80611d0fu);
    operate("detach_volume");
    EXPECT_TRUE(withdraws("later"));
    EXPECT_EQ(read(second, kConfig, 0), ~0u) << "as of a device that was pulled";
  }
  EXPECT_EQ(read(client, kConfig, 0), 0xcd011d0fu) << "the other function is none the worse";
  const Ended ended = end();
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, HasSubstr("later.sock: the function has gone"));
}

// A guest that asks for nothing costs no simulated time but the wall's; one that does may get ahead of it only if the
// pace is free.
TEST_F(ServeRun, RealTimeIsNeverAheadOfTheWall) {
  start(scenario("guest"), {"--pace", "realtime"});
  Client client;
  connect(client, "disk");
  for (int i = 0; i < 2000; ++i) read(client, 0, 0);
  const Ended ended = end();
  EXPECT_EQ(ended.status, 0) << ended.out;
  EXPECT_THAT(ended.out, HasSubstr("behind the wall's"));
  const json timing = json::parse(read_file(folder_ / "out/timing.json"));
  EXPECT_LE(timing["simulated_seconds"].get<double>(), timing["wall_seconds"].get<double>());
}

TEST_F(ServeRun, ErrorsSayWhatToDo) {
  json twins = scenario("guest");
  twins["card"]["interfaces"][0]["name"] = "disk";
  start(twins);
  EXPECT_EQ(run_->status(), 2);
  EXPECT_THAT(run_->output(), HasSubstr("/card/interfaces/0/name"));

  start(scenario("guest"), {"--socket-dir", folder_.file("no-folder", "")});
  EXPECT_NE(run_->status(), 0);

  json dead = scenario("guest");
  dead["card"]["firmware"] = folder_ / "none.img";
  start(dead);
  EXPECT_EQ(run_->status(), 1);
  EXPECT_THAT(run_->output(), HasSubstr("limits.boot_ms"));

  const Ended usage = cardvp({"serve", folder_ / "s.json"});
  EXPECT_EQ(usage.status, 2);
  EXPECT_THAT(usage.error, HasSubstr("--socket-dir"));
}

}  // namespace
}  // namespace cardvp::test
