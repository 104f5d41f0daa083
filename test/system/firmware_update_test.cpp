// Firmware update of a whole card, with I/O running: host driver, controller firmware, ROM, flash, security engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "firmware/sdk/include/image.h"
#include "firmware/tools/signing_key.h"
#include "host/nvme/driver.h"
#include "platform/machine.h"

namespace cardvp {
namespace {

using host::nvme::AdminData;
using host::nvme::Command;
using host::nvme::CommitAction;
using host::nvme::Completion;
using host::nvme::Driver;
using host::nvme::Status;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kVolume = 4 << 20;
constexpr std::uint32_t kBlock = 512;
constexpr std::uint32_t kBranchToItself = 0x14000000;  // b .
constexpr std::uint16_t kInvalidFirmwareSlot = 0x106, kInvalidFirmwareImage = 0x107, kNeedsConventionalReset = 0x10b,
                        kActivationProhibited = 0x113;

std::vector<std::byte> read_file(const std::string& name) {
  std::ifstream file(std::string(CARDVP_FIRMWARE_DIR) + "/" + name, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}

// An image without a signature: good for a card in the development state.
std::vector<std::byte> unsigned_image(std::uint32_t version, std::uint32_t security_version,
                                      std::uint32_t instruction) {
  image_header header{};
  header.magic = IMAGE_MAGIC;
  header.format = IMAGE_FORMAT;
  header.size = sizeof header;
  header.kind = IMAGE_FIRMWARE;
  header.version = version;
  header.security_version = security_version;
  header.body_size = sizeof instruction;
  header.load_address = header.entry = 0x0b100000;
  std::strcpy(header.name, "test");
  const auto digest = tools::sha384({reinterpret_cast<const std::uint8_t*>(&instruction), sizeof instruction});
  std::memcpy(header.body_digest, digest.data(), digest.size());
  std::vector<std::byte> bytes(sizeof header + header.body_size);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, &instruction, sizeof instruction);
  return bytes;
}

struct FirmwareUpdate : testing::Test {
  platform::Machine machine{1, card(), host(), media()};
  TaskScope tasks{machine.sim().scheduler};
  const std::vector<std::byte> update = read_file("controller-update.img");
  std::string uart;
  bool io_runs = true;
  unsigned io_errors = 0, round_trips = 0, io_tasks = 0;
  sc_core::sc_time slowest_io;
  bool done = false;

  FirmwareUpdate() {
    machine.card().uart().on_transmit([this](char c, sc_core::sc_time) { uart += c; });
  }

  static platform::CardConfig card() {
    platform::CardConfig config;
    config.rom = CARDVP_FIRMWARE_DIR "/rom.bin";
    config.firmware = CARDVP_FIRMWARE_DIR "/controller.img";
    config.fuses.security_version = 1;
    config.volumes.resize(2);
    return config;
  }
  static platform::HostConfig host() {
    platform::HostConfig config;
    config.driver.io_queues = 2;
    config.driver.queue_entries = 32;
    return config;
  }
  static std::vector<std::unique_ptr<storage::Medium>> media() {
    std::vector<std::unique_ptr<storage::Medium>> all;
    for (int i = 0; i < 2; ++i) all.push_back(storage::make_memory_medium(kVolume));
    return all;
  }

  Driver& driver(unsigned number) { return machine.host().driver(number); }
  sc_core::sc_time now() const { return sc_core::sc_time_stamp(); }
  auto delay(double us) { return machine.sim().scheduler.delay(sc_core::sc_time(us, sc_core::SC_US)); }

  Task<> start_drivers() {
    host::RootComplex& root = machine.host().root();
    EXPECT_TRUE(co_await root.wait_link(sc_core::sc_time(100, sc_core::SC_MS)));
    const std::vector<host::PciFunction> functions = co_await root.enumerate();
    for (unsigned i = 0; i < 2; ++i) EXPECT_EQ((co_await driver(i).start(functions.at(i))).text, "");
  }

  // Writes and reads back its own blocks until it is told to stop.
  Task<> traffic(Driver& driver, unsigned queue, std::uint64_t first) {
    ++io_tasks;
    host::Buffer out(machine.host().root().memory(), kBlock), in(machine.host().root().memory(), kBlock);
    for (std::uint64_t n = 0; io_runs; ++n) {
      std::memset(out.data(), static_cast<int>(n * 7 + first), kBlock);
      const sc_core::sc_time before = now();
      const Status written = co_await driver.write(queue, first + n % 16, 1, out.address());
      const Status read = co_await driver.read(queue, first + n % 16, 1, in.address());
      slowest_io = std::max(slowest_io, now() - before);
      if (!written.ok() || !read.ok() || std::memcmp(out.data(), in.data(), kBlock) != 0) {
        ++io_errors;
        break;
      }
      ++round_trips;
    }
    --io_tasks;
  }
  void start_traffic() {
    for (unsigned n = 0; n < 16; ++n) tasks.spawn(traffic(driver(n % 2), n / 2 % 2, n * 16));
  }
  Task<> stop_traffic() {
    io_runs = false;
    while (io_tasks) co_await delay(10);
  }

