// The scenarios about trust: they pass, their reports and files hold against OpenSSL and nothing else, and each fails
// when one thing in it is other than it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const std::string kScenarios = CARDVP_SOURCE_DIR "/scenarios/";
const std::string kFirmware = CARDVP_FIRMWARE_DIR "/";

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string unhex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string digest(const EVP_MD* kind, const std::string& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned size = 0;
  EXPECT_EQ(EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, kind, nullptr), 1);
  return {reinterpret_cast<const char*>(out.data()), size};
}
std::string sha384(const std::string& bytes) { return digest(EVP_sha384(), bytes); }

// A run of one of the scenarios, with its folder.
struct ScenarioRun {
  Folder folder;
  Ended ended;
  json report;

  explicit ScenarioRun(const std::string& name, const std::vector<std::string>& overrides = {}) {
    std::vector<std::string> arguments = {"run", kScenarios + name + ".json", "--out", folder / "out"};
    for (const std::string& text : overrides) {
      arguments.emplace_back("--set");
      arguments.push_back(text);
    }
    ended = cardvp(arguments);
    report = json::parse(file("report.json"), nullptr, false);
  }
  std::string file(const std::string& name) const { return read_file(folder / ("out/" + name)); }
  const json& workload(const std::string& name) const {
    for (const json& one : report["workloads"])
      if (one["name"] == name) return one;
    static const json kNone;
    return kNone;
  }
  std::string all() const { return ended.out + ended.error; }
};

std::vector<std::string> alarm_kinds(const json& report) {
  std::vector<std::string> kinds;
  for (const json& alarm : report["security"]["alarms"]) kinds.push_back(alarm["kind"]);
  return kinds;
}

bool verified_by_openssl(const ScenarioRun& run, const std::string& folder) {
  const std::string at = run.folder / ("out/" + folder + "/");
  return std::system(fmt::format("openssl dgst -sha384 -verify {0}attestation.pem -signature {0}quote.sig {0}quote.bin "
                                 ">/dev/null 2>&1",
                                 at)
                         .c_str()) == 0;
}

// A file of the firmware folder with one byte changed.
std::string damaged(const Folder& folder, const std::string& name, std::size_t byte) {
  std::string content = read_file(kFirmware + name);
  content.at(byte) = static_cast<char>(content.at(byte) ^ 0x20);
  return folder.file("damaged-" + name, content);
}

constexpr std::size_t kHeaderBytes = 312, kSignatureOffset = kHeaderBytes - 96;  // firmware/sdk/include/image.h

TEST(SecureBootScenario, PassesAndIsTheSameTwice) {
  const ScenarioRun a("secure_boot"), b("secure_boot");
  ASSERT_EQ(a.ended.status, 0) << a.all();
  for (const char* name : {"report.json", "uart.log", "attestation/quote.bin", "attestation/quote.sig",
                           "attestation/attestation.pem", "attestation/event_log.json", "attestation/event_log.bin"}) {
    EXPECT_EQ(a.file(name), b.file(name)) << name;
    EXPECT_FALSE(a.file(name).empty()) << name;
  }
  const json& security = a.report["security"];
  EXPECT_EQ(security["life_cycle"], "production");
  EXPECT_EQ(security["host"]["boot_image_sha384"], hex(sha384(read_file(kFirmware + "host_boot.img"))));
  EXPECT_EQ(security["host"]["blocked_flash_writes"], 1);
  EXPECT_LT(security["host"]["released_ns"], a.report["boot"]["link_up_ns"]);
  EXPECT_EQ(security["alarms_total"], 2);
  EXPECT_THAT(alarm_kinds(a.report), testing::ElementsAre("host_flash_write", "unauthenticated_call"));
  ASSERT_EQ(security["calls"].size(), 2u);
  EXPECT_EQ(security["calls"][0]["outcome"], "denied");
  EXPECT_EQ(security["calls"][1]["outcome"], "ok");
  EXPECT_EQ(a.workload("host-flash")["flash_write"], (json{{"blocked", true}, {"unchanged", true}}));
  EXPECT_THAT(a.ended.error, HasSubstr("warning: alarm host_flash_write"));
}

