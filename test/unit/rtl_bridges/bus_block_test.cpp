// RTL on the card bus: as a target, as a master, and as both at once.
#include "rtl/bridges/bus_block.h"

#include <gmock/gmock.h>

#include "models/bus/bus.h"
#include "models/memory/ram.h"
#include "rtl/bridges/axi_master.h"
#include "test/unit/bus/initiator.h"
#include "test/unit/rtl_bridges/bridge_test.h"

namespace cardvp::rtl::test {
namespace {

constexpr std::uint64_t kRamSize = 0x10000, kBlock = 0x1000'0000, kBlockSize = 0x1000;

class BusBlockTest : public BridgeTest {
 protected:
  BusBlockTest() { core.socket.bind(bus.target); }

  // A block whose registers are at kBlock.
  void attach(const char* plugin, const char* name, std::uint64_t size = kBlockSize) {
    BlockConfig config;
    config.time_out_cycles = 1000;
    make(plugin, config);
    target = make_target_bridge(sim, *block, interface(name));
    on_bus = std::make_unique<BusBlock>("on_bus", sim, *target);
    bus.map("block", kBlock, size, on_bus->socket);
  }
  static void elaborate() { sc_core::sc_start(sc_core::SC_ZERO_TIME); }
  // What is read and written at kBlock comes out of the block again, on the bus.
  void attach_master() {
    attach(CARDVP_BRIDGE_MASTER, "s_axi", 0x8000'0000);
    ram = std::make_unique<memory::Ram>("ram", sim, memory::RamConfig{.size = kRamSize});
    bus.map("ram", 0x9000'0000, kRamSize, ram->socket);
    memory = std::make_unique<BusMemory>("memory", sim);
    memory->socket.bind(bus.target);
    master = std::make_unique<AxiMaster>(sim, *block, interface("m_axi"), *memory);
  }

  bus::Bus bus{"bus", sim};
  std::unique_ptr<memory::Ram> ram;
  Initiator core{"core"};
  std::unique_ptr<TargetBridge> target;
  std::unique_ptr<BusBlock> on_bus;
  std::unique_ptr<BusMemory> memory;
  std::unique_ptr<AxiMaster> master;
};

TEST_F(BusBlockTest, RegistersAreReadAndWritten) {
  attach(CARDVP_BRIDGE_PORTS, "s_axil");
  elaborate();
  EXPECT_TRUE(core.write(kBlock + 0x10, 0x12345678));
  EXPECT_TRUE(core.write(kBlock + 0x11, 0xaa, 1));
  EXPECT_EQ(core.read(kBlock + 0x10), 0x1234aa78u);
  EXPECT_EQ(core.read(kBlock + 0x12, 2), 0x1234u);
  EXPECT_EQ(core.read(kBlock + 0x10, 8), 0x1234aa78u);
}

TEST_F(BusBlockTest, ErrorsOfTheBlockAreBusErrors) {
  attach(CARDVP_BRIDGE_PORTS, "s_axil");
  elaborate();
  std::uint32_t word;
  EXPECT_FALSE(core.access(false, kBlock + 0x400, &word, 4));
  EXPECT_EQ(core.status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST_F(BusBlockTest, BlockThatNeverAnswersIsABusError) {
  attach(CARDVP_BRIDGE_PORTS, "apb");
  elaborate();
  set("stuck", 1);
  std::uint32_t word;
  EXPECT_FALSE(core.access(false, kBlock + 0x20, &word, 4));
  EXPECT_TRUE(logged(R"(bridge=apb transaction="read 0x20, 4 bytes" cycles=1000)"));
  EXPECT_GE(core.taken, ns(10 * 1000));
}

// A register port's access takes one cycle; APB's, two (IHI 0024).
TEST_F(BusBlockTest, AccessTakesItsCycles) {
  attach(CARDVP_BRIDGE_PORTS, "apb");
  elaborate();
  core.write(kBlock, 1);  // behind the reset
  core.accumulate = true;
  core.ahead = block->time();
  const sc_core::sc_time before = core.ahead;
  for (int i = 0; i < 10; ++i) core.write(kBlock, 1);
  EXPECT_EQ(core.ahead - before, 10 * (ns(20) + ns(5)));  // and the bus's own 5 ns
}

TEST_F(BusBlockTest, InitiatorThatIsBehindTheBlockWaitsForIt) {
  attach(CARDVP_BRIDGE_PORTS, "plain");
  elaborate();
  for (int i = 0; i < 10; ++i) core.write(kBlock, 1);
  EXPECT_GE(core.taken, block->time() - ns(10));
  EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME);
}

TEST_F(BusBlockTest, DebuggerDoesNotDisturbTheBlock) {
  attach(CARDVP_BRIDGE_PORTS, "s_axil");
  elaborate();
  std::uint32_t word = 0;
  EXPECT_EQ(core.debug(false, kBlock, &word, 4), 0u);
  EXPECT_EQ(counted("s_axil.transactions"), 0u);
}

TEST_F(BusBlockTest, MasterReachesMemoryThroughTheBus) {
  attach_master();
  elaborate();
  std::vector<std::uint8_t> data(200), back(200);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 3);
  // The block passes on what it is asked for: at the RAM's own address.
  EXPECT_EQ(run(*target, true, 0x9000'0123, data), Response::kOkay);
  EXPECT_EQ(std::memcmp(ram->bytes().data() + 0x123, data.data(), data.size()), 0);
  EXPECT_EQ(run(*target, false, 0x9000'0123, back), Response::kOkay);
  EXPECT_EQ(back, data);
}

TEST_F(BusBlockTest, MasterThatWalksOffItsMemoryGetsAnErrorAndTheRestGoesOn) {
  attach_master();
  elaborate();
  std::vector<std::uint8_t> data(64, 1);
  EXPECT_EQ(run(*target, false, 0xa000'0000, data), Response::kDecErr);
  EXPECT_EQ(run(*target, true, 0x9000'0000 + kRamSize, data), Response::kDecErr);
  EXPECT_EQ(run(*target, true, 0x9000'0000 + kRamSize - 64, data), Response::kOkay);
}

// A core's access waits for the block, whose master at the same time asks the block itself: an error, no deadlock.
TEST_F(BusBlockTest, BlockThatReachesForItselfGetsAnError) {
  attach_master();
  elaborate();
  std::uint32_t word = 0;
  EXPECT_FALSE(core.access(false, kBlock + kBlock + 0x100, &word, 4));
  EXPECT_EQ(counted("m_axi.errors"), 1u);
  EXPECT_EQ(counted("s_axi.transactions"), 2u);
  EXPECT_EQ(counted("s_axi.errors"), 2u);
  EXPECT_TRUE(core.write(0x9000'0000, 5));
  EXPECT_EQ(core.read(0x9000'0000), 5u);
}

}  // namespace
}  // namespace cardvp::rtl::test
