// The gateway of a real run: the operator's calls over its socket, with and without our client, and strangers at it.
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "test/system/process.h"
#include "test/system/program.h"

namespace cardvp::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string kKey = CARDVP_SOURCE_DIR "/firmware/keys/test_operator_key.pem";

// Anybody at the socket. Reads block.
class Stranger {
 public:
  explicit Stranger(const std::string& path) : file_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
    if (::connect(file_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect " + path);
  }
  ~Stranger() { ::close(file_); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  void send(const std::string& bytes) { (void)!::send(file_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  // The next line, or what there is of it behind the end of the connection.
  std::string line() {
    std::string text;
    char c = 0;
    while (::recv(file_, &c, 1, 0) == 1 && c != '\n') text += c;
    return text;
  }

 private:
  int file_;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

class GatewayRun : public testing::Test {
 protected:
  // A run that is ready for calls, for `run_ms` of the wall's time and a little longer.
  Process& start(unsigned run_ms = 3'600'000, json scenario = small_scenario()) {
    scenario["limits"]["run_ms"] = run_ms;
    run_.emplace(std::vector<std::string>{CARDVP_PROGRAM, "run", folder_.file("s.json", scenario.dump()), "--gateway",
                                          socket_, "--out", folder_ / "out"},
                 folder_ / "run.txt");
    EXPECT_THAT(run_->wait_for("shut down"), HasSubstr("shut down")) << "the workload is over";
    return *run_;
  }
  Ended call(const std::string& method, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"call", socket_, method, "--key", kKey};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cardvp(arguments);
  }
  // Ends the run; its report.
  json report() {
    run_->signal(SIGINT);
    EXPECT_EQ(run_->status(), 130) << run_->output();
    return json::parse(read_file(folder_ / "out/report.json"));
  }
  static std::uint64_t counter(const json& report, const std::string& name) {
    return report["counters"].contains(name) ? report["counters"][name]["value"].get<std::uint64_t>() : 0;
  }
  bool socket_is_there() const {
    struct stat status {};
    return ::lstat(socket_.c_str(), &status) == 0;
  }

  Folder folder_;
  const std::string socket_ = folder_ / "gateway";
  std::optional<Process> run_;
};

TEST_F(GatewayRun, TakesTheOperatorsCalls) {
  start();
  const Ended ping = call("ping");
  EXPECT_EQ(ping.status, 0) << ping.error;
  EXPECT_EQ(json::parse(ping.out)["result"]["firmware_version"], "0.1.0");
  const Ended status = call("status");
  EXPECT_EQ(status.status, 0) << status.error;
  const json result = json::parse(status.out)["result"];
  EXPECT_EQ(result["volumes"], json::parse(R"([{"name": "v", "attached": true}])"));
  EXPECT_EQ(result["life_cycle"], "development");
  EXPECT_EQ(result["firmware_version"], "0.1.0");
  EXPECT_EQ(result["alarms"], 0);
  const Ended detach = call("detach_volume", {R"({"volume": "v"})"});
  EXPECT_EQ(detach.status, 0) << detach.out;
  EXPECT_EQ(json::parse(call("status").out)["result"]["volumes"][0]["attached"], false);

  const Ended again = call("detach_volume", {R"({"volume": "v"})"});
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(json::parse(again.out)["error"]["message"], "not attached");
  EXPECT_EQ(call("status", {"--sequence", "1"}).status, 1) << "smaller than the clock";
  EXPECT_EQ(call("status", {"--card", "99"}).status, 1);
  EXPECT_EQ(call("export_key", {R"({"volume": "v"})"}).status, 1);

  EXPECT_TRUE(socket_is_there());
  const json end = report();
  EXPECT_FALSE(socket_is_there());
  EXPECT_EQ(counter(end, "card.gateway.accepted"), 5u);
  EXPECT_EQ(counter(end, "card.gateway.denied"), 3u);
  EXPECT_EQ(counter(end, "card.alarms.replayed_call"), 1u);
  EXPECT_EQ(counter(end, "card.alarms.unauthenticated_call"), 1u);
  EXPECT_EQ(counter(end, "card.alarms.forbidden_call"), 1u);
}

// From a new key to a volume that answers with Access Denied, by nothing but the program's commands.
TEST_F(GatewayRun, AnEncryptedVolumeComesAndItsKeyGoes) {
  json scenario = small_scenario();
  scenario["card"]["fuses"]["card_id"] = 5;
  scenario["card"]["volumes"].push_back({{"name", "secret"},
                                         {"attached", false},
                                         {"block_size", 4096},
                                         {"medium", {{"type", "memory"}, {"size_mib", 1}}},
                                         {"encryption", {{"key", "wrapped"}}}});
  const std::string key = folder_ / "volume.key";
  ASSERT_EQ(cardvp({"key", "new", key}).status, 0);
  const auto attach_with_key_for = [&](int card) {
    json other = scenario;
    other["card"]["fuses"]["card_id"] = card;
    const Ended wrapped = cardvp({"key", "wrap", key, "--scenario", folder_.file("card.json", other.dump())});
    EXPECT_EQ(wrapped.status, 0) << wrapped.error;
    return call("attach_volume",
                {json({{"volume", "secret"}, {"wrapped_key", first_line(wrapped.out)}}).dump(), "--card", "5"});
  };
  const auto attached = [this] { return json::parse(call("status").out)["result"]["volumes"][1]["attached"]; };
  start(3'600'000, scenario);
  const Ended stolen = attach_with_key_for(6);
  EXPECT_EQ(stolen.status, 1) << stolen.out;
  EXPECT_EQ(json::parse(stolen.out)["error"]["code"], "refused");
  EXPECT_EQ(attached(), false);
  const Ended right = attach_with_key_for(5);
  EXPECT_EQ(right.status, 0) << right.out;
  EXPECT_EQ(json::parse(right.out)["result"], json::parse(R"({"volume": "secret", "function": 1})"));
  EXPECT_EQ(attached(), true);
  EXPECT_EQ(call("destroy_key", {R"({"volume": "secret"})"}).status, 0);
  EXPECT_EQ(call("destroy_key", {R"({"volume": "secret"})"}).status, 1) << "there is none any more";
  EXPECT_EQ(call("detach_volume", {R"({"volume": "secret"})"}).status, 0);
  EXPECT_EQ(attached(), false);
  EXPECT_EQ(counter(report(), "card.alarms.unauthenticated_call"), 0u);
}

// The document's own words, run by a shell.
TEST_F(GatewayRun, TakesACallThatOpenSslAndAShellHaveSigned) {
  const std::string document = read_file(CARDVP_SOURCE_DIR "/docs/control-plane.md");
  const std::size_t begin = document.find("sign_call() {");
  ASSERT_NE(begin, std::string::npos);
  const std::string function = document.substr(begin, document.find("```", begin) - begin);
  start();
  Process shell({"sh", "-c", function + "sign_call \"$1\" \"$2\"", "sh", kKey,
                 R"({"id": "by \\ hand", "sequence": 1, "method": "status"})"},
                folder_ / "line.txt");
  ASSERT_EQ(shell.status(), 0) << shell.output();
  Stranger client(socket_);
  client.send(shell.output());
  const json answer = json::parse(client.line());
  EXPECT_EQ(answer["id"], "by \\ hand");
  EXPECT_EQ(answer["result"]["started"], true) << answer;
  client.send(shell.output());
  EXPECT_EQ(json::parse(client.line())["error"]["code"], "replayed");
}

TEST_F(GatewayRun, StrangersAreDeniedAndDoNotDisturb) {
  start();
  struct stat status {};
  ASSERT_EQ(::lstat(socket_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);

  Process keygen({"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out",
                  folder_ / "stranger.pem"},
                 folder_ / "keygen.txt");
  ASSERT_EQ(keygen.status(), 0) << keygen.output();
  const Ended forged = cardvp({"call", socket_, "status", "--key", folder_ / "stranger.pem"});
  EXPECT_EQ(forged.status, 1);
  EXPECT_EQ(json::parse(forged.out), json::parse(R"({"id": null, "error": {"code": "denied",
                                                     "message": "not a call that the operator signed"}})"));

  {
    Stranger garbage(socket_), half(socket_), gone(socket_), endless(socket_);
    garbage.send("GET / HTTP/1.1\r\n");
    EXPECT_THAT(garbage.line(), HasSubstr("denied"));
    half.send("{\"call\": ");
    gone.send("{}\n{}\n{}\n");
    endless.send(std::string(80'000, '['));
    EXPECT_THAT(endless.line(), HasSubstr("denied"));
    EXPECT_THAT(endless.line(), IsEmpty());
  }
  EXPECT_EQ(call("status").status, 0);
  EXPECT_GE(counter(report(), "card.alarms.unauthenticated_call"), 3u);
}

TEST_F(GatewayRun, AnInterruptedRunRemovesItsSocketAndAKilledOneLeavesItToTheNext) {
  Process& first = start();
  first.signal(SIGINT);
  EXPECT_EQ(first.status(), 130);
  EXPECT_FALSE(socket_is_there());

  Process& second = start();
  second.signal(SIGKILL);
  EXPECT_EQ(second.status(), 128 + SIGKILL);
  EXPECT_TRUE(socket_is_there());
  const Ended nobody = call("status");
  EXPECT_EQ(nobody.status, 1);
  EXPECT_THAT(nobody.error, HasSubstr("is there a run with --gateway?"));

  start();
  EXPECT_EQ(call("status").status, 0);
  const Ended other = cardvp({"run", folder_ / "s.json", "--gateway", socket_});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.error, HasSubstr("somebody listens there already"));
}

TEST_F(GatewayRun, EndsAtItsLimit) {
  const auto begin = std::chrono::steady_clock::now();
  Process& run = start(500);
  EXPECT_EQ(run.status(), 0) << run.output();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(400)) << "faster than the wall's clock";
  const json end = json::parse(read_file(folder_ / "out/report.json"));
  EXPECT_EQ(end["result"], "passed");
  EXPECT_GE(end["simulated_ns"].get<double>(), 5e8);
  EXPECT_FALSE(socket_is_there());
}

TEST_F(GatewayRun, WithoutALimitItEndsAsEver) {
  const Ended ended = cardvp({"run", folder_.file("s.json", small_scenario().dump()), "--gateway", socket_});
  EXPECT_EQ(ended.status, 0) << ended.error;
  EXPECT_FALSE(socket_is_there());
  folder_.file("file", "precious");
  EXPECT_EQ(cardvp({"run", folder_ / "s.json", "--gateway", folder_ / "file"}).status, 1);
  EXPECT_EQ(read_file(folder_ / "file"), "precious");
}

TEST(CallCommand, WhatMakesNoCallIsStatus2) {
  const Folder folder;
  const std::string socket = folder / "none";
  EXPECT_EQ(cardvp({"call", socket, "status"}).status, 2);
  EXPECT_EQ(cardvp({"call", socket, "status", "--key", folder / "none.pem"}).status, 2);
  EXPECT_EQ(cardvp({"call", socket, "status", "--key", folder.file("bad.pem", "x")}).status, 2);
  EXPECT_EQ(cardvp({"call", socket, "status", "[]", "--key", kKey}).status, 2);
  EXPECT_EQ(cardvp({"call", socket, "status", "{", "--key", kKey}).status, 2);
  EXPECT_EQ(cardvp({"call", socket, "status", "--key", kKey}).status, 1) << "nobody is there";
}

TEST(DebugAccess, IsRefusedOutsideOfTheDevelopmentState) {
  const Folder folder;
  const std::string file = folder.file("s.json", small_scenario().dump());
  for (const char* state : {"production", "returned"})
    for (const char* option : {"--gdb", "--gdb-attach"}) {
      const Ended ended = cardvp({"run", file, option, "0", "--set", std::string("/card/fuses/life_cycle=") + state});
      EXPECT_EQ(ended.status, 2);
      EXPECT_THAT(ended.error, AllOf(StartsWith("cardvp: /card/fuses/life_cycle: expected \"development\""),
                                     HasSubstr(std::string("got \"") + state)));
      EXPECT_THAT(ended.out, IsEmpty()) << "nothing was simulated";
    }
}

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string unwrap(const std::string& transport, const std::string& wrapped) {
  const auto* input = reinterpret_cast<const unsigned char*>(wrapped.data());
  std::string key(wrapped.size(), '\0');
  auto* output = reinterpret_cast<unsigned char*>(key.data());
  int size = 0;
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  const bool good = EVP_DecryptInit_ex(context, EVP_aes_256_wrap(), nullptr,
                                       reinterpret_cast<const unsigned char*>(transport.data()), nullptr) == 1 &&
                    EVP_DecryptUpdate(context, output, &size, input, static_cast<int>(wrapped.size())) == 1;
  EVP_CIPHER_CTX_free(context);
  return good ? key.substr(0, static_cast<std::size_t>(size)) : "";
}

// HKDF as RFC 5869 says, by OpenSSL: of the secret 00 01 02 ... 1f and the card number 5.
std::string transport_key() {
  std::string secret, key(32, '\0');
  for (char c = 0; c < 32; ++c) secret += c;
  const std::string salt("\5\0\0\0\0\0\0\0", 8), info = "cardvp transport key";
  const auto bytes = [](const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  std::size_t size = key.size();
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr);
  const bool good = EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha384()) == 1 &&
                    EVP_PKEY_CTX_set1_hkdf_salt(context, bytes(salt), static_cast<int>(salt.size())) == 1 &&
                    EVP_PKEY_CTX_set1_hkdf_key(context, bytes(secret), static_cast<int>(secret.size())) == 1 &&
                    EVP_PKEY_CTX_add1_hkdf_info(context, bytes(info), static_cast<int>(info.size())) == 1 &&
                    EVP_PKEY_derive(context, reinterpret_cast<unsigned char*>(key.data()), &size) == 1;
  EVP_PKEY_CTX_free(context);
  return good ? key : "";
}

TEST(KeyCommand, MakesKeysAndWrapsThemForOneCard) {
  const Folder folder;
  const std::string file = folder / "volume.key";
  ASSERT_EQ(cardvp({"key", "new", file}).status, 0);
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const std::string key = read_file(file);
  EXPECT_EQ(key.size(), 64u);
  EXPECT_EQ(cardvp({"key", "new", file}).status, 2) << "a key that is there is not replaced";
  EXPECT_EQ(read_file(file), key);
  ASSERT_EQ(cardvp({"key", "new", folder / "other.key"}).status, 0);
  EXPECT_NE(read_file(folder / "other.key"), key);

  json scenario = small_scenario();
  scenario["card"]["fuses"] = {{"card_id", 5}};
  const std::string secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  const Ended wrapped = cardvp({"key", "wrap", file, "--scenario", folder.file("s.json", scenario.dump())});
  ASSERT_EQ(wrapped.status, 0) << wrapped.error;
  EXPECT_EQ(wrapped.out.size(), 2 * 72 + 1u);
  EXPECT_EQ(unwrap(transport_key(), bytes_of(first_line(wrapped.out))), key);
  EXPECT_EQ(cardvp({"key", "wrap", file, "--card-id", "5", "--device-secret", secret}).out, wrapped.out);
  const Ended elsewhere = cardvp({"key", "wrap", file, "--card-id", "6", "--device-secret", secret});
  EXPECT_EQ(unwrap(transport_key(), bytes_of(first_line(elsewhere.out))), "");
}

TEST(KeyCommand, MakesTransitKeysAndWrapsThem) {
  const Folder folder;
  const std::string file = folder / "transit.key";
  ASSERT_EQ(cardvp({"key", "new", "--transit", file}).status, 0);
  const std::string key = read_file(file);
  EXPECT_EQ(key.size(), 32u);
  json scenario = small_scenario();
  scenario["card"]["fuses"] = {{"card_id", 5}};
  const Ended wrapped = cardvp({"key", "wrap", file, "--scenario", folder.file("s.json", scenario.dump())});
  ASSERT_EQ(wrapped.status, 0) << wrapped.error;
  EXPECT_EQ(unwrap(transport_key(), bytes_of(first_line(wrapped.out))), key);
}

TEST(KeyCommand, WhatIsNoKeyOrCardIsStatus2) {
  const Folder folder;
  const std::string scenario = folder.file("s.json", small_scenario().dump());
  const std::string good = folder.file("good.key", std::string(32, 'a') + std::string(32, 'b'));
  EXPECT_EQ(cardvp({"key", "wrap", good, "--scenario", scenario}).status, 0);
  for (const std::string& bad :
       {folder.file("short.key", std::string(63, 'a')), folder.file("long.key", std::string(65, 'a')),
        folder.file("halves.key", std::string(64, 'a')), folder / "none.key"}) {
    const Ended ended = cardvp({"key", "wrap", bad, "--scenario", scenario});
    EXPECT_EQ(ended.status, 2) << bad;
    EXPECT_THAT(ended.error, AllOf(HasSubstr(bad), testing::Not(HasSubstr("aaaa"))));
  }
  EXPECT_EQ(cardvp({"key", "wrap", good}).status, 2);
  EXPECT_EQ(cardvp({"key", "wrap", good, "--card-id", "1"}).status, 2);
  EXPECT_EQ(cardvp({"key", "wrap", good, "--card-id", "1", "--device-secret", "00"}).status, 2);
  EXPECT_EQ(cardvp({"key"}).status, 2);
}

TEST(KeyCommand, TheAttestationKeyIsAPublicKeyOfP384) {
  const Folder folder;
  json scenario = small_scenario();
  const Ended printed = cardvp({"key", "attestation", "--scenario", folder.file("s.json", scenario.dump())});
  ASSERT_EQ(printed.status, 0) << printed.error;
  Process openssl({"openssl", "pkey", "-pubin", "-in", folder.file("a.pem", printed.out), "-noout", "-text"},
                  folder / "text.txt");
  EXPECT_EQ(openssl.status(), 0) << openssl.output();
  EXPECT_THAT(openssl.output(), HasSubstr("secp384r1"));
  scenario["card"]["fuses"] = {{"card_id", 5}};
  EXPECT_NE(cardvp({"key", "attestation", "--scenario", folder.file("s.json", scenario.dump())}).out, printed.out);
}

}  // namespace
}  // namespace cardvp::test