TEST(SecureBootScenario, TheQuoteHoldsAgainstOpenSslAlone) {
  const ScenarioRun run("secure_boot");
  ASSERT_EQ(run.ended.status, 0) << run.all();
  EXPECT_TRUE(verified_by_openssl(run, "attestation"));

  // The log leads to what was signed, and to what the card holds.
  std::array<std::string, 8> measurements;
  measurements.fill(std::string(48, '\0'));
  const json events = json::parse(run.file("attestation/event_log.json"));
  for (const json& event : events) {
    std::string& measurement = measurements.at(event["measurement"]);
    measurement = sha384(measurement + unhex(event["digest"]));
  }
  const std::string quote = run.file("attestation/quote.bin");
  constexpr std::size_t kMeasurements = 56;  // models/security/descriptor.h
  for (std::size_t i = 0; i < measurements.size(); ++i) {
    EXPECT_EQ(hex(quote.substr(kMeasurements + 48 * i, 48)), hex(measurements[i])) << i;
    EXPECT_EQ(run.report["security"]["measurements"][i], hex(measurements[i])) << i;
  }
  // What was measured is what the files are.
  const std::string firmware = sha384(read_file(kFirmware + "controller.img").substr(0, kHeaderBytes));
  const std::string host = sha384(read_file(kFirmware + "host_boot.img").substr(0, kHeaderBytes));
  EXPECT_EQ(hex(measurements[1]), hex(sha384(std::string(48, '\0') + firmware)));
  EXPECT_EQ(hex(measurements[2]), hex(sha384(std::string(48, '\0') + host)));
  EXPECT_NE(measurements[0], std::string(48, '\0'));
}

TEST(SecureBootScenario, FailsWhenSomethingIsNotAsItSays) {
  const Folder folder;
  const struct {
    std::string change;
    const char* reason;
  } cases[] = {
      {"/host/workloads/2/signed=true", "workload stranger: status was answered with ok, not denied"},
      {"/host/workloads/3/signed=false", "workload operator: status was answered with denied, not ok"},
      {"/card/host_image=" + damaged(folder, "host_boot.img", kHeaderBytes + 5), "the host's boot image was refused"},
      {"/card/host_image=" + damaged(folder, "host_boot.img", kSignatureOffset + 7),
       "the host's boot image was refused"},
      {"/card/host_image=" + kFirmware + "controller.img", "the host's boot image was refused"},
      {"/card/host_image=" + folder.file("empty", ""), "the host's boot image was refused"},
      {"/card/firmware=" + damaged(folder, "controller.img", kHeaderBytes + 5), "out of reset"},
      {"/card/firmware=" + damaged(folder, "controller.img", kSignatureOffset + 7), "out of reset"},
      {"/card/fuses/root_key_hash=" + std::string(96, 'a'), "out of reset"},
      {"/card/fuses/security_version=77", "out of reset"},
  };
  for (const auto& [change, reason] : cases) {
    const ScenarioRun run("secure_boot", {change});
    EXPECT_EQ(run.ended.status, 1) << change << run.all();
    EXPECT_THAT(run.ended.error, HasSubstr(reason)) << change;
    EXPECT_EQ(run.report["result"], "failed");
  }
}

TEST(SecureBootScenario, AHeldHostDoesNothing) {
  const Folder folder;
  const ScenarioRun run("secure_boot", {"/card/host_image=" + damaged(folder, "host_boot.img", kHeaderBytes)});
  EXPECT_EQ(run.ended.status, 1);
  EXPECT_EQ(run.report["security"]["host"]["released_ns"], nullptr);
  EXPECT_EQ(run.report["security"]["host"]["boot_image_sha384"], nullptr);
  EXPECT_EQ(run.report["boot"]["link_up_ns"], nullptr);
  EXPECT_TRUE(run.report["workloads"].empty());
  EXPECT_TRUE(run.report["controllers"].empty());
}

