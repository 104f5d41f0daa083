#include "models/bus/bus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "models/base/bus_target.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::bus {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;
using testing::HasSubstr;

// Records what reaches it.
struct Block : BusTarget {
  using BusTarget::BusTarget;
  std::vector<std::uint64_t> offsets;
  unsigned cpu = 0;
  sc_time at;
  bool refuse = false;
  unsigned char memory[16] = {};
  std::uint64_t dmi_start = 0, dmi_end = std::numeric_limits<std::uint64_t>::max();
  bool grant = false;

  bool access(const BusAccess& access) override {
    offsets.push_back(access.offset);
    cpu = access.cpu;
    at = access_time();
    return !refuse;
  }
  bool direct_memory(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) override {
    offsets.push_back(payload.get_address());
    if (!grant) return false;
    dmi.set_dmi_ptr(memory);
    dmi.set_start_address(dmi_start);
    dmi.set_end_address(dmi_end);
    dmi.allow_read();
    return true;
  }
};
using Offsets = std::vector<std::uint64_t>;

struct BusTest : testing::Test {
  Sim sim;
  Bus bus{"bus", sim, {.latency = sc_time(7, SC_NS)}};
  Block low{"low", sim}, high{"high", sim}, last{"last", sim};
  Initiator core{"core"}, engine{"engine"};

