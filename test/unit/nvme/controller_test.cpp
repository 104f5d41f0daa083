// Registers, the enable handshake, queues as the firmware makes them. Sections are of NVMe 1.4.
#include "test/unit/nvme/machine.h"

namespace cardvp::nvme {
namespace {

namespace hreg = host_regs;
namespace control = control_regs;
constexpr std::uint32_t kEnable = 1, kDisable = 2, kShutdown = 4, kReset = 8, kBadRegister = 16, kBadValue = 32;
using Events = std::vector<std::uint32_t>;

struct Controllers : Machine {
  std::uint64_t ready() { return hreg::CSTS_RDY.of(reg(hreg::offset::CSTS)); }
  std::uint64_t status() { return firmware.page.read(control::offset::STATUS); }
};

TEST_F(Controllers, CapabilitiesAndVersion) {
  plug();
  // MQES 255, CQR, TO 10, DSTRD 0, CSS NVM, MPSMIN = MPSMAX = 0 (3.1.1)
  EXPECT_EQ(reg(0x00, 8), 0x00000020'0a0100ffu);
  EXPECT_EQ(reg(0x00), 0x0a0100ffu);
  EXPECT_EQ(reg(0x04), 0x20u);
  EXPECT_EQ(reg(0x08), 0x00010400u);
  set_reg(0x00, ~0ull, 8);
  EXPECT_EQ(reg(0x00, 8), 0x00000020'0a0100ffu);
}

TEST_F(Controllers, ReservedRegistersAndDoorbellsReadAsZero) {
  start();
  EXPECT_EQ(reg(0x20), 0u);  // NSSR is not supported
  EXPECT_EQ(reg(0x38), 0u);  // no controller memory buffer
  EXPECT_EQ(reg(0xf00), 0u);
  EXPECT_EQ(reg(0x1000), 0u);
  EXPECT_EQ(reg(0x18, 8), 1ull << 32);  // a reserved dword, then CSTS
  EXPECT_EQ(endpoint.memory_read(kBar + 0x18, 8).status, pcie::Completion::kSuccess);
}

TEST_F(Controllers, InterruptMaskIsKept) {
  plug();
  set_reg(0x0c, 0xf0);
  set_reg(0x0c, 0x0f);
  set_reg(0x10, 0x3c);
  EXPECT_EQ(reg(0x0c), 0xc3u);
  EXPECT_EQ(reg(0x10), 0xc3u);
}

TEST_F(Controllers, WhatTheFirmwareSees) {
  plug();
  EXPECT_EQ(firmware.page.read(control::offset::CAPACITY, 8), kVolumeBytes / 512);
  EXPECT_EQ(firmware.get(control::FORMAT_BLOCK_SHIFT, control::offset::FORMAT), 9u);
  EXPECT_EQ(firmware.get(control::FORMAT_MDTS, control::offset::FORMAT), 8u);
  EXPECT_EQ(firmware.get(control::LIMITS_QUEUES, control::offset::LIMITS), 4u);
  EXPECT_EQ(firmware.get(control::LIMITS_VECTORS, control::offset::LIMITS), 5u);
  set_reg(hreg::offset::AQA, 0x003f001f);
  EXPECT_EQ(firmware.page.read(control::offset::ADMIN_SIZES), 0x003f001fu);
  // A function without a controller, and what is no function at all.
  EXPECT_EQ(firmware.page.read(0x5000 + control::offset::CAPACITY, 8), 0u);
  firmware.page.write(0x5000 + control::offset::STATUS, 1);
  EXPECT_EQ(firmware.page.read(0x5000 + control::offset::STATUS), 0u);
  std::uint32_t value = 0;
  EXPECT_FALSE(firmware.page.access(false, 256 * 0x1000, &value, 4));
  EXPECT_FALSE(firmware.page.access(false, 0xffc, &value, 4));
}

TEST_F(Controllers, EnableAndDisableByHandshake) {
  start();
  EXPECT_EQ(firmware.events, Events{kEnable});
  EXPECT_EQ(firmware.page.read(control::offset::CC), 0x00460001u);
  // RDY stays until the firmware has seen it (3.1.6).
  set_reg(hreg::offset::CC, 0x00460000);
  EXPECT_EQ(ready(), 1u);
  sc_core::sc_start(us(1));
  EXPECT_EQ(ready(), 0u);
  EXPECT_EQ(firmware.events, (Events{kEnable, kDisable}));
  EXPECT_EQ(reg(hreg::offset::AQA), 0x003f003fu);  // spared by a controller reset (3.1.5)
  EXPECT_EQ(reg(hreg::offset::ASQ, 8), 0x10000u);
}

TEST_F(Controllers, OneMessageHoweverManyEvents) {
  plug();
  set_reg(hreg::offset::CC, 1);
  set_reg(hreg::offset::CC, 0);
  set_reg(hreg::offset::CC, 1);
  set_reg(hreg::offset::CC, 0x4001);
  sc_core::sc_start(us(1));
  EXPECT_EQ(firmware.events, Events{kEnable | kDisable | kShutdown});
}

TEST_F(Controllers, ReadyIsKeptOnlyWhileItIsTrue) {
  plug();
  firmware.enables = false;
  firmware.page.write(control::offset::STATUS, 1);  // not enabled
  EXPECT_EQ(status(), 0u);
  set_reg(hreg::offset::CC, 1);
  set_reg(hreg::offset::CC, 0);
  set_reg(hreg::offset::CC, 1);
  firmware.page.write(control::offset::STATUS, 1);  // DISABLE waits
  EXPECT_EQ(status(), 0u);
  firmware.page.write(control::offset::EVENTS, kDisable);
  firmware.page.write(control::offset::STATUS, 1);
  EXPECT_EQ(status(), 1u);
  sc_core::sc_start(us(1));
  EXPECT_EQ(ready(), 1u);
  function_level_reset();
  EXPECT_EQ(status(), 0u);
}

TEST_F(Controllers, AFirmwareThatRunsAheadIsReadyInItsOwnTime) {
  plug();
  firmware.enables = false;
  set_reg(hreg::offset::CC, 1);
  sc_core::sc_start(us(1));
  firmware.page.write(control::offset::STATUS, 1, 4, us(5));
  EXPECT_EQ(status(), 1u);  // to itself it is
  sc_core::sc_start(us(4));
  EXPECT_EQ(ready(), 0u);
  sc_core::sc_start(us(2));
  EXPECT_EQ(ready(), 1u);
}

TEST_F(Controllers, ADisableOvertakesAReadyFromAhead) {
  plug();
  firmware.enables = false;
  set_reg(hreg::offset::CC, 1);
  sc_core::sc_start(us(1));
  firmware.page.write(control::offset::STATUS, 1, 4, us(5));
  sc_core::sc_start(us(2));
  set_reg(hreg::offset::CC, 0);
  EXPECT_EQ(status(), 0u);
  sc_core::sc_start(us(5));
  EXPECT_EQ(ready(), 0u);
}

TEST_F(Controllers, ShutdownIsAnnouncedOnce) {
  start();
  firmware.events.clear();
  set_reg(hreg::offset::CC, 0x00464001);
  sc_core::sc_start(us(1));
  set_reg(hreg::offset::CC, 0x00464001);
  sc_core::sc_start(us(1));
  EXPECT_EQ(firmware.events, Events{kShutdown});
  EXPECT_EQ(reg(hreg::offset::CSTS), 0x9u);  // shutdown complete, ready
}

TEST_F(Controllers, FunctionLevelResetReturnsToTheStart) {
  start();
  create(1);
  firmware.events.clear();
  function_level_reset();
  EXPECT_EQ(reg(0x00), ~0ull);  // Memory Space Enable is off
  config_write(0x10, 4, static_cast<std::uint32_t>(kBar));
  set_bus_master(true);
  EXPECT_EQ(reg(hreg::offset::CC), 0u);
  EXPECT_EQ(reg(hreg::offset::CSTS), 0u);
  EXPECT_EQ(reg(hreg::offset::ASQ, 8), 0u);
  EXPECT_EQ(reg(hreg::offset::CAP), 0x0a0100ffu);
  sc_core::sc_start(us(1));
  EXPECT_EQ(firmware.events, Events{kReset});
  enable();
  EXPECT_EQ(firmware.queue(3, 1), 3u);  // the queue is gone
}

TEST_F(Controllers, CardResetForgetsEverything) {
  start();
  HostQueue io = create(1);
  EXPECT_EQ(run(io, command(Opcode::kRead, 0, 8, kData)), status::kSuccess);
  EXPECT_EQ(firmware.page.read(control::offset::READ_BYTES, 8), 4096u);
  set_reg(hreg::offset::CC, 0x4001);  // an event is on its way
  engine.reset();
  EXPECT_EQ(firmware.page.read(control::offset::EVENTS), 0u);
  EXPECT_EQ(firmware.page.read(control::offset::READ_BYTES, 8), 0u);
  EXPECT_EQ(firmware.page.read(control::offset::CAPACITY, 8), kVolumeBytes / 512);
  EXPECT_EQ(reg(hreg::offset::CC), 0u);
  EXPECT_EQ(reg(hreg::offset::CAP), 0x0a0100ffu);
}

TEST_F(Controllers, BadDoorbellsAreReported) {
  start();
  create(1, 16);
  firmware.events.clear();
  const auto event_of = [&](unsigned offset, std::uint32_t value) {
    set_reg(kDoorbells + offset, value);
    sc_core::sc_start(us(1));
    const std::uint32_t seen = firmware.events.empty() ? 0 : firmware.events.back();
    firmware.events.clear();
    return seen;
  };
  EXPECT_EQ(event_of(2 * 8, 0), kBadRegister);      // SQ 2
  EXPECT_EQ(event_of(2 * 8 + 4, 0), kBadRegister);  // CQ 2
  EXPECT_EQ(event_of(4096 - 8, 1), kBadRegister);   // far behind the last queue
  EXPECT_EQ(event_of(1 * 8, 16), kBadValue);        // outside of SQ 1
  EXPECT_EQ(event_of(1 * 8, 0x10000), kBadValue);   // no 16-bit truncation
  EXPECT_EQ(event_of(1 * 8 + 4, 16), kBadValue);    // outside of CQ 1
  EXPECT_EQ(event_of(1 * 8 + 4, 1), kBadValue);     // frees an entry that was never filled
  EXPECT_EQ(event_of(0, 64), kBadValue);            // the admin queue likewise
  EXPECT_EQ(event_of(1 * 8, 0), 0u);                // nothing new is nothing bad
  EXPECT_TRUE(firmware.commands.empty());
  EXPECT_EQ(count("ignored_doorbells"), 8u);
}

TEST_F(Controllers, DoorbellsBeforeReadyAndOfOddSizeAreIgnored) {
  plug();
  ring_tail(0, 1);
  enable();
  set_reg(kDoorbells, 1, 2);
  set_reg(kDoorbells + 1, 1, 1);
  sc_core::sc_start(us(5));
  EXPECT_TRUE(firmware.commands.empty());
  EXPECT_EQ(firmware.events, Events{kEnable});
  EXPECT_EQ(count("ignored_doorbells"), 3u);
}

TEST_F(Controllers, QueuesAreMadeAndDeletedByTheRules) {
  enum { kDone, kBad, kExists, kMissing, kInUse, kNotReady };
  plug();
  EXPECT_EQ(firmware.queue(2, 1, 0x10000, 16), kNotReady);
  enable();
  EXPECT_EQ(firmware.queue(2, 0, 0x10000, 16), kBad);
  EXPECT_EQ(firmware.queue(2, 5, 0x10000, 16), kBad);
  EXPECT_EQ(firmware.queue(2, 1, 0x10004, 16), kBad);  // not page aligned
  EXPECT_EQ(firmware.queue(2, 1, 0x10000, 1), kBad);
  EXPECT_EQ(firmware.queue(2, 1, 0x10000, 257), kBad);          // more than CAP.MQES says
  EXPECT_EQ(firmware.queue(2, 1, ~0ull << 12, 256, 1), kDone);  // ends where the address space does
  EXPECT_EQ(firmware.queue(4, 1), kDone);
  EXPECT_EQ(firmware.queue(2, 1, 0x10000, 16, 5), kBad);  // no such vector
  EXPECT_EQ(firmware.queue(7, 1, 0x10000, 16), kBad);
  EXPECT_EQ(firmware.queue(1, 1, 0x20000, 16, 1), kMissing);  // its completion queue
  EXPECT_EQ(firmware.queue(1, 1, 0x20000, 16, 0), kMissing);  // the admin queue is none for it
  EXPECT_EQ(firmware.queue(2, 1, 0x10000, 256, 4), kDone);
  EXPECT_EQ(firmware.queue(2, 1, 0x10000, 16), kExists);
  EXPECT_EQ(firmware.queue(1, 3, 0x20000, 2, 1), kDone);
  EXPECT_EQ(firmware.queue(1, 4, ~0ull << 12, 256, 1), kBad);  // would go beyond the address space
  EXPECT_EQ(firmware.queue(1, 4, 0x20000, 2, 1), kDone);
  EXPECT_EQ(firmware.queue(1, 3, 0x20000, 2, 1), kExists);
  EXPECT_EQ(firmware.queue(4, 1), kInUse);
  EXPECT_EQ(firmware.queue(3, 3), kDone);
  EXPECT_EQ(firmware.queue(3, 3), kMissing);
  EXPECT_EQ(firmware.queue(4, 1), kInUse);
  EXPECT_EQ(firmware.queue(3, 4), kDone);
  EXPECT_EQ(firmware.queue(4, 1), kDone);
  EXPECT_EQ(firmware.queue(4, 1), kMissing);
}

TEST(FunctionConfig, PartsOfTheBarDoNotOverlap) {
  for (const unsigned queues : {1u, 4u, 511u, 512u, 1023u}) {
    const pcie::FunctionConfig config = function_config({.queues = queues});
    EXPECT_EQ(config.msix_vectors, queues + 1);
    EXPECT_GE(config.msix_table, 0x1000 + (queues + 1) * 8ull);
    EXPECT_GE(config.msix_pending, config.msix_table + (queues + 1) * 16ull);
    EXPECT_GE(config.bars.at(0).size, config.msix_pending + (queues + 64) / 64 * 8ull);
    EXPECT_EQ(config.bars.at(0).size & (config.bars.at(0).size - 1), 0u);
  }
}

}  // namespace
}  // namespace cardvp::nvme
