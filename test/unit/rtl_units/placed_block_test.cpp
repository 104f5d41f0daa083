// Blocks of their own on a bus.
#include "rtl/units/placed_block.h"

#include <gmock/gmock.h>

#include "models/bus/bus.h"
#include "models/memory/ram.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::rtl {
namespace {

using testing::HasSubstr;

PlacedBlockConfig placed(const char* plugin, const std::string& interface = {}) {
  PlacedBlockConfig config;
  config.plugin = Plugin::load(plugin);
  config.interface = interface;
  config.checkers = true;
  config.block.time_out_cycles = 1000;
  return config;
}

struct PlacedBlockTest : testing::Test {
  Sim sim;

  std::string refusal(const PlacedBlockConfig& config) {
    try {
      PlacedBlock("block", sim, config);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(PlacedBlockTest, OfSeveralTargetInterfacesOneMustBeNamed) {
  EXPECT_THAT(refusal(placed(CARDVP_RTL_BRIDGE_PORTS)), HasSubstr("several target interfaces"));
  EXPECT_THAT(refusal(placed(CARDVP_RTL_BRIDGE_PORTS, "nowhere")), HasSubstr("has no target interface nowhere"));
}

TEST_F(PlacedBlockTest, ATargetWithoutAnAddressRangeIsRefused) {
  EXPECT_THAT(refusal(placed(CARDVP_RTL_BRIDGE_PORTS, "apb")), HasSubstr("has no address_range"));
}

TEST_F(PlacedBlockTest, RegistersInterruptAndReset) {
  bus::Bus bus{"bus", sim};
  Initiator core{"core"};
  core.socket.bind(bus.target);
  PlacedBlock block("block", sim, placed(CARDVP_AES));
  EXPECT_EQ(block.size(), 4096u);
  EXPECT_TRUE(block.masters().empty());
  ASSERT_EQ(block.interrupts().size(), 1u);
  bus.map("block", 0x1000, block.size(), block.socket());
  std::vector<std::pair<bool, sc_core::sc_time>> levels;
  block.interrupts()[0].connect([&](bool level) { levels.emplace_back(level, sim.scheduler.now()); });
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  EXPECT_EQ(core.read(0x1000), 0x41455301u);  // ID
  EXPECT_TRUE(core.write(0x1014, 3));         // INTERRUPT_ENABLE
  EXPECT_TRUE(core.write(0x1004, 1));         // CONTROL.START of a command without sense
  sc_core::sc_start(sc_core::sc_time(10, sc_core::SC_US));
  ASSERT_EQ(levels.size(), 1u);
  EXPECT_TRUE(levels[0].first);
  EXPECT_EQ(core.read(0x100c) & 1, 1u);  // ERROR.CONFIG
  block.reset();
  sc_core::sc_start(sc_core::sc_time(10, sc_core::SC_US));
  EXPECT_FALSE(block.interrupts()[0].level());
  EXPECT_EQ(core.read(0x100c), 0u);
  EXPECT_EQ(core.read(0x1014), 0u);
  EXPECT_EQ(block.violations(), 0u);
}

}  // namespace
}  // namespace cardvp::rtl