TEST(SecureBootScenario, NamesFilesThatAreMissing) {
  const auto blamed = [](const std::string& change) { return ScenarioRun("secure_boot", {change}).ended; };
  for (const char* change : {"/card/firmware=installed:none.img", "/card/operator_key=installed:none.pem",
                             "/host/workloads/3/key=none.pem"}) {
    const Ended ended = blamed(change);
    EXPECT_EQ(ended.status, 2) << change;
    EXPECT_THAT(ended.error, HasSubstr(std::string(change).substr(0, std::string(change).find('=')))) << ended.error;
  }
}

TEST(RollbackScenario, TheOlderSlotIsRefusedAndTheOtherBoots) {
  const ScenarioRun run("rollback"), again("rollback");
  ASSERT_EQ(run.ended.status, 0) << run.all();
  EXPECT_EQ(run.file("report.json"), again.file("report.json"));
  EXPECT_EQ(run.file("uart.log"), again.file("uart.log"));
  EXPECT_TRUE(verified_by_openssl(run, "attestation"));
  // What was measured is slot B's firmware.
  const std::string header = read_file(kFirmware + "controller.img").substr(0, kHeaderBytes);
  const json& measured = run.workload("attestation")["attest"];
  EXPECT_EQ(measured["measurements"][1], hex(sha384(std::string(48, '\0') + sha384(header))));
}

TEST(RollbackScenario, FailsWhenTheFusesAllowIt) {
  const ScenarioRun run("rollback", {"/card/fuses/security_version=0", "/console/0/within_ms=100"});
  EXPECT_EQ(run.ended.status, 1);
  EXPECT_THAT(run.ended.error, HasSubstr("console"));
}

TEST(RollbackScenario, FailsWhenBothSlotsAreOld) {
  const ScenarioRun run("rollback", {"/card/firmware_b=installed:controller-old.img"});
  EXPECT_EQ(run.ended.status, 1);
  EXPECT_TRUE(run.report["controllers"].empty());
}

// AES-256-XTS by OpenSSL alone; the tweak is the LBA.
std::string decrypt(const std::string& medium, const std::string& key, std::size_t block) {
  std::string plain(medium.size(), '\0');
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  for (std::size_t at = 0; at < medium.size(); at += block) {
    std::array<unsigned char, 16> tweak{};
    const std::uint64_t lba = at / block;
    std::memcpy(tweak.data(), &lba, sizeof lba);
    int size = 0;
    EXPECT_EQ(EVP_DecryptInit_ex(context, EVP_aes_256_xts(), nullptr,
                                 reinterpret_cast<const unsigned char*>(key.data()), tweak.data()),
              1);
    EXPECT_EQ(EVP_DecryptUpdate(context, reinterpret_cast<unsigned char*>(plain.data() + at), &size,
                                reinterpret_cast<const unsigned char*>(medium.data() + at), static_cast<int>(block)),
              1);
  }
  EVP_CIPHER_CTX_free(context);
  return plain;
}

// What the scenario's wrapped_key holds: bytes 40, 41, ... 7f.
std::string volume_key() {
  std::string key(64, '\0');
  std::iota(key.begin(), key.end(), '\x40');
  return key;
}

TEST(EncryptedVolumeScenario, TheFileHoldsCiphertextThatOpenSslDecrypts) {
  const ScenarioRun run("encrypted_volume"), again("encrypted_volume");
  ASSERT_EQ(run.ended.status, 0) << run.all();
  EXPECT_EQ(run.file("report.json"), again.file("report.json"));
  const std::string medium = run.file("secret.img");
  EXPECT_EQ(medium, again.file("secret.img"));
  ASSERT_EQ(medium.size(), 8u << 20);
  const std::string plain = decrypt(medium, volume_key(), 4096);
  EXPECT_EQ(run.workload("digest")["sha256"], hex(digest(EVP_sha256(), plain)));
  // Every block was written, and none is as the host wrote it.
  for (std::size_t at = 0; at < medium.size(); at += 4096)
    ASSERT_NE(medium.compare(at, 4096, plain, at, 4096), 0) << at / 4096;
  const json& unreadable = run.workload("unreadable");
  EXPECT_EQ(unreadable["commands"], 0);
  EXPECT_EQ(unreadable["failed_commands"], 200);
  EXPECT_EQ(unreadable["expected_error"], "Access Denied");
}

