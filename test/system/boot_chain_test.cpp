// The boot chain from the firmware's side, by a program of our own in slot A (boot_probe/): handoff, event log and
// measurements, calls of the ROM, the flash driver, live activation, the boot record.
#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "firmware/sdk/include/handoff.h"
#include "firmware/tools/image_file.h"
#include "firmware/tools/signing_key.h"
#include "test/system/boot_machine.h"
#include "test/system/program.h"

namespace cardvp::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tools::Digest;
using tools::sha384;

std::vector<std::uint8_t> from_hex(const std::string& text) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::string bytes_of(const tools::Image& image) {
  return std::string(reinterpret_cast<const char*>(&image.header), sizeof image.header) +
         std::string(image.body.begin(), image.body.end());
}

tools::Image probe() {
  tools::Image image;
  image.header.kind = IMAGE_FIRMWARE;
  image.header.version = 0x01020003;
  image.header.load_address = image.header.entry = 0x0b100000;
  std::strcpy(image.header.name, "probe");
  image.body = tools::read_file(CARDVP_BOOT_PROBE);
  tools::complete(image);
  return image;
}

// What one start of the probe printed.
struct Report {
  std::string handoff;
  std::vector<std::uint8_t> header;
  std::vector<std::string> events;                   // register and name
  std::map<unsigned, std::vector<Digest>> extended;  // by register, as the event log has it
  std::map<unsigned, std::string> measurements;      // as the engine has it
};

std::vector<Report> reports_of(const std::string& console) {
  std::vector<Report> reports;
  std::istringstream lines(console);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, name, hex;
    unsigned number = 0;
    words >> word;
    if (word == "handoff") {
      reports.push_back({});
      reports.back().handoff = line;
    } else if (word == "header") {
      words >> hex;
      reports.back().header = from_hex(hex);
    } else if (word == "event") {
      words >> number;
      const std::size_t digest = line.rfind(' ');
      reports.back().events.push_back(line.substr(6, digest - 6));
      const std::vector<std::uint8_t> bytes = from_hex(line.substr(digest + 1));
      std::copy_n(bytes.begin(), 48, reports.back().extended[number].emplace_back().begin());
    } else if (word == "measurement") {
      words >> number >> hex;
      reports.back().measurements[number] = hex;
    }
  }
  return reports;
}

std::string replayed(const std::vector<Digest>& digests) {
  std::vector<std::uint8_t> both(96);
  for (const Digest& digest : digests) {
    std::copy(digest.begin(), digest.end(), both.begin() + 48);
    const Digest next = sha384(both);
    std::copy(next.begin(), next.end(), both.begin());
  }
  return to_hex(std::span(both).first(48));
}

Digest digest_of(const memory::FusesConfig& fuses) {
  boot_fuses measured{fuses.life_cycle, fuses.security_version, {}};
  std::copy(fuses.root_key_hash.begin(), fuses.root_key_hash.end(), measured.root_key_hash);
  return sha384({reinterpret_cast<const std::uint8_t*>(&measured), sizeof measured});
}

std::string console_of(const PowerOn& card) {
  PowerOn until = card;
  until.until = "probe: done";
  const Booted booted = power_on(until);
  EXPECT_EQ(booted.failure, "");
  EXPECT_TRUE(booted.ended) << booted.console;
  return booted.console;
}

struct BootChain : testing::TestWithParam<bool> {
  BootChain() {
    if (GetParam()) tools::sign(image, tools::SigningKey(CARDVP_SOURCE_DIR "/firmware/keys/test_root_key.pem"));
    card.slot_a = bytes_of(image);
    card.fuses = GetParam() ? production() : development();
  }
  tools::Image image = probe();
  PowerOn card;
};

TEST_P(BootChain, FromColdStartToALiveOneToTheOtherSlot) {
  const std::string console = console_of(card);
  for (const char* line : {"call unknown: 0xffff, registers kept",
                           "call slot 2: 0xfffe, registers kept",
                           "call slot 1 << 32: 0xfffe, registers kept",
                           "call live unaligned: 0xfffe, registers kept",
                           "call live in SRAM: 0xfffe, registers kept",
                           "call live behind DRAM: 0xfffe, registers kept",
                           "call live below DRAM: 0xfffe, registers kept",
                           "ROM: slot B refused: empty\ncall empty slot: 0x1, registers kept",
                           "ROM: slot B refused: the body is damaged",
                           "call damaged slot: 0xe, registers kept",
                           "program a sector: good",
                           "bits go to 0 only: good",
                           "program across sectors: good",
                           "erase one: good",
                           "erase two: good",
                           "unaligned: good",
                           "outside: good",
                           "slot A is as it was: good",
                           "live 0x600d1f0\n",
                           "ROM: reset by the watchdog\n"})
    EXPECT_THAT(console, HasSubstr(line));
  if (!GetParam()) {  // it can move itself
    EXPECT_THAT(console, HasSubstr("call live in the new firmware: 0xfffe, registers kept"));
  }

  const std::vector<Report> reports = reports_of(console);
  ASSERT_EQ(reports.size(), 4u);  // cold; after the calls that failed; live; cold again
  EXPECT_EQ(reports[0].handoff, "handoff at 0xb1fc000: slot 0 refused 0 live 0x0");
  EXPECT_EQ(reports[1].handoff, reports[0].handoff);
  EXPECT_EQ(reports[2].handoff, "handoff at 0xb1fc000: slot 1 refused 0 live 0x48000000");
  EXPECT_EQ(reports[3].handoff, "handoff at 0xb1fc000: slot 1 refused 0 live 0x0");
  const std::span header(reinterpret_cast<const std::uint8_t*>(&image.header), sizeof image.header);
  const Digest fuses = digest_of(card.fuses), firmware = sha384(header);
  for (const Report& report : reports) {
    EXPECT_TRUE(std::ranges::equal(report.header, header));
    const bool live = &report == &reports[2];
    const std::vector<Digest> entered(live ? 2 : 1, firmware);
    EXPECT_EQ(report.extended.at(MEASURED_ROM), std::vector{fuses});
    EXPECT_EQ(report.extended.at(MEASURED_FIRMWARE), entered);
    EXPECT_EQ(report.measurements.at(MEASURED_ROM), replayed({fuses}));
    EXPECT_EQ(report.measurements.at(MEASURED_FIRMWARE), replayed(entered));
    EXPECT_EQ(report.measurements.at(MEASURED_HOST), std::string(96, '0'));
  }
  EXPECT_THAT(reports[2].events, ElementsAre("0 fuses", "1 firmware probe", "1 firmware probe"));
}

INSTANTIATE_TEST_SUITE_P(LifeCycles, BootChain, testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "production" : "development"; });

TEST(BootRecord, NamesTheSlotThatIsTriedFirst) {
  tools::Image image = probe();
  const std::string console = console_of({.slot_a = bytes_of(image), .slot_b = {}, .fuses = development()});
  EXPECT_THAT(console, HasSubstr("ROM: reset by the watchdog\nROM: slot B is not signed: taken"));
  image.header.version = 4;  // slot B is damaged before the reset
  const std::string other = console_of({.slot_a = bytes_of(image), .slot_b = {}, .fuses = development()});
  EXPECT_THAT(other, HasSubstr("ROM: reset by the watchdog\n"
                               "ROM: slot B refused: the body is damaged: its digest is not the header's\n"
                               "ROM: falling back to slot A\nROM: slot A is not signed: taken"));
  EXPECT_EQ(reports_of(other).back().handoff, "handoff at 0xb1fc000: slot 0 refused 14 live 0x0");
}

}  // namespace
}  // namespace cardvp::test