  void SetUp() override {
    bus.map("HIGH", 0x2000, 0x100, high.socket);  // in no order
    bus.map("LOW", 0x1000, 0x1000, low.socket);   // right below it
    bus.map("LAST", 0xffff'ffff'ffff'f000, 0x1000, last.socket);
    core.socket.bind(bus.target);
    engine.socket.bind(bus.target);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  std::uint64_t errors() { return sim.stats.counter("bus.decode_errors", "accesses").value(); }
};

TEST_F(BusTest, DecodesEdges) {
  EXPECT_TRUE(core.write(0x1000, 0));
  EXPECT_TRUE(core.write(0x1ffc, 0));
  EXPECT_TRUE(core.write(0x2000, 0));
  EXPECT_TRUE(core.write(0x20ff, 0, 1));
  EXPECT_TRUE(engine.write(~0ull, 0, 1));
  EXPECT_EQ(low.offsets, (Offsets{0, 0xffc}));
  EXPECT_EQ(high.offsets, (Offsets{0, 0xff}));
  EXPECT_EQ(last.offsets, (Offsets{0xfff}));
  EXPECT_EQ(errors(), 0u);
}

TEST_F(BusTest, AnswersMissesWithAnAddressError) {
  for (const std::uint64_t address : {0x0ull, 0xfffull, 0x2100ull, 0xffff'ffff'ffff'efffull}) {
    EXPECT_FALSE(core.write(address, 0, 1)) << address;
    EXPECT_EQ(core.status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
  EXPECT_EQ(errors(), 4u);
}

TEST_F(BusTest, RefusesAccessesThatCrossTheEndOfARange) {
  EXPECT_FALSE(core.write(0x1ffe, 0, 4));     // into the neighbour
  EXPECT_FALSE(core.write(0x20fd, 0, 4));     // into nothing
  EXPECT_FALSE(core.write(~0ull - 2, 0, 4));  // out of the address space
  EXPECT_EQ(core.status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(low.offsets.size() + high.offsets.size() + last.offsets.size(), 0u);
  EXPECT_EQ(errors(), 3u);
}

TEST_F(BusTest, RestoresTheAddressWhateverTheAnswer) {
  core.write(0x1010, 0);
  EXPECT_TRUE(core.restored);
  low.refuse = true;
  EXPECT_FALSE(core.write(0x1010, 0));
  EXPECT_TRUE(core.restored);
  EXPECT_EQ(errors(), 0u);  // it decoded
}

TEST_F(BusTest, AddsItsLatencyAndPassesTimeAndCpuOn) {
  core.ahead = sc_time(100, SC_NS);
  core.cpu = 3;
  core.read(0x1000);
  EXPECT_EQ(core.taken, sc_time(17, SC_NS));  // 7 bus, 10 block
  EXPECT_EQ(low.at, sc_time(117, SC_NS));
  EXPECT_EQ(low.cpu, 3u);
  core.read(0);
  EXPECT_EQ(core.taken, sc_time(7, SC_NS));
}

TEST_F(BusTest, DebugAccessesDecodeToo) {
  std::uint32_t value = 0;
  EXPECT_EQ(core.debug(false, 0x2004, &value, 4), 4u);
  EXPECT_EQ(high.offsets, (Offsets{4}));
  EXPECT_EQ(core.debug(false, 0x20fe, &value, 4), 0u);
  EXPECT_EQ(core.debug(false, 0x3000, &value, 4), 0u);
}

TEST_F(BusTest, TranslatesAndClipsDmiRanges) {
  low.grant = true;
  tlm::tlm_dmi dmi;
  ASSERT_TRUE(core.direct(false, 0x1800, dmi));
  EXPECT_EQ(low.offsets, (Offsets{0x800}));
  EXPECT_EQ(dmi.get_start_address(), 0x1000u);
  EXPECT_EQ(dmi.get_end_address(), 0x1fffu);  // the block said: everywhere
  EXPECT_EQ(dmi.get_dmi_ptr(), low.memory);
  EXPECT_TRUE(dmi.is_read_allowed());
  EXPECT_FALSE(dmi.is_write_allowed());
  low.dmi_start = 0x800;
  low.dmi_end = 0x8ff;
  ASSERT_TRUE(core.direct(false, 0x1800, dmi));
  EXPECT_EQ(dmi.get_start_address(), 0x1800u);
  EXPECT_EQ(dmi.get_end_address(), 0x18ffu);
}

TEST_F(BusTest, RefusesDmiForARegionOrAHole) {
  tlm::tlm_dmi dmi;
  dmi.set_start_address(0x7777);  // left from before
  EXPECT_FALSE(core.direct(false, 0x2010, dmi));
  EXPECT_EQ(dmi.get_start_address(), 0x2000u);
  EXPECT_EQ(dmi.get_end_address(), 0x20ffu);
  EXPECT_FALSE(core.direct(false, 0x5000, dmi));
  EXPECT_EQ(dmi.get_start_address(), 0x2100u);
  EXPECT_EQ(dmi.get_end_address(), 0xffff'ffff'ffff'efffu);
  EXPECT_FALSE(core.direct(false, 0, dmi));
  EXPECT_EQ(dmi.get_start_address(), 0u);
  EXPECT_EQ(dmi.get_end_address(), 0xfffu);
}

TEST_F(BusTest, TellsEveryInitiatorOfInvalidations) {
  high.socket->invalidate_direct_mem_ptr(0x10, 0x1f);
  low.socket->invalidate_direct_mem_ptr(0, ~0ull);
  low.socket->invalidate_direct_mem_ptr(0x1000, ~0ull);  // nothing of it is on the bus
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> expected{{0x2010, 0x201f}, {0x1000, 0x1fff}};
  EXPECT_EQ(core.invalidated, expected);
  EXPECT_EQ(engine.invalidated, expected);
}

struct BusMap : testing::Test {
  Sim sim;
  Bus bus{"bus", sim};
  Block a{"a", sim}, b{"b", sim};
  std::string failure(const char* name, std::uint64_t base, std::uint64_t size) {
    try {
      bus.map(name, base, size, b.socket);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(BusMap, RefusesOverlapsWithBothNames) {
  bus.map("FLASH", 0x1000, 0x1000, a.socket);
  for (const auto& [base, size] : {std::pair<std::uint64_t, std::uint64_t>{0x1fff, 1},
                                   {0, 0x1001},
                                   {0, 0x10000},
                                   {0x1400, 0x10},
                                   {0x1000, 0x1000}})
    EXPECT_THAT(failure("SRAM", base, size), testing::AllOf(HasSubstr("SRAM"), HasSubstr("FLASH"))) << base;
  EXPECT_EQ(failure("SRAM", 0x2000, 0x10), "");
}

TEST_F(BusMap, RefusesRangesThatAreNone) {
  EXPECT_THAT(failure("SRAM", 0x1000, 0), HasSubstr("SRAM"));
  EXPECT_THAT(failure("SRAM", 0xffff'ffff'ffff'f000, 0x1001), HasSubstr("SRAM"));
}

}  // namespace
}  // namespace cardvp::bus