TEST(EncryptedVolumeScenario, NoOutputHasTheKeyOrTheDeviceSecret) {
  std::string secret(32, '\0');
  std::iota(secret.begin(), secret.end(), '\0');
  const Folder folder;
  const Ended ended = cardvp({"run", kScenarios + "encrypted_volume.json", "--out", folder / "out", "--log", "debug",
                              "--trace", "*", "--set", "/host/workloads/0/count=50", "--set",
                              "/host/workloads/1/count=50", "--set", "/host/workloads/2/count=50"});
  ASSERT_EQ(ended.status, 0) << ended.error.substr(0, 2000);
  std::vector<std::string> texts = {ended.out, ended.error};
  for (const char* name : {"report.json", "uart.log", "trace.json", "timing.json", "secret.img"})
    texts.push_back(read_file(folder / (std::string("out/") + name)));
  for (const std::string& text : texts) {
    EXPECT_FALSE(text.empty());
    for (const std::string& key : {volume_key(), secret}) {
      for (std::size_t at = 0; at + 16 <= key.size(); at += 16) {
        EXPECT_EQ(text.find(key.substr(at, 16)), std::string::npos);
        EXPECT_EQ(text.find(hex(key.substr(at, 16))), std::string::npos);
      }
    }
  }
}

TEST(EncryptedVolumeScenario, TamperingEndsIt) {
  const ScenarioRun run("encrypted_volume", {"/card/security/tamper_at_us=20000"});
  EXPECT_EQ(run.ended.status, 1);
  EXPECT_THAT(run.ended.error, HasSubstr("Access Denied"));
  EXPECT_THAT(alarm_kinds(run.report), Contains("tamper"));
  EXPECT_EQ(run.report["security"]["tampered"], true);
  EXPECT_TRUE(run.workload("fill")["passed"]);
  EXPECT_FALSE(run.workload("read-back")["passed"]);
  EXPECT_TRUE(run.workload("unreadable")["passed"]);
}

TEST(EncryptedVolumeScenario, FailsWhenTheKeyIsStillThere) {
  const ScenarioRun run("encrypted_volume", {R"(/host/workloads/4={"type": "call", "name": "c", "method": "ping"})"});
  EXPECT_EQ(run.ended.status, 1);
  EXPECT_THAT(run.ended.error, HasSubstr("workload unreadable: 200 commands succeeded"));
}

TEST(EncryptedVolumeScenario, FailsWithAKeyThatWasWrappedForAnotherCard) {
  const ScenarioRun run("encrypted_volume", {"/card/fuses/card_id=2"});
  EXPECT_EQ(run.ended.status, 1);
  EXPECT_THAT(run.ended.error, HasSubstr("the key was not wrapped for this card"));
  EXPECT_TRUE(run.report["controllers"].empty());
}

