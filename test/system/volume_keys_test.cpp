// Encrypted volumes of a whole card, as its control plane attaches and detaches them; tampering; the host's start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "firmware/sdk/include/image.h"
#include "host/nvme/driver.h"
#include "platform/control_requests.h"
#include "platform/machine.h"

namespace cardvp {
namespace {

using host::nvme::Driver;
using host::nvme::Status;
using platform::ControlResult;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kVolume = 1 << 20;
constexpr std::uint32_t kBlock = 512;
constexpr std::uint16_t kAccessDenied = 0x286;  // NVMe 1.4, 4.6.1.2.3

using Bytes = std::vector<std::byte>;

struct VolumeKeys : testing::Test {
  platform::CardConfig config = card();
  std::unique_ptr<platform::Machine> machine;
  std::unique_ptr<TaskScope> tasks;
  storage::Medium* medium = nullptr;
  std::string uart;
  bool done = false;

  static platform::CardConfig card() {
    platform::CardConfig config;
    config.rom = CARDVP_FIRMWARE_DIR "/rom.bin";
    config.firmware = CARDVP_FIRMWARE_DIR "/controller.img";
    config.volumes.resize(1);
    config.volumes[0].encryption = platform::VolumeConfig::Encryption::kEphemeralKey;
    return config;
  }

  void build() {
    std::vector<std::unique_ptr<storage::Medium>> media;
    media.push_back(storage::make_memory_medium(kVolume));
    medium = media[0].get();
    machine = std::make_unique<platform::Machine>(1, config, platform::HostConfig{}, std::move(media));
    tasks = std::make_unique<TaskScope>(machine->sim().scheduler);
    machine->card().uart().on_transmit([this](char c, sc_core::sc_time) { uart += c; });
  }

  Driver& driver() { return machine->host().driver(0); }
  host::RootComplex& root() { return machine->host().root(); }
  auto delay(double us) { return machine->sim().scheduler.delay(sc_core::sc_time(us, sc_core::SC_US)); }

  Task<ControlResult> ask(memory::Message message) {
    bool answered = false;
    ControlResult result;
    machine->card().control_plane().request(std::move(message), [&](const ControlResult& answer) {
      result = answer;
      answered = true;
    });
    while (!answered) co_await delay(5);
    co_return result;
  }
  Task<std::uint32_t> status_of(memory::Message message) {
    const ControlResult result = co_await ask(std::move(message));
    EXPECT_EQ(result.end, ControlResult::End::kAnswered);
    co_return result.status;
  }
  static memory::Message detach() { return platform::plain_request(CONTROL_DETACH_VOLUME, 0); }
  static memory::Message destroy() { return platform::plain_request(CONTROL_DESTROY_KEY, 0); }
  static memory::Message new_key() { return platform::key_request({}, 0); }
  memory::Message attach() const { return platform::attach_request(config.volumes[0], 0); }

  Task<> start_driver() {
    const auto function = co_await root().wait_function(0, sc_core::sc_time(100, sc_core::SC_MS));
    EXPECT_TRUE(function.has_value());
    if (!function) co_return;
    EXPECT_EQ((co_await driver().start(*function)).text, "");
  }
  Task<Status> write(int value) {
    host::Buffer buffer(root().memory(), kBlock);
    std::memset(buffer.data(), value, kBlock);
    co_return co_await driver().write(0, 7, 1, buffer.address());
  }
  // What a read gave: the value of all its bytes, -1 for other data, or the negative status.
  Task<int> read() {
    host::Buffer buffer(root().memory(), kBlock);
    const Status status = co_await driver().read(0, 7, 1, buffer.address());
    if (!status.ok()) co_return -static_cast<int>(status.outcome());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(buffer.data());
    co_return std::all_of(bytes, bytes + kBlock, [&](int byte) { return byte == bytes[0]; }) ? bytes[0] : -1;
  }
  Bytes stored() {
    Bytes block(kBlock);
    medium->read(7 * kBlock, block);
    return block;
  }

