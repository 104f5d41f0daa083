// The scenarios of the network: they pass, twice with one report, and each fails when one thing in it is other than it
// says. What is on the wire holds against tshark and OpenSSL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "test/system/process.h"
#include "test/system/program.h"

namespace cardvp::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kScenarios = CARDVP_SOURCE_DIR "/scenarios/";

struct ScenarioRun {
  Folder folder;
  Ended ended;

  explicit ScenarioRun(const std::string& name, const std::string& override = {}) {
    std::vector<std::string> arguments = {"run", kScenarios + name + ".json", "--out", folder / "out"};
    if (!override.empty()) arguments.insert(arguments.end(), {"--set", override});
    ended = cardvp(arguments);
  }
  std::string report() const { return read_file(folder / "out/report.json"); }
};

struct Broken {
  const char* scenario;
  const char* override;
  const char* reason;  // that the run then gives
};

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.override; }

struct NetworkScenario : testing::TestWithParam<Broken> {};

TEST_P(NetworkScenario, PassesAndGivesTheSameReportAgain) {
  const ScenarioRun first(GetParam().scenario), second(GetParam().scenario);
  EXPECT_EQ(first.ended.status, 0) << first.ended.error;
  EXPECT_EQ(first.report(), second.report());
  const json report = json::parse(first.report());
  for (const json& workload : report["workloads"]) EXPECT_TRUE(workload["passed"]) << workload;
}

TEST_P(NetworkScenario, FailsIfOneThingIsOtherThanItSays) {
  const ScenarioRun run(GetParam().scenario, GetParam().override);
  EXPECT_EQ(run.ended.status, 1);
  EXPECT_THAT(run.ended.error, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    All, NetworkScenario,
    testing::Values(
        Broken{"two_cards", "/network/security_groups/0/rules/0/protocol=tcp", "workload ping: "},
        Broken{"vpc_rules", "/network/security_groups/1/rules/0/ports=5000-7000", "workload denied-port: 200 of 200"},
        Broken{"encrypted_transit", "/network/vpcs/0/encrypt=false", "/expect_counters/0: a.card.vpc.sealed is 0"},
        Broken{"multipath_loss", "/network/vpcs/0/transport=plain", "were lost"},
        Broken{"pcap_replay", "/network/security_groups/1/rules/0/ports=81-82", "frames did not arrive, not 3"},
        Broken{"sriov", "/servers/0/card/interfaces/2/vpc=blue", "workload virtual: 2000 of 2000"},
        Broken{"allowances", "/servers/0/card/interfaces/3/allowances/connections=0",
               "workload connections: 4000 of 4000"}),
    [](const auto& tested) { return std::string(tested.param.scenario); });

TEST(NetworkScenarioErrors, NameThePlace) {
  const std::pair<const char*, const char*> broken[] = {
      {"/workloads/4/from=a/eth7", "/workloads/4/from"},
      {"/workloads/4/from_address=fd00::1", "/workloads/4/from_address"},
      {"/workloads/9/protocol=udp", "/workloads/9/segment"},
      {"/workloads/6/duration_us=5", "/workloads/6/duration_us"},
      {"/workloads/2/to=b/eth0", "/workloads/2/to"},
      {"/expect_counters/0/least=1000", "/expect_counters/0/least"},
      {"/expect_counters/0/equals=5", "/expect_counters/0/equals"},
      {"/servers/1/card/interfaces/0/vpc=red", "/servers/1/card/interfaces/0/vpc"},
      {"/servers/1/card/interfaces/0/addresses/0=10.0.0.10/24", "/servers/1/card/interfaces/0/addresses"},
      {"/servers/1/name=a", "/servers/1/name"},
  };
  for (const auto& [override, pointer] : broken) {
    const Ended ended = cardvp({"validate", kScenarios + "two_cards.json", "--set", override});
    EXPECT_EQ(ended.status, 2) << override;
    EXPECT_THAT(ended.error, HasSubstr(pointer)) << override;
  }
  for (const char* counter : {"a.card.nothing", "a.card.vpc.fn0.drops.nothing", "a.card.vpc.fn7.drops.rules"}) {
    const ScenarioRun run("two_cards", fmt::format("/expect_counters/0/counter={}", counter));
    EXPECT_EQ(run.ended.status, 1) << counter;
    EXPECT_THAT(run.ended.error, HasSubstr(fmt::format("/expect_counters/0: there is no counter {}", counter)));
  }
  const ScenarioRun none("pcap_replay", "/workloads/0/file=captures/none.pcap");
  EXPECT_EQ(none.ended.status, 2);
  EXPECT_THAT(none.ended.error, HasSubstr("/workloads/0/file"));
}

TEST(NetworkScenarioReport, HasWhatWasExpectedAndWhatDevicesSayOfAllowances) {
  const ScenarioRun run("allowances");
  const json report = json::parse(run.report());
  ASSERT_EQ(report["expected_counters"].size(), 2u);
  const json& connections = report["expected_counters"][0];
  EXPECT_EQ(connections,
            json({{"counter", "a.card.vpc.fn3.drops.connections"}, {"least", 3000}, {"most", 3000}, {"value", 3000}}));
  const auto exceeded = [&report](std::size_t interface, const char* what) {
    return report["interfaces"][interface]["allowances_exceeded"][what].get<std::uint64_t>();
  };
  // As the devices tell their hosts (GET_STATS, ENI): each what it has a limit for, and nothing else.
  const struct {
    std::size_t interface;
    const char* what;
  } limits[] = {{1, "bandwidth_out"}, {2, "packets_per_second"}, {3, "connections"}, {5, "bandwidth_in"}};
  for (const auto& limit : limits)
    for (std::size_t interface = 0; interface < 6; ++interface)
      EXPECT_EQ(exceeded(interface, limit.what) > 0, interface == limit.interface) << limit.what << " " << interface;
  EXPECT_EQ(exceeded(3, "connections"), 3000u);
}

// --- What is on the wire ---------------------------------------------------------------------------------------------

using Bytes = std::vector<unsigned char>;

Bytes unhex(const std::string& text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<unsigned char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::uint64_t number(const Bytes& bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes.at(at + i);
  return value;
}

// HKDF (RFC 5869) with SHA-384 over the scenario's transit key: of one sender, one receiver, one epoch.
Bytes derive(const Bytes& sender, const Bytes& receiver, std::uint32_t epoch) {
  Bytes master = unhex("404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f");
  std::string salt = "cardvp transit", digest = "SHA384";
  Bytes info;
  for (const Bytes* address : {&sender, &receiver}) {
    info.insert(info.end(), 10, 0);
    info.insert(info.end(), 2, 0xff);
    info.insert(info.end(), address->begin(), address->end());
  }
  for (int shift = 24; shift >= 0; shift -= 8) info.push_back(static_cast<unsigned char>(epoch >> shift));
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr), EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kdf.get()), EVP_KDF_CTX_free);
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                                   OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, master.data(), master.size()),
                                   OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.data(), salt.size()),
                                   OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
                                   OSSL_PARAM_construct_end()};
  Bytes key(32);
  EXPECT_EQ(EVP_KDF_derive(context.get(), key.data(), key.size(), parameters), 1);
  return key;
}

