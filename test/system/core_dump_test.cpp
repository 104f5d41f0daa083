// Searches everything that a run of an encrypted volume leaves for the keys that were in use: a core dump taken while
// they are loaded, every file of --out with all traces and debug messages on, standard output and error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include <fmt/format.h>

#include "models/security/device_keys.h"
#include "test/system/process.h"
#include "test/system/program.h"

namespace cardvp::test {
namespace {

using testing::HasSubstr;

std::string hex(std::string_view bytes, bool capitals) {
  std::string text;
  for (const char c : bytes)
    text += fmt::format(fmt::runtime(capitals ? "{:02X}" : "{:02x}"), static_cast<unsigned char>(c));
  return text;
}

template <class Bytes>
std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The test card: the configuration's defaults.
memory::FusesConfig fuses() {
  memory::FusesConfig made{.card_id = 1};
  std::iota(made.device_secret.begin(), made.device_secret.end(), std::uint8_t{0});
  return made;
}

struct CoreDumpTest : testing::Test {
  const memory::FusesConfig card = fuses();
  Folder folder;
  std::map<std::string, std::string> keys;  // by name

  CoreDumpTest() {
    std::string volume(64, 0);
    for (std::size_t i = 0; i < volume.size(); ++i) volume[i] = static_cast<char>(i * i * 7 + i * 31 + 5);
    keys["volume key"] = volume;
    const auto crypto = security::make_openssl_crypto();
    const auto secret = std::as_bytes(std::span(card.device_secret));
    std::array<std::byte, security::kTransportKeyBytes> transport;
    security::derive_transport_key(*crypto, secret, card.card_id, transport);
    keys["transport key"] = text_of(transport);
    std::array<std::byte, security::kAttestationKeyBytes> attestation;
    security::derive_attestation_key(*crypto, secret, card.card_id, attestation);
    keys["attestation key"] = text_of(attestation);
  }

  nlohmann::json scenario() const {
    nlohmann::json made = small_scenario();
    made["card"]["dram_mib"] = 1;
    made["host"]["memory_mib"] = 16;
    const std::string& key = keys.at("volume key");
    const auto wrapped =
        security::wrap_for_card(card, std::span(reinterpret_cast<const std::uint8_t*>(key.data()), key.size()));
    made["card"]["volumes"][0]["encryption"] = {{"key", "wrapped"}, {"wrapped_key", hex(text_of(wrapped), false)}};
    return made;
  }

  // Which of the keys are there, raw or in hexadecimal: any 16 bytes in a row, at their multiples of 16. A cipher's
  // expanded key begins with such bytes, too.
  std::vector<std::string> found(const std::string& content) const {
    std::vector<std::string> names;
    for (const auto& [name, key] : keys)
      for (std::size_t at = 0; at + 16 <= key.size(); at += 16) {
        const std::string piece = key.substr(at, 16);
        for (const std::string& form : {piece, hex(piece, false), hex(piece, true)})
          if (content.find(form) != std::string::npos) names.push_back(fmt::format("{}, byte {}", name, at));
      }
    return names;
  }
};

using NoKeys = std::vector<std::string>;

TEST_F(CoreDumpTest, NothingOfARunHasItsKeys) {
  const std::string scenario_file = folder.file("s.json", scenario().dump());
  // A breakpoint in the simulator itself, when all I/O is done and the machine still stands.
  std::vector<std::string> commands = {"set pagination off",
                                       "set breakpoint pending on",
                                       "set auto-load off",
                                       "break cardvp::scenarios::report_json",
                                       "run",
                                       "generate-core-file " + folder / "core"};
  // The same with the pages that ask to be left out: there the keys are.
  commands.insert(commands.end(), {"set dump-excluded-mappings on", "set use-coredump-filter off",
                                   "generate-core-file " + folder / "whole"});
  commands.insert(commands.end(), {"delete", "continue"});
  std::vector<std::string> line = {"gdb-multiarch", "-nx", "-batch"};
  for (const std::string& command : commands) line.insert(line.end(), {"-ex", command});
  line.insert(line.end(), {"--args", CARDVP_PROGRAM, "run", scenario_file, "--out", folder / "out", "--trace", "*",
                           "--log", "debug"});
  Process gdb(line, folder / "gdb.txt");
  ASSERT_EQ(gdb.status(), 0);
  const std::string output = gdb.output();
  ASSERT_THAT(output, HasSubstr("Saved corefile " + folder / "core"));
  ASSERT_THAT(output, HasSubstr("descriptor ended"));
  EXPECT_EQ(found(output), NoKeys());

  const std::string core = read_file(folder / "core");
  EXPECT_GT(core.size(), 1u << 20);
  EXPECT_EQ(found(core), NoKeys());
  const std::vector<std::string> there = found(read_file(folder / "whole"));
  for (const auto& [name, key] : keys) EXPECT_THAT(there, testing::Contains(name + ", byte 0"));

  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "out")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(found(read_file(entry.path())), NoKeys()) << entry.path();
  }
  EXPECT_GE(files, 4u);
  EXPECT_THAT(read_file(folder / "out/report.json"), HasSubstr("\"passed\": true"));
}

TEST_F(CoreDumpTest, TheSearchFindsAKeyInEachForm) {
  for (const auto& [name, key] : keys) {
    EXPECT_EQ(found("x" + key.substr(16, 16)), NoKeys{name + ", byte 16"});
    EXPECT_EQ(found("key " + hex(key.substr(0, 16), false) + "!"), NoKeys{name + ", byte 0"});
    EXPECT_EQ(found(hex(key.substr(0, 16), true)), NoKeys{name + ", byte 0"});
    EXPECT_EQ(found(key.substr(1, 16)), NoKeys());
  }
}

}  // namespace
}  // namespace cardvp::test
