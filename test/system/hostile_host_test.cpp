// A host that does not play by the rules, against a whole card with its firmware: random commands, doorbells, registers
// and configuration, resets in between. Its own function answers by the book or is silent; the other function does not
// notice; and after a function-level reset everything works again.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "host/nvme/driver.h"
#include "platform/machine.h"

namespace cardvp {
namespace {

using host::PciFunction;
using host::nvme::Command;
using host::nvme::Driver;
using host::nvme::Status;

constexpr std::uint64_t kVolume = 4 << 20;
constexpr std::uint32_t kBlock = 512;
constexpr unsigned kHostile = 0, kPeaceful = 1;

struct HostileHost : testing::TestWithParam<unsigned> {
  platform::Machine machine{GetParam(), card(), host(), media()};
  TaskScope tasks{machine.sim().scheduler};
  std::mt19937_64 random{GetParam()};
  host::Buffer sandbox{machine.host().root().memory(), 1 << 20};  // what commands may point at
  bool storming = true;

  static platform::CardConfig card() {
    platform::CardConfig config;
    config.rom = CARDVP_FIRMWARE_DIR "/rom.bin";
    config.firmware = CARDVP_FIRMWARE_DIR "/controller.img";
    config.volumes.resize(2);
    return config;
  }
  static platform::HostConfig host() {
    platform::HostConfig config;
    config.driver.io_queues = 2;
    config.driver.queue_entries = 16;
    config.driver.command_timeout = sc_core::sc_time(5, sc_core::SC_MS);
    return config;
  }
  static std::vector<std::unique_ptr<storage::Medium>> media() {
    std::vector<std::unique_ptr<storage::Medium>> all;
    for (int i = 0; i < 2; ++i) all.push_back(storage::make_memory_medium(kVolume));
    return all;
  }

  std::uint64_t below(std::uint64_t bound) { return random() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  std::uint64_t address() {
    switch (below(6)) {
      case 0: return random();
      case 1: return 0xc0000000 + below(1 << 30);                       // the hole
      case 2: return 0x10000000 - below(64);                            // across the end of memory
      case 3: return sandbox.address() + below(sandbox.size() - 4096);  // unaligned
      default: return sandbox.address() + below(200) * 4096;
    }
  }
  std::uint32_t small_or_wild() { return static_cast<std::uint32_t>(one_in(3) ? random() : below(20)); }

  Command command(bool admin) {
    constexpr std::uint8_t kAdmin[] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 0x10, 0x11, 0xc2, 0xc6};
    Command c;
    c.opcode = static_cast<std::uint8_t>(one_in(8) ? random() : admin ? kAdmin[below(std::size(kAdmin))] : below(3));
    c.flags = static_cast<std::uint8_t>(one_in(8) ? random() : 0);
    c.nsid = one_in(4) ? static_cast<std::uint32_t>(random()) : 1;
    c.prp1 = address();
    c.prp2 = address();
    for (std::uint32_t* dw : {&c.dw10, &c.dw11, &c.dw12, &c.dw13, &c.dw14, &c.dw15}) *dw = small_or_wild();
    return c;
  }

  void poke(const PciFunction& function) {
    const std::uint64_t size = function.bars[0].size;
    switch (below(4)) {
      case 0: return function.write32(0, 0x1000 + below(128) * 4, small_or_wild());  // doorbells
      case 1: return function.write64(0, below(size / 8) * 8, address());
      case 2: return function.write32(0, below(size / 4) * 4, small_or_wild());
      default: return function.write32(0, below(16) * 4, small_or_wild());  // controller registers
    }
  }

  Task<> wait_for_event(Driver& driver, Command request) { co_await driver.admin(request); }

  Task<> storm(Driver& driver, PciFunction function, int steps) {
    for (int i = 0; i < steps; ++i) {
      const bool admin = one_in(2);
      const Command c = command(admin);
      if (!admin)
        co_await driver.io(static_cast<unsigned>(below(2)), c);
      else if (c.opcode == host::nvme::kAsyncEventRequest)
        tasks.spawn(wait_for_event(driver, c));  // may take for ever
      else
        co_await driver.admin(c);
      if (one_in(4)) poke(function);
      // Not the BARs: a host that maps one function over another has itself to blame.
      const std::uint64_t offset = below(64) * 4;
      if (one_in(40) && (offset < 0x10 || offset >= 0x28))
        co_await function.config_write(static_cast<std::uint16_t>(offset), small_or_wild());
      if (one_in(60)) co_await function.read64(0, below(function.bars[0].size / 8) * 8);
      if (one_in(100)) co_await function.flr();
      co_await machine.sim().scheduler.delay(sc_core::sc_time(static_cast<double>(below(3000)), sc_core::SC_NS));
    }
  }

  // Writes a block, reads it back; true if it came back.
  Task<bool> round_trip(Driver& driver, std::uint64_t lba) {
    host::Buffer out(machine.host().root().memory(), kBlock), in(machine.host().root().memory(), kBlock);
    std::memset(out.data(), static_cast<int>(lba * 7 + 1), kBlock);
    const Status written = co_await driver.write(0, lba, 1, out.address());
    const Status read = co_await driver.read(0, lba, 1, in.address());
    co_return written.ok() && read.ok() && std::memcmp(out.data(), in.data(), kBlock) == 0;
  }

  Task<> witness(Driver& driver) {
    for (std::uint64_t lba = 0; storming; ++lba) {
      EXPECT_TRUE(co_await round_trip(driver, lba % (kVolume / kBlock))) << "the other function noticed";
      co_await machine.sim().scheduler.delay(sc_core::sc_time(100, sc_core::SC_US));
    }
  }

  Task<> run() {
    host::RootComplex& root = machine.host().root();
    EXPECT_TRUE(co_await root.wait_link(sc_core::sc_time(100, sc_core::SC_MS)));
    const std::vector<PciFunction> functions = co_await root.enumerate();
    Driver& hostile = machine.host().driver(kHostile);
    Driver& peaceful = machine.host().driver(kPeaceful);
    for (const unsigned i : {kHostile, kPeaceful})
      EXPECT_EQ((co_await machine.host().driver(i).start(functions.at(i))).text, "");
    tasks.spawn(witness(peaceful));
    for (int round = 0; round < 12; ++round) {
      co_await storm(hostile, functions.at(kHostile), 300);
      // Peace: the operating system resets the function and finds it again.
      co_await functions.at(kHostile).flr();
      EXPECT_TRUE((co_await root.probe(kHostile)).has_value());
      EXPECT_EQ((co_await hostile.reset()).text, "") << "round " << round;
      EXPECT_TRUE(co_await round_trip(hostile, below(kVolume / kBlock))) << "round " << round;
    }
    storming = false;
    co_await machine.sim().scheduler.delay(sc_core::sc_time(20, sc_core::SC_MS));
    EXPECT_TRUE(co_await round_trip(peaceful, 3));
    done = true;
    machine.pause();
  }
  bool done = false;
};

TEST_P(HostileHost, HarmsOnlyItself) {
  tasks.spawn(run());
  machine.run_for(sc_core::sc_time(60, sc_core::SC_SEC));
  EXPECT_TRUE(done);
  EXPECT_EQ(machine.card().resets(), 1u) << "the watchdog had to reset the card";
}

INSTANTIATE_TEST_SUITE_P(Seeds, HostileHost, testing::Range(1u, 6u));

}  // namespace
}  // namespace cardvp
