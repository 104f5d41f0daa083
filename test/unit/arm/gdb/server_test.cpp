// Run control over TCP: what a debugger's connection does to the cores.
#include <atomic>
#include <chrono>
#include <deque>
#include <thread>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/arm/gdb/gdb_server.h"
#include "test/unit/arm/gdb/fake_core.h"

namespace cardvp::arm::gdb {
namespace {

using boost::asio::ip::tcp;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using namespace std::chrono_literals;

// gdb's side, without acknowledgements after the first packet. Its calls block.
class Client {
 public:
  explicit Client(std::uint16_t port) { socket_.connect({boost::asio::ip::address_v4::loopback(), port}); }

  void send(std::string_view bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
  void packet(std::string_view data) { send(frame(data)); }
  // The next packet; "" behind the end of the connection.
  std::string receive() {
    for (;;) {
      if (const auto event = reader_.next()) {
        if (event->kind == PacketReader::Kind::kPacket) return event->data;
        continue;
      }
      std::array<char, 512> piece;
      boost::system::error_code error;
      const std::size_t size = socket_.read_some(boost::asio::buffer(piece), error);
      if (error) return "";
      reader_.feed({piece.data(), size});
    }
  }
  std::string ask(std::string_view data) {
    packet(data);
    return receive();
  }

 private:
  boost::asio::io_context io_;
  tcp::socket socket_{io_};
  PacketReader reader_;
};

class ServerTest : public testing::Test {
 protected:
  GdbServer& start(bool wait) {
    return server_.emplace(GdbServer::Config{0, wait}, std::vector<DebugPort*>{&core_, &second_},
                           GdbServer::Surroundings{
                               .monitor = {.now = [] { return sc_core::SC_ZERO_TIME; }, .reset = [this] { ++resets_; }},
                               .cancelled = [this] { return cancelled_.load(); },
                               .kill = [this] { ++kills_; }});
  }
  // The simulation: quanta of one core, until a debugger wants a halt.
  void run_until_halted(FakeCore& core) {
    while (!server_->wants_halt(core)) std::this_thread::sleep_for(1ms);
    server_->halted(core, {Halt::Reason::kRequested});
  }
  bool wants_halt_soon() {
    for (int i = 0; i < 200; ++i) {
      if (server_->wants_halt(core_)) return true;
      std::this_thread::sleep_for(100us);
    }
    return false;
  }