  void run(Task<> scenario) {
    tasks->spawn(finish(std::move(scenario)));
    machine->run_for(sc_core::sc_time(10, sc_core::SC_SEC));
    EXPECT_TRUE(done) << uart;
  }
  Task<> finish(Task<> scenario) {
    co_await std::move(scenario);
    done = true;
    machine->pause();
  }
};

TEST_F(VolumeKeys, FromAttachToDetachAndAgain) {
  build();
  const auto scenario = [&]() -> Task<> {
    EXPECT_TRUE(co_await root().wait_link(sc_core::sc_time(100, sc_core::SC_MS)));
    co_await start_driver();
    EXPECT_TRUE((co_await write(0x41)).ok());
    EXPECT_TRUE((co_await driver().flush(0)).ok());
    EXPECT_EQ(co_await read(), 0x41);
    const Bytes ciphertext = stored();
    EXPECT_NE(ciphertext, Bytes(kBlock, std::byte{0x41}));
    EXPECT_NE(ciphertext, Bytes(kBlock));
    EXPECT_EQ(co_await status_of(new_key()), std::uint32_t{CONTROL_ALREADY_ATTACHED});

    // Away from the host, and no key is left.
    EXPECT_EQ(co_await status_of(detach()), std::uint32_t{CONTROL_OK});
    EXPECT_FALSE((co_await root().probe(0)).has_value());
    EXPECT_EQ(co_await status_of(detach()), std::uint32_t{CONTROL_NOT_ATTACHED});
    EXPECT_EQ(co_await status_of(attach()), std::uint32_t{CONTROL_NO_KEY});
    EXPECT_EQ(co_await status_of(destroy()), std::uint32_t{CONTROL_NO_KEY});
    EXPECT_FALSE((co_await root().probe(0)).has_value());

    // With another key everything works, and what was written before is noise.
    EXPECT_EQ(co_await status_of(new_key()), std::uint32_t{CONTROL_OK});
    EXPECT_EQ(co_await status_of(attach()), std::uint32_t{CONTROL_OK});
    co_await start_driver();
    EXPECT_EQ(co_await read(), -1);
    EXPECT_TRUE((co_await write(0x42)).ok());
    EXPECT_EQ(co_await read(), 0x42);
    EXPECT_EQ(co_await status_of(attach()), std::uint32_t{CONTROL_ALREADY_ATTACHED});
  };
  run(scenario());
  EXPECT_EQ(machine->card().resets(), 1u);
}

TEST_F(VolumeKeys, DestroyedKeyEndsAccessAtOnce) {
  build();
  const auto scenario = [&]() -> Task<> {
    EXPECT_TRUE(co_await root().wait_link(sc_core::sc_time(100, sc_core::SC_MS)));
    co_await start_driver();
    EXPECT_TRUE((co_await write(0x41)).ok());
    EXPECT_EQ(co_await status_of(destroy()), std::uint32_t{CONTROL_OK});
    EXPECT_EQ(co_await read(), -int{kAccessDenied});
    EXPECT_EQ((co_await write(0x42)).outcome(), kAccessDenied);
    EXPECT_EQ(co_await status_of(new_key()), std::uint32_t{CONTROL_ALREADY_ATTACHED});
  };
  run(scenario());
}

TEST_F(VolumeKeys, KeyNotWrappedForThisCard) {
  config.volumes[0].encryption = platform::VolumeConfig::Encryption::kWrappedKey;
  config.volumes[0].wrapped_key.assign(CONTROL_WRAPPED_KEY_BYTES, 0x4b);
  build();
  const auto scenario = [&]() -> Task<> {
    EXPECT_TRUE(co_await root().wait_link(sc_core::sc_time(100, sc_core::SC_MS)));
    EXPECT_FALSE((co_await root().probe(0)).has_value());
    EXPECT_EQ(co_await status_of(platform::key_request(config.volumes[0].wrapped_key, 0)),
              std::uint32_t{CONTROL_BAD_KEY});
    EXPECT_EQ(co_await status_of(attach()), std::uint32_t{CONTROL_NO_KEY});
  };
  run(scenario());
  EXPECT_EQ(machine->card().control_plane().refusals().size(), 2u);  // the key, and the attachment
  EXPECT_THAT(uart, Not(HasSubstr("KKKK")));
}

TEST_F(VolumeKeys, PlainAttachmentOfAVolumeWithAKey) {
  config.volumes[0].attached = false;
  build();
  const auto scenario = [&]() -> Task<> {
    EXPECT_TRUE(co_await root().wait_link(sc_core::sc_time(100, sc_core::SC_MS)));
    EXPECT_EQ(co_await status_of(new_key()), std::uint32_t{CONTROL_OK});
    platform::VolumeConfig plain = config.volumes[0];
    plain.encryption = platform::VolumeConfig::Encryption::kNone;
    EXPECT_EQ(co_await status_of(platform::attach_request(plain, 0)), std::uint32_t{CONTROL_BAD_KEY});
    EXPECT_EQ(co_await status_of(destroy()), std::uint32_t{CONTROL_OK});
    EXPECT_EQ(co_await status_of(platform::attach_request(plain, 0)), std::uint32_t{CONTROL_OK});
    co_await start_driver();
    EXPECT_TRUE((co_await write(0x41)).ok());
    EXPECT_TRUE((co_await driver().flush(0)).ok());
    EXPECT_EQ(stored(), Bytes(kBlock, std::byte{0x41}));
  };
  run(scenario());
}

TEST_F(VolumeKeys, Tampering) {
  config.tamper_at = sc_core::sc_time(5, sc_core::SC_MS);
  build();
  const auto scenario = [&]() -> Task<> {
    EXPECT_TRUE(co_await root().wait_link(sc_core::sc_time(100, sc_core::SC_MS)));
    co_await start_driver();
    EXPECT_TRUE((co_await write(0x41)).ok());
    co_await delay(6000);
    EXPECT_EQ(co_await read(), -int{kAccessDenied});
    EXPECT_EQ(co_await status_of(detach()), std::uint32_t{CONTROL_OK});
    EXPECT_EQ(co_await status_of(new_key()), std::uint32_t{CONTROL_NO_HARDWARE});
  };
  run(scenario());
  EXPECT_THAT(uart, HasSubstr("TAMPER"));
  EXPECT_EQ(machine->card().resets(), 1u);
}

// A body that is not what the header says.
TEST_F(VolumeKeys, DamagedHostImage) {
  const std::string path = testing::TempDir() + "/damaged_host.img";
  {
    std::ifstream good(CARDVP_FIRMWARE_DIR "/host_boot.img", std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(good), {}};
    ASSERT_GT(bytes.size(), 1000u);
    bytes[1000] ^= 1;
    std::ofstream(path, std::ios::binary) << bytes;
  }
  config.host_image = path;
  build();
  const auto scenario = [&]() -> Task<> {
    EXPECT_FALSE(co_await root().wait_link(sc_core::sc_time(50, sc_core::SC_MS)));
    const ControlResult again = co_await ask(platform::plain_request(CONTROL_START));
    EXPECT_EQ(again.status, std::uint32_t{CONTROL_HOST_IMAGE_REFUSED});
    EXPECT_EQ(again.value, std::uint32_t{IMAGE_BAD_BODY_DIGEST});
  };
  run(scenario());
  EXPECT_FALSE(machine->card().host_gate().released());
  EXPECT_THAT(uart, HasSubstr(image_fault_text(IMAGE_BAD_BODY_DIGEST)));
  EXPECT_THAT(uart, HasSubstr("the host stays in reset"));
}

}  // namespace
}  // namespace cardvp