TEST(LiveUpdateScenario, LosesNoCommand) {
  const ScenarioRun run("live_update"), again("live_update");
  ASSERT_EQ(run.ended.status, 0) << run.all();
  EXPECT_EQ(run.file("report.json"), again.file("report.json"));
  const json& updates = run.report["security"]["firmware_updates"];
  ASSERT_EQ(updates.size(), 2u);
  EXPECT_NE(updates[0]["version_before"], updates[0]["version_after"]);
  EXPECT_EQ(updates[1]["version_before"], updates[0]["version_after"]);
  EXPECT_EQ(updates[1]["version_after"], updates[0]["version_after"]);
  for (const json& update : updates) {
    EXPECT_GT(update["background_commands_completed"], 20);
    EXPECT_EQ(update["background_commands_failed"], 0);
    EXPECT_GT(update["longest_pause_ns"], 0);
    EXPECT_GE(update["longest_latency_ns"], 60000);  // the volume's own
    EXPECT_GT(update["other_admin_commands"], 0);
    EXPECT_EQ(update["other_admin_commands_failed"], 0);
    EXPECT_GT(update["longest_admin_stall_ns"], 0);
  }
  const auto version = [&run](const char* name) {
    return run.workload(name)["call"]["answer"]["result"]["firmware_version"];
  };
  EXPECT_NE(version("version-before"), version("version-after"));
  EXPECT_EQ(version("version-still"), version("version-after"));
  const json& steady = run.workload("steady");
  EXPECT_EQ(steady["failed_commands"], 0);
  EXPECT_EQ(steady["mismatches"], 0);
  EXPECT_GT(steady["verified_blocks"], 100);
  EXPECT_LT(steady["start_ns"], run.workload("before")["start_ns"].get<double>() + 1);
  EXPECT_GE(steady["end_ns"], run.workload("after")["end_ns"]);
  EXPECT_EQ(run.report["boot"]["card_resets"], 1);

  // Both firmwares were measured, one after the other; the forged one was not.
  EXPECT_TRUE(verified_by_openssl(run, "attestation"));
  std::string measurement(48, '\0');
  for (const char* image : {"controller.img", "controller-update.img"})
    measurement = sha384(measurement + sha384(read_file(kFirmware + image).substr(0, kHeaderBytes)));
  EXPECT_EQ(run.workload("attestation")["attest"]["measurements"][1], hex(measurement));
}

TEST(LiveUpdateScenario, BadPackagesAreRefusedAndChangeNothing) {
  const Folder folder;
  const std::string good = read_file(kFirmware + "controller-update.img");
  struct Package {
    std::string file;
    const char* status = "Invalid Firmware Image";
  };
  const Package packages[] = {
      {damaged(folder, "controller-update.img", kHeaderBytes + 100)},
      {damaged(folder, "controller-update.img", kSignatureOffset + 3)},
      {folder.file("short.img", good.substr(0, good.size() / 2 / 4 * 4))},
      {folder.file("header.img", good.substr(0, kHeaderBytes))},
      {kFirmware + "host_boot.img"},
      {kFirmware + "controller-old.img", "Firmware Activation Prohibited"},
  };
  for (const auto& [package, status] : packages) {
    const ScenarioRun run("live_update",
                          {"/host/workloads/3/image=" + package, std::string("/host/workloads/3/expect=") + status});
    EXPECT_EQ(run.ended.status, 0) << package << run.all();
    const json& updates = run.report["security"]["firmware_updates"];
    ASSERT_EQ(updates.size(), 2u) << package;
    EXPECT_EQ(updates[0]["version_before"], updates[1]["version_after"]) << package;
    EXPECT_EQ(updates[0]["background_commands_failed"], 0) << package;
  }
}

TEST(LiveUpdateScenario, FailsWhenCommandsInTheBackgroundFail) {
  const ScenarioRun run(
      "live_update",
      {R"(/card/volumes/0/encryption={"key": "ephemeral"})",
       R"(/host/workloads/2={"type": "call", "name": "k", "method": "destroy_key", "params": {"volume": "data"}})"});
  EXPECT_EQ(run.ended.status, 1);
  EXPECT_GT(run.workload("update")["firmware_update"]["background_commands_failed"], 0);
  EXPECT_EQ(run.workload("update")["firmware_update"]["version_after"], "0.2.0");
  EXPECT_FALSE(run.workload("update")["passed"]);
  EXPECT_THAT(run.workload("update").value("error", ""), HasSubstr("commands in the background failed meanwhile"));
}

TEST(LiveUpdateScenario, FailsWhenABadPackageShouldBeGood) {
  const ScenarioRun run("live_update", {"/host/workloads/5/expect=ok"});
  EXPECT_EQ(run.ended.status, 1);
  EXPECT_THAT(run.ended.error, AllOf(HasSubstr("workload forged"), HasSubstr("Invalid Firmware Image")));
}

