// The gateway's socket against clients of all kinds, in one process: clients connect and send without waiting, the
// server looks when the test says so.
#include "platform/gateway_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/unit/platform/gateway_fixture.h"

namespace cardvp {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using platform::GatewayServer;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
  return address;
}

class Client {
 public:
  explicit Client(const std::filesystem::path& path) : file_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    const sockaddr_un address = address_of(path);
    connected_ = ::connect(file_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { ::close(file_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  // How much of it the socket took.
  std::size_t send(const std::string& bytes) {
    return static_cast<std::size_t>(std::max<ssize_t>(::send(file_, bytes.data(), bytes.size(), MSG_NOSIGNAL), 0));
  }
  void end_of_calls() { ::shutdown(file_, SHUT_WR); }
  // What is there.
  std::string receive() {
    std::string all;
    std::array<char, 65536> piece;
    ssize_t size = 0;
    while ((size = ::recv(file_, piece.data(), piece.size(), 0)) > 0)
      all.append(piece.data(), static_cast<std::size_t>(size));
    ended_ = size == 0 || errno == ECONNRESET;
    return all;
  }
  // As seen by the last receive().
  bool ended() const { return ended_; }

 private:
  int file_;
  bool connected_ = false, ended_ = false;
};

struct GatewayServerTest : GatewayFixture {
  void start() { server.emplace(path, gateway_); }
  // A few slices of a run.
  void look(int times = 5) {
    for (; times > 0; --times) {
      server->poll();
      run_for(0.001);
    }
  }
  std::string status_call() { return sign(call_json(++sequence_, "status")) + "\n"; }

  TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "gateway";
  std::optional<GatewayServer> server;
};

TEST_F(GatewayServerTest, TheSocketIsItsUsersAloneAndGoesWithTheServer) {
  start();
  struct stat status {};
  ASSERT_EQ(::lstat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  server.reset();
  EXPECT_NE(::lstat(path.c_str(), &status), 0);
}

TEST_F(GatewayServerTest, ReplacesAStaleSocketOnly) {
  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = address_of(path);
  ASSERT_EQ(::bind(stale, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(stale);
  start();

  EXPECT_THAT([&] { GatewayServer(path, gateway_); }, ThrowsMessage<std::runtime_error>(HasSubstr("somebody listens")));
  EXPECT_TRUE(Client(path).connected()) << "the first one goes on";
  const auto file = folder.file("file", "precious");
  EXPECT_THAT([&] { GatewayServer(file, gateway_); }, ThrowsMessage<std::runtime_error>(HasSubstr("no socket")));
  EXPECT_EQ(read_file(file), "precious");
  EXPECT_THAT([&] { GatewayServer(folder.path() / "none" / "gateway", gateway_); },
              ThrowsMessage<std::runtime_error>(HasSubstr("No such file")));
  EXPECT_THAT([&] { GatewayServer(folder.path() / std::string(108, 'x'), gateway_); },
              ThrowsMessage<std::runtime_error>(HasSubstr("at most 107 bytes")));
}

TEST_F(GatewayServerTest, DoesNotRemoveTheSocketOfASuccessor) {
  start();
  std::filesystem::remove(path);
  std::optional<GatewayServer> successor;
  successor.emplace(path, gateway_);
  server.reset();
  EXPECT_TRUE(Client(path).connected());
}

TEST_F(GatewayServerTest, SeveralClientsAndLinesInPieces) {
  start();
  Client one(path), two(path);
  const std::string call = status_call();
  one.send(call.substr(0, 20));
  look();
  two.send(status_call() + status_call());
  look();
  const std::string answers = two.receive();
  EXPECT_EQ(std::count(answers.begin(), answers.end(), '\n'), 2);
  EXPECT_EQ(json::parse(answers.substr(0, answers.find('\n')))["id"], 2);
  one.send(call.substr(20));
  look();
  EXPECT_EQ(json::parse(one.receive())["error"]["code"], "replayed") << "the others' calls had later numbers";
  EXPECT_FALSE(one.ended());
  one.send(status_call());
  look();
  EXPECT_EQ(json::parse(one.receive())["id"], 4);
}

TEST_F(GatewayServerTest, AClientMayEndItsCallsAheadOfTheAnswer) {
  start();
  Client client(path);
  client.send(sign(call_json(++sequence_, "ping")) + "\n");
  client.end_of_calls();
  look();
  EXPECT_THAT(client.receive(), IsEmpty());
  EXPECT_FALSE(client.ended());
  answer_all();
  look();
  EXPECT_EQ(json::parse(client.receive())["result"]["firmware_version"], "1.2.3");
  EXPECT_TRUE(client.ended());
}

TEST_F(GatewayServerTest, AClientThatIsGoneGetsNoAnswer) {
  start();
  std::optional<Client> client;
  client.emplace(path);
  client->send(sign(call_json(++sequence_, "ping")) + "\n");
  look();
  client.reset();
  look();
  answer_all();
  look();
  EXPECT_EQ(gateway_.calls().at(0).outcome, "ok");
  EXPECT_EQ(alarms_.count(), 0u);
}

TEST_F(GatewayServerTest, GarbageIsDeniedLineByLine) {
  start();
  Client client(path);
  client.send(std::string("\n\0\xff\n{}\n", 7) + "GET / HTTP/1.1\r\n\r\n");
  look();
  const std::string answers = client.receive();
  EXPECT_EQ(std::count(answers.begin(), answers.end(), '\n'), 5);
  EXPECT_EQ(alarms_of("unauthenticated_call"), 5u);
  client.send(status_call());
  look();
  EXPECT_TRUE(json::parse(client.receive()).contains("result"));
}

TEST_F(GatewayServerTest, ALineWithoutAnEndEndsItsClient) {
  start();
  Client client(path);
  const std::string piece(16 * 1024, 'x');
  for (int n = 0; n < 8 && !client.ended(); ++n) {
    client.send(piece);
    look();
    const std::string answer = client.receive();
    EXPECT_TRUE(answer.empty() || json::parse(answer)["error"]["code"] == "denied") << answer;
  }
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(alarms_of("unauthenticated_call"), 1u);
}

TEST_F(GatewayServerTest, AClientThatTakesNoAnswersIsClosed) {
  start();
  for (int n = 0; n < 1000; ++n) alarms_.raise("tamper", std::string(200, 'x'));
  Client client(path), other(path);
  std::size_t most = 0;
  for (int n = 0; n < 200; ++n) {
    if (client.send(sign(call_json(++sequence_, "alarms")) + "\n") == 0) break;
    look(1);
    ++most;
  }
  look();
  EXPECT_LT(most, 200u);
  other.send(status_call());
  look();
  EXPECT_TRUE(json::parse(other.receive()).contains("result"));
  client.receive();
  EXPECT_TRUE(client.ended());
}

TEST_F(GatewayServerTest, OneLookReadsFromEachClientOnce) {
  start();
  Client flood(path);
  std::string lines;
  while (lines.size() < 100'000) lines += "x\n";
  flood.send(lines);
  server->poll();  // accepts
  server->poll();
  EXPECT_GT(gateway_.denied(), 0u);
  EXPECT_LE(gateway_.denied(), 16u * 1024 / 2);
}

TEST_F(GatewayServerTest, TooManyClientsAreTurnedAway) {
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t n = 0; n <= GatewayServer::kMostClients; ++n) {
    clients.push_back(std::make_unique<Client>(path));
    look();
  }
  for (const auto& client : clients) client->receive();
  EXPECT_TRUE(clients.back()->ended());
  EXPECT_FALSE(clients.front()->ended());
  clients.front().reset();
  look();
  Client late(path);
  late.send(status_call());
  look();
  EXPECT_TRUE(json::parse(late.receive()).contains("result"));
}

TEST_F(GatewayServerTest, WaitingEndsWhenSomebodyCalls) {
  start();
  const auto begin = std::chrono::steady_clock::now();
  server->wait(20ms);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 19ms);
  Client client(path);
  server->wait(60s);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
}

TEST_F(GatewayServerTest, TheLastAnswersAreSentAtTheEnd) {
  start();
  Client client(path);
  client.send(sign(call_json(++sequence_, "ping")) + "\n");
  look();
  answer_all();
  run_for(0.001);
  server.reset();
  EXPECT_TRUE(json::parse(client.receive()).contains("result"));
  EXPECT_TRUE(client.ended());
}

}  // namespace
}  // namespace cardvp