  FakeCore core_{0}, second_{1};
  std::atomic<bool> cancelled_ = false;
  int resets_ = 0, kills_ = 0;
  std::optional<GdbServer> server_;
};

TEST_F(ServerTest, WaitsForTheFirstClientAndUntilItContinues) {
  const std::uint16_t port = start(true).port();
  std::atomic<bool> continued = false;
  std::jthread gdb([&] {
    std::this_thread::sleep_for(20ms);
    Client client(port);
    EXPECT_THAT(client.ask("?"), StartsWith("T05thread:1;"));
    continued = true;
    client.packet("vCont;c");
    EXPECT_EQ(client.receive(), "W00");
  });
  ASSERT_TRUE(server_->wants_halt(core_));
  server_->halted(core_, {Halt::Reason::kRequested});
  EXPECT_TRUE(continued);
  EXPECT_FALSE(wants_halt_soon());
  server_->finish(0);
}

TEST_F(ServerTest, WithoutAClientNothingHalts) {
  start(false);
  EXPECT_FALSE(wants_halt_soon());
  server_->poll();
  server_->show("nobody sees this");
  server_->finish(1);
}

TEST_F(ServerTest, ALockedCoreGetsNoServer) {
  second_.is_locked = true;
  EXPECT_THROW(start(false), DebugRefused);
  EXPECT_EQ(second_.asked, 1u);
  second_.is_locked = false;
  EXPECT_NO_THROW(start(false));
}

TEST_F(ServerTest, AttachHaltsAndAnInterruptHaltsAgain) {
  const std::uint16_t port = start(false).port();
  std::jthread gdb([&] {
    Client client(port);
    EXPECT_THAT(client.ask("?"), StartsWith("T05thread:2;"));
    client.packet("vCont;c");
    client.send("\x03");
    EXPECT_THAT(client.receive(), StartsWith("T02thread:1;"));
    EXPECT_EQ(client.ask("D"), "OK");
  });
  run_until_halted(second_);
  run_until_halted(core_);
  EXPECT_FALSE(wants_halt_soon());
}

TEST_F(ServerTest, CoresThatSleepAreHaltedByPoll) {
  const std::uint16_t port = start(false).port();
  std::atomic<bool> done = false;
  std::jthread gdb([&] {
    Client client(port);
    EXPECT_THAT(client.ask("?"), StartsWith("T05thread:1;"));
    client.ask("D");
    done = true;
  });
  while (!done) server_->poll();
}

TEST_F(ServerTest, BreakpointsAreReportedAndLeaveWithTheClient) {
  const std::uint16_t port = start(true).port();
  std::jthread gdb([&] {
    Client client(port);
    EXPECT_THAT(client.ask("qSupported:swbreak+"), HasSubstr("swbreak+"));
    EXPECT_EQ(client.ask("Z0,40000010,4"), "OK");
    client.packet("vCont;c");
    EXPECT_THAT(client.receive(), StartsWith("T05swbreak:;thread:2;"));
    client.packet("vCont;c");
  });  // and is gone, without a word
  server_->halted(core_, {Halt::Reason::kRequested});
  ASSERT_EQ(second_.breakpoints.size(), 1u);
  second_.file.pc = 0x40000010;
  server_->halted(second_, {Halt::Reason::kBreakpoint});
  gdb.join();
  for (int i = 0; i < 1000 && !second_.breakpoints.empty(); ++i) {
    EXPECT_FALSE(server_->wants_halt(core_));
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_THAT(second_.breakpoints, IsEmpty());
}

TEST_F(ServerTest, ADisconnectWhileHaltedRunsOnAndTheNextClientIsServed) {
  const std::uint16_t port = start(true).port();
  std::jthread first([&] {
    Client client(port);
    client.ask("Z0,40000010,4");
  });
  server_->halted(core_, {Halt::Reason::kRequested});
  first.join();
  EXPECT_FALSE(wants_halt_soon());
  std::jthread second([&] {
    Client client(port);
    EXPECT_THAT(client.ask("?"), StartsWith("T05thread:1;"));
    client.packet("vCont;c");
    EXPECT_EQ(client.receive(), "W01");
  });
  run_until_halted(core_);
  EXPECT_THAT(core_.breakpoints, IsEmpty());
  server_->finish(1);
}

TEST_F(ServerTest, ASecondClientIsTurnedAway) {
  const std::uint16_t port = start(true).port();
  std::jthread gdb([&] {
    Client client(port);
    EXPECT_THAT(client.ask("?"), StartsWith("T05"));
    Client other(port);
    EXPECT_EQ(other.receive(), "");
    EXPECT_EQ(client.ask("T1"), "OK");
    client.ask("D");
  });
  server_->halted(core_, {Halt::Reason::kRequested});
}

TEST_F(ServerTest, AStepThatWasInterruptedIsNoHaltWhenItComes) {
  const std::uint16_t port = start(true).port();
  std::jthread gdb([&] {
    Client client(port);
    client.packet("vCont;s:2");
    EXPECT_THAT(client.receive(), StartsWith("T05thread:2;"));
    client.packet("vCont;s:2;c");
    EXPECT_THAT(client.receive(), StartsWith("T02thread:1;"));
    client.packet("vCont;c");
    EXPECT_EQ(client.receive(), "W00");
  });
  server_->halted(core_, {Halt::Reason::kRequested});
  EXPECT_EQ(second_.steps, 1u);
  server_->halted(second_, {Halt::Reason::kStep});
  server_->halted(core_, {Halt::Reason::kRequested});
  server_->halted(second_, {Halt::Reason::kStep});  // returns at once
  server_->finish(0);
}

TEST_F(ServerTest, AcknowledgesUntilToldNotTo) {
  const std::uint16_t port = start(true).port();
  std::jthread gdb([&] {
    boost::asio::io_context io;
    tcp::socket socket(io);
    socket.connect({boost::asio::ip::address_v4::loopback(), port});
    const auto exchange = [&](std::string_view sent, std::string_view expected) {
      boost::asio::write(socket, boost::asio::buffer(sent));
      std::string got(expected.size(), '\0');
      boost::asio::read(socket, boost::asio::buffer(got));
      EXPECT_EQ(got, expected) << sent;
    };
    exchange("$T1#00", "-");
    exchange("$T1#85", "+$OK#9a");
    exchange("-", "$OK#9a");
    exchange("+$QStartNoAckMode#b0", "+$OK#9a");
    exchange("$T1#85", "$OK#9a");
  });
  server_->halted(core_, {Halt::Reason::kRequested});
}

TEST_F(ServerTest, AResetHappensOnResumingAndHaltsAgain) {
  const std::uint16_t port = start(true).port();
  std::jthread gdb([&] {
    Client client(port);
    client.ask("qRcmd," + to_hex(std::string_view("reset")));
    client.packet("vCont;c");
    EXPECT_THAT(client.receive(), StartsWith("T02"));
    client.ask("D");
  });
  server_->halted(core_, {Halt::Reason::kRequested});
  EXPECT_EQ(resets_, 1);
  ASSERT_TRUE(server_->wants_halt(core_));
  server_->halted(core_, {Halt::Reason::kRequested});
  EXPECT_FALSE(server_->wants_halt(core_));
  EXPECT_EQ(resets_, 1);
}

TEST_F(ServerTest, KillEndsTheRun) {
  const std::uint16_t port = start(true).port();
  std::jthread gdb([&] { EXPECT_EQ(Client(port).ask("vKill;1"), "OK"); });
  server_->halted(core_, {Halt::Reason::kRequested});
  EXPECT_EQ(kills_, 1);
}

TEST_F(ServerTest, ACancelledRunWaitsForNobody) {
  start(true);
  std::jthread user([&] {
    std::this_thread::sleep_for(20ms);
    cancelled_ = true;
  });
  server_->halted(core_, {Halt::Reason::kRequested});
  server_->halted(core_, {Halt::Reason::kRequested});
}

TEST_F(ServerTest, AFailureCanBeLookedAt) {
  const std::uint16_t port = start(true).port();
  std::jthread gdb([&] {
    Client client(port);
    client.packet("vCont;c");
    EXPECT_EQ(client.receive(), "O" + to_hex(std::string_view("cardvp: no link\n")));
    EXPECT_THAT(client.receive(), StartsWith("T06thread:1;"));
    client.packet("vCont;c");
    EXPECT_EQ(client.receive(), "W01");
  });
  server_->halted(core_, {Halt::Reason::kRequested});
  server_->show("no link");
  server_->finish(1);
}

TEST_F(ServerTest, APortThatIsTakenIsAnErrorWithARemedy) {
  const std::uint16_t port = start(true).port();
  try {
    GdbServer({port, true}, {&core_}, {});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::AllOf(HasSubstr(std::to_string(port)), HasSubstr("in use"), HasSubstr("or 0")));
  }
}

TEST_F(ServerTest, NoiseIsSurvived) {
  const std::uint16_t port = start(true).port();
  std::jthread gdb([&] {
    Client client(port);
    std::uint32_t state = 1;
    for (int i = 0; i < 3000; ++i) {
      std::string data(1, "?DgGHmMpPqQTvXzZ"[state >> 28]);
      if (data == "D") data = "vCont";
      for (unsigned size = state >> 8 & 15; size > 0; --size) {
        state = state * 1664525 + 1013904223;
        data += ",;:=0123456789abcdefs-ucZ\xff}"[(state >> 16) % 28];
      }
      state = state * 1664525 + 1013904223;
      if (data.starts_with("vC") || data.starts_with("vK")) continue;
      client.packet(data);
    }
    std::string last;
    client.packet("qC");
    while (!last.starts_with("QC")) last = client.receive();
    client.packet("D");
  });
  server_->halted(core_, {Halt::Reason::kRequested});
}

}  // namespace
}  // namespace cardvp::arm::gdb