TEST(LiveUpdateScenario, FailsWhenAGoodPackageShouldBeBad) {
  const ScenarioRun run("live_update", {"/host/workloads/3/expect=Invalid Firmware Image"});
  EXPECT_EQ(run.ended.status, 1);
  EXPECT_THAT(run.ended.error, HasSubstr("workload update"));
}

json attach_scenario() {
  return json::parse(R"({
    "name": "attach",
    "card": {
      "volumes": [
        {"name": "first", "block_size": 4096, "medium": {"type": "memory", "size_mib": 4}},
        {"name": "late", "attached": false, "block_size": 4096, "medium": {"type": "memory", "size_mib": 4},
         "encryption": {"key": "wrapped"}}]},
    "host": {"workloads": [
      {"type": "io", "name": "steady", "volume": "first", "background": true, "read_percent": 50, "verify": true},
      {"type": "call", "name": "attach", "method": "attach_volume", "params": {"volume": "late"}},
      {"type": "io", "name": "fill", "volume": "late", "pattern": "sequential", "read_percent": 0, "count": 1024,
       "verify": true},
      {"type": "call", "name": "detach", "method": "detach_volume", "params": {"volume": "late"}},
      {"type": "call", "name": "again", "method": "attach_volume", "params": {"volume": "late"}},
      {"type": "io", "name": "read", "volume": "late", "pattern": "sequential", "count": 1024, "verify": true}]}})");
}

std::string wrapped_key() {
  return json::parse(
      read_file(kScenarios + "encrypted_volume.json"))["card"]["volumes"][0]["encryption"]["wrapped_key"];
}

TEST(VolumeCalls, AVolumeComesAndGoesWithItsKeyWhileTheHostWorks) {
  const Folder folder;
  json scenario = attach_scenario();
  for (const int call : {1, 4}) scenario["host"]["workloads"][call]["params"]["wrapped_key"] = wrapped_key();
  const Ended ended = cardvp({"run", folder.file("s.json", scenario.dump()), "--out", folder / "out"});
  ASSERT_EQ(ended.status, 0) << ended.out << ended.error;
  const json report = json::parse(read_file(folder / "out/report.json"));
  EXPECT_EQ(report["workloads"][5]["verified_blocks"], 1024);  // what was written before it went
  EXPECT_GT(report["workloads"][0]["verified_blocks"], 0);
}

TEST(VolumeCalls, IsRefusedWithoutAKey) {
  const Folder folder;
  const Ended ended = cardvp({"run", folder.file("s.json", attach_scenario().dump()), "--out", folder / "out"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, HasSubstr("workload attach: attach_volume was answered with refused, not ok: no key"));
}

TEST(VolumeCalls, ADeniedDetachmentLeavesTheVolume) {
  const Folder folder;
  json scenario = attach_scenario();
  json& workloads = scenario["host"]["workloads"];
  workloads[1]["params"]["wrapped_key"] = wrapped_key();
  workloads[3]["signed"] = false;
  workloads[3]["expect"] = "denied";
  workloads.erase(4);
  const Ended ended = cardvp({"run", folder.file("s.json", scenario.dump()), "--out", folder / "out"});
  EXPECT_EQ(ended.status, 0) << ended.out << ended.error;
}

TEST(VolumeCalls, AVolumeCanGoByItself) {
  const Folder folder;
  json scenario = attach_scenario();
  json& workloads = scenario["host"]["workloads"];
  for (const int call : {1, 4}) workloads[call]["params"]["wrapped_key"] = wrapped_key();
  workloads[3]["surprise"] = true;
  const Ended ended = cardvp({"run", folder.file("s.json", scenario.dump()), "--out", folder / "out"});
  EXPECT_EQ(ended.status, 0) << ended.out << ended.error;
}

TEST(VolumeCalls, AVolumeThatIsNotThereCannotBeUsed) {
  const Folder folder;
  json scenario = attach_scenario();
  scenario["host"]["workloads"].erase(1);
  const Ended ended = cardvp({"run", folder.file("s.json", scenario.dump())});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, HasSubstr("workload fill: volume late is not attached"));
}

}  // namespace
}  // namespace cardvp::test