  Task<std::string> revision(unsigned number) {
    host::Buffer page(machine.host().root().memory(), 4096);
    Command identify;
    identify.opcode = host::nvme::kIdentify;
    identify.dw10 = host::nvme::kIdentifyController;
    const Completion answer = co_await driver(number).admin(identify, page.address(), 4096);
    EXPECT_TRUE(answer.status.ok()) << answer.status.text();
    std::string text(reinterpret_cast<const char*>(page.data()) + 64, 8);
    co_return text.substr(0, text.find(' '));
  }
  // Of log page 03h.
  Task<std::string> slots() {
    const AdminData log = co_await driver(1).get_log_page(3, 512);
    EXPECT_TRUE(log.completion.status.ok());
    std::string text;
    if (log.data.size() == 512) {
      const auto* bytes = reinterpret_cast<const char*>(log.data.data());
      text = std::to_string(bytes[0] & 7) + " next " + std::to_string(bytes[0] >> 4 & 7) + " [" +
             std::string(bytes + 8, bytes[8] ? 5 : 0) + "] [" + std::string(bytes + 16, bytes[16] ? 5 : 0) + "]";
    }
    co_return text;
  }
  Task<std::uint16_t> update_with(std::vector<std::byte> image, unsigned slot, CommitAction action) {
    const Completion loaded = co_await driver(0).firmware_download(std::move(image));
    if (!loaded.status.ok()) co_return loaded.status.outcome();
    co_return (co_await driver(0).firmware_commit(slot, action)).status.outcome();
  }

  Task<> update_for_ever(std::vector<std::byte> image) {
    co_await update_with(std::move(image), 2, CommitAction::kActivateNow);
  }