// The plaintext; nothing if the tag is not right.
std::optional<Bytes> open(const Bytes& key, const Bytes& iv, const Bytes& additional, Bytes sealed) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                EVP_CIPHER_CTX_free);
  Bytes tag(sealed.end() - 16, sealed.end());
  sealed.resize(sealed.size() - 16);
  Bytes plain(sealed.size());
  int size = 0;
  EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), iv.data());
  EVP_DecryptUpdate(context.get(), nullptr, &size, additional.data(), static_cast<int>(additional.size()));
  EVP_DecryptUpdate(context.get(), plain.data(), &size, sealed.data(), static_cast<int>(sealed.size()));
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, 16, tag.data());
  if (EVP_DecryptFinal_ex(context.get(), plain.data() + size, &size) != 1) return std::nullopt;
  return plain;
}

TEST(NetworkCapture, OpensWithTsharkAndOpenssl) {
  const ScenarioRun run("encrypted_transit");
  ASSERT_EQ(run.ended.status, 0) << run.ended.error;
  const std::string capture = run.folder / "out/a.pcap";
  Process tshark({"tshark", "-r", capture, "-T", "fields", "-e", "ip.src", "-e", "ip.dst", "-e", "geneve.vni", "-e",
                  "geneve.proto_type", "-e", "geneve.option.class", "-e", "udp.payload"},
                 run.folder / "fields");
  ASSERT_EQ(tshark.status(), 0) << tshark.output();
  std::istringstream lines(tshark.output());
  std::map<std::uint32_t, Bytes> keys;  // by SPI
  std::map<std::uint32_t, std::set<std::uint64_t>> sequences;
  std::size_t packets = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("100.", 0) != 0) continue;  // what it says to root
    ++packets;
    std::istringstream fields(line);
    std::string source, destination, vni, protocol, option_class, payload;
    fields >> source >> destination >> vni >> protocol >> option_class >> payload;
    ASSERT_EQ(vni, "0x001b59") << line;  // 7001
    ASSERT_EQ(protocol, "0x88b5");
    ASSERT_EQ(option_class, "0xfff0");
    const Bytes geneve = unhex(payload);
    const std::size_t header = 8 + (geneve.at(0) & 0x3f) * 4u;
    const auto spi = static_cast<std::uint32_t>(number(geneve, 12, 4));
    const std::uint64_t sequence = number(geneve, 16, 8);
    const bool from_a = source == "100.64.0.1";
    ASSERT_EQ(spi >> 16, from_a ? 1u : 2u);
    EXPECT_TRUE(sequences[spi].insert(sequence).second) << "an IV was used twice";
    const Bytes a{100, 64, 0, 1}, b{100, 64, 0, 2};
    if (!keys.contains(spi)) keys[spi] = derive(from_a ? a : b, from_a ? b : a, spi & 0xffff);
    const Bytes additional(geneve.begin(), geneve.begin() + static_cast<std::ptrdiff_t>(header));
    Bytes iv(geneve.begin() + 12, geneve.begin() + 24);  // SPI and sequence number
    const auto inner =
        open(keys[spi], iv, additional, {geneve.begin() + static_cast<std::ptrdiff_t>(header), geneve.end()});
    ASSERT_TRUE(inner) << "packet " << packets;
    EXPECT_EQ(number(*inner, 12, 2), 0x0800u);
    EXPECT_EQ(number(*inner, 26, 4), from_a ? 0x0a00000au : 0x0a00000bu);
    EXPECT_EQ(number(*inner, 30, 4), from_a ? 0x0a00000bu : 0x0a00000au);
    EXPECT_LE(14 + number(*inner, 16, 2), inner->size());
  }
  const json report = json::parse(run.report());
  const auto count = [&report](const char* name) { return report["counters"][name]["value"].get<std::size_t>(); };
  EXPECT_EQ(packets, count("a.card.vpc.sealed") + count("b.card.vpc.sealed"));
  EXPECT_GE(keys.size(), 10u);  // of both directions: keys have changed on the way
}

}  // namespace
}  // namespace cardvp::test