  void run(Task<> scenario, double seconds = 20) {
    tasks.spawn(finish(std::move(scenario)));
    machine.run_for(sc_core::sc_time(seconds, sc_core::SC_SEC));
    EXPECT_TRUE(done) << uart;
  }
  Task<> finish(Task<> scenario) {
    co_await std::move(scenario);
    done = true;
    machine.pause();
  }
};

TEST_F(FirmwareUpdate, ActivatedAtOnceUnderLoad) {
  bool event = false;
  const auto hold = [](FirmwareUpdate& self, bool& came) -> Task<> {
    Command request;
    request.opcode = host::nvme::kAsyncEventRequest;
    const Completion answer = co_await self.driver(1).admin(request);
    EXPECT_TRUE(answer.status.ok());
    EXPECT_EQ(answer.dw0 & 0xffff, 0x0100u);  // error, invalid doorbell value
    came = true;
  };
  unsigned asked = 0;
  sc_core::sc_time longest;
  bool asking = true;
  const auto ask = [](FirmwareUpdate& self, bool& goes_on, unsigned& count, sc_core::sc_time& most) -> Task<> {
    while (goes_on) {
      const sc_core::sc_time before = self.now();
      const std::string text = co_await self.revision(1);
      most = std::max(most, self.now() - before);
      EXPECT_TRUE(text == "0.1.0" || text == "0.2.0") << text;
      ++count;
    }
  };
  const auto scenario = [&]() -> Task<> {
    co_await start_drivers();
    start_traffic();
    tasks.spawn(hold(*this, event));
    tasks.spawn(ask(*this, asking, asked, longest));
    co_await delay(100);
    EXPECT_EQ(co_await revision(0), "0.1.0");
    EXPECT_EQ(co_await slots(), "1 next 0 [0.1.0] []");
    EXPECT_EQ(co_await update_with(update, 2, CommitAction::kActivateNow), 0);
    EXPECT_EQ(co_await revision(0), "0.2.0");
    EXPECT_EQ(co_await revision(1), "0.2.0");
    EXPECT_EQ(co_await slots(), "2 next 0 [0.1.0] [0.2.0]");
    EXPECT_FALSE(event);
    driver(1).function().write32(0, host::nvme::reg::kDoorbells + 8, 0xffff);  // SQ 1 tail
    co_await delay(1000);
    EXPECT_TRUE(event);
    // And back again.
    EXPECT_EQ((co_await driver(0).firmware_commit(1, CommitAction::kActivateNow)).status.outcome(), 0);
    EXPECT_EQ(co_await revision(1), "0.1.0");
    asking = false;
    co_await stop_traffic();
  };
  run(scenario());
  EXPECT_EQ(io_errors, 0u);
  EXPECT_GT(round_trips, 100u);
  EXPECT_GT(asked, 20u);
  EXPECT_LT(slowest_io, sc_core::sc_time(1, sc_core::SC_MS));
  EXPECT_LT(longest, sc_core::sc_time(2, sc_core::SC_MS));
  EXPECT_EQ(machine.card().resets(), 1u);
  EXPECT_THAT(uart, HasSubstr("live update from 0.1.0 to 0.2.0, admin stall"));
  EXPECT_THAT(uart, HasSubstr("live update from 0.2.0 to 0.1.0, admin stall"));
  RecordProperty("slowest_io_us", std::to_string(slowest_io.to_seconds() * 1e6));
  RecordProperty("slowest_admin_us", std::to_string(longest.to_seconds() * 1e6));
}

TEST_F(FirmwareUpdate, ActivatedByAControllerReset) {
  const auto scenario = [&]() -> Task<> {
    co_await start_drivers();
    EXPECT_EQ(co_await update_with(update, 0, CommitAction::kReplaceAndActivate), 0);
    EXPECT_EQ(co_await slots(), "1 next 2 [0.1.0] [0.2.0]");
    EXPECT_EQ(co_await revision(0), "0.1.0");
    EXPECT_EQ((co_await driver(1).reset()).text, "");  // the other controller's
    EXPECT_EQ(co_await revision(1), "0.1.0");
    tasks.spawn(traffic(driver(1), 0, 0));
    EXPECT_EQ((co_await driver(0).reset()).text, "");
    EXPECT_EQ(driver(0).info().firmware, "0.2.0");
    EXPECT_EQ(co_await slots(), "2 next 0 [0.1.0] [0.2.0]");
    co_await stop_traffic();
  };
  run(scenario());
  EXPECT_EQ(io_errors, 0u);
  EXPECT_GT(round_trips, 0u);
  EXPECT_EQ(machine.card().resets(), 1u);
  EXPECT_THAT(uart, HasSubstr("live update from 0.1.0 to 0.2.0"));
}

TEST_F(FirmwareUpdate, BadPackagesChangeNothing) {
  const std::vector<std::size_t> damaged = {0, 16, sizeof(image_header) - 1, update.size() - 8};
  const std::vector<std::byte> truncated(update.begin(), update.end() - 64);
  const auto scenario = [&]() -> Task<> {
    co_await start_drivers();
    for (const std::size_t at : damaged) {
      std::vector<std::byte> bad = update;
      bad[at] ^= std::byte{1};
      EXPECT_EQ(co_await update_with(bad, 2, CommitAction::kActivateNow), kInvalidFirmwareImage) << at;
    }
    EXPECT_EQ(co_await update_with(truncated, 2, CommitAction::kReplace), kInvalidFirmwareImage);
    EXPECT_EQ(co_await update_with(read_file("host_boot.img"), 2, CommitAction::kReplace), kInvalidFirmwareImage);
    EXPECT_EQ(co_await update_with(unsigned_image(0x00090000, 0, kBranchToItself), 2, CommitAction::kActivateNow),
              kActivationProhibited);
    EXPECT_EQ(co_await update_with(update, 1, CommitAction::kReplace), kInvalidFirmwareSlot);
    EXPECT_EQ(co_await slots(), "1 next 0 [0.1.0] []");
    EXPECT_EQ(co_await revision(0), "0.1.0");
  };
  run(scenario());
  EXPECT_THAT(uart, HasSubstr(image_fault_text(IMAGE_BAD_SIGNATURE)));
  EXPECT_THAT(uart, HasSubstr(image_fault_text(IMAGE_BAD_BODY_DIGEST)));
  EXPECT_THAT(uart, HasSubstr(image_fault_text(IMAGE_TRUNCATED)));
  EXPECT_THAT(uart, Not(HasSubstr("handing over")));
}

// It never says that it works: the watchdog resets the card, and the old firmware is back.
TEST_F(FirmwareUpdate, FirmwareThatHangs) {
  const auto scenario = [&]() -> Task<> {
    co_await start_drivers();
    tasks.spawn(update_for_ever(unsigned_image(0x00090000, 1, kBranchToItself)));
    while (machine.card().resets() == 1) co_await delay(10000);
    host::RootComplex& root = machine.host().root();
    EXPECT_TRUE(co_await root.wait_link(sc_core::sc_time(100, sc_core::SC_MS)));
    const std::vector<host::PciFunction> functions = co_await root.enumerate();
    EXPECT_EQ((co_await driver(1).start(functions.at(1))).text, "");
    EXPECT_EQ(co_await revision(1), "0.1.0");
    EXPECT_EQ(co_await slots(), "1 next 0 [0.1.0] [0.9.0]");
  };
  run(scenario());
  EXPECT_EQ(machine.card().resets(), 2u);
  EXPECT_THAT(uart, HasSubstr("reset by the watchdog"));
}

// It could not take the state over: only a reset of the card starts it.
TEST_F(FirmwareUpdate, AnotherMajorVersionWaitsForAResetOfTheCard) {
  const auto scenario = [&]() -> Task<> {
    co_await start_drivers();
    EXPECT_EQ(co_await update_with(unsigned_image(0x01000000, 1, kBranchToItself), 2, CommitAction::kActivateNow),
              kNeedsConventionalReset);
    EXPECT_EQ((co_await driver(0).reset()).text, "");
    EXPECT_EQ(co_await revision(0), "0.1.0");
    EXPECT_EQ(co_await slots(), "1 next 2 [0.1.0] [1.0.0]");
  };
  run(scenario());
  EXPECT_THAT(uart, Not(HasSubstr("handing over")));
}

}  // namespace
}  // namespace cardvp
