// The root complex and the card's real endpoint.
#include "models/pcie/endpoint.h"

#include "host/root_complex.h"
#include "models/pcie/registers.h"
#include "test/unit/host/machine.h"

namespace cardvp::host {
namespace {

struct Engine : pcie::FunctionClient {
  std::uint64_t value = 0;
  unsigned resets = 0;
  std::optional<std::uint64_t> bar_read(unsigned, std::uint64_t offset, unsigned) override { return value + offset; }
  void bar_write(unsigned, std::uint64_t, std::span<const std::byte> data) override {
    value = 0;
    std::memcpy(&value, data.data(), data.size());
  }
  void function_reset() override { ++resets; }
};

struct EndpointTest : HostMachine {
  CardCore core{"core"};
  pcie::Endpoint endpoint{"endpoint", sim, link};
  pcie::Function first{"fn0", sim, link, 0, config(4)}, far{"fn200", sim, link, 200, config(64)};
  Engine engine, far_engine;

  static pcie::FunctionConfig config(unsigned vectors) {
    return {.bars = {{0, 0x4000, false}, {2, 1 << 20, true}},
            .msix_vectors = vectors,
            .msix_bar = 0,
            .msix_table = 0x2000,
            .msix_pending = 0x3000};
  }
  EndpointTest() {
    core.socket.bind(endpoint.socket);
    link.connect(endpoint);
    first.connect(engine);
    far.connect(far_engine);
    for (pcie::Function* one : {&first, &far}) {
      endpoint.add(*one);
      EXPECT_TRUE(one->control().write(pcie::function_regs::offset::IDENTITY, 4, 0x00651d0f));
      EXPECT_TRUE(one->control().write(pcie::function_regs::offset::CLASS, 4, 0x01080200));
      one->set_present(true);
    }
  }
  std::vector<PciFunction> enumerate() {
    link_up();
    return result(root.enumerate());
  }
};

TEST_F(EndpointTest, IsEnumeratedAndAnswersAtItsBars) {
  const auto found = enumerate();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].number(), 200);
  EXPECT_EQ(found[0].vendor, 0x1d0f);
  EXPECT_EQ(found[0].class_code, 0x010802u);
  EXPECT_NE(found[0].pcie_capability, 0);
  EXPECT_NE(found[0].power_capability, 0);
  ASSERT_TRUE(found[1].msix);
  EXPECT_EQ(found[1].msix->vectors, 64u);
  EXPECT_EQ(found[1].bars[2].size, 1u << 20);
  found[0].write64(2, 0x10, 0x1122334455667788);
  EXPECT_EQ(result(found[0].read64(2, 8)), 0x1122334455667790u);  // reads do not pass posted writes
  found[1].write32(0, 0, 7);
  EXPECT_EQ(result(found[1].read32(0, 4)), 11u);
  EXPECT_EQ(engine.value, 0x1122334455667788u);
}

TEST_F(EndpointTest, InterruptsReachTheirHandlers) {
  const auto found = enumerate();
  ASSERT_EQ(found.size(), 2u);
  std::vector<unsigned> seen;
  for (unsigned vector = 0; vector < 64; ++vector) {
    EXPECT_TRUE(found[1].set_vector(vector, root.allocate_interrupt([&seen, vector] { seen.push_back(vector); })));
  }
  EXPECT_FALSE(found[1].set_vector(64, {}));
  run(found[1].enable_msix(true));
  far.interrupt(63);
  far.interrupt(2);
  settle();
  EXPECT_EQ(seen, (std::vector{63u, 2u}));
  EXPECT_TRUE(found[1].mask_vector(2, true));
  settle();
  far.interrupt(2);
  settle();
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_TRUE(found[1].mask_vector(2, false));
  settle();
  EXPECT_EQ(seen.size(), 3u);
  run(found[1].enable_msix(false));
  far.interrupt(2);
  settle();
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(count("root.interrupts_dropped"), 0u);
}

TEST_F(EndpointTest, ReachesOnlyWhatTheIommuLetsIt) {
  WindowIommu iommu;
  iommu.map(0x0100, {.iova = 0x10000, .size = 0x1000, .physical = 0x200000});
  root.set_iommu(iommu);
  ASSERT_EQ(enumerate().size(), 2u);
  std::memset(memory.at(0x200000, 64), 0x5a, 64);
  const auto read = [&](pcie::Function& function, std::uint64_t address, std::byte* to) {
    return result([](pcie::Function& f, std::uint64_t from, std::byte* buffer) -> Task<DmaStatus> {
      co_return co_await f.read(DmaSegment{from, 64}, buffer);
    }(function, address, to));
  };
  std::byte data[64]{};
  EXPECT_EQ(read(far, 0x10000, data), DmaStatus::kUnsupportedRequest);
  EXPECT_EQ(data[0], std::byte{0});
  EXPECT_EQ(read(first, 0x10fe0, data), DmaStatus::kUnsupportedRequest);  // its end is outside
  EXPECT_EQ(read(first, 0x10000, data), DmaStatus::kOk);
  EXPECT_EQ(data[63], std::byte{0x5a});
  EXPECT_TRUE(first.write(0x20000, data));  // posted, and refused where it arrives
  settle();
  EXPECT_GE(count("root.dma_faults"), 3u);
}

TEST_F(EndpointTest, FlrLeavesAFunctionThatWorks) {
  const auto found = enumerate();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(result(found[0].flr()));
  EXPECT_EQ(engine.resets, 1u);
  EXPECT_EQ(far_engine.resets, 0u);
  found[0].write32(0, 0, 5);
  EXPECT_EQ(result(found[0].read32(0, 0)), 5u);
}

TEST_F(EndpointTest, FunctionsAreFoundWhenTheyCome) {
  far.set_present(false);
  ASSERT_EQ(enumerate().size(), 1u);
  EXPECT_EQ(root.removals(200), 0u);  // the link was down
  scope.spawn([](pcie::Function& function, Scheduler& scheduler) -> Task<> {
    co_await scheduler.delay({3, sc_core::SC_MS});
    function.set_present(true);
  }(far, sim.scheduler));
  const sc_core::sc_time begun = sim.scheduler.now();
  const auto found = result(root.wait_function(200, {10, sc_core::SC_MS}));
  ASSERT_TRUE(found);
  EXPECT_LT(sim.scheduler.now() - begun, sc_core::sc_time(3.1, sc_core::SC_MS));
  EXPECT_EQ(found->number(), 200);
  found->write32(0, 0, 7);
  EXPECT_EQ(result(found->read32(0, 0)), 7u);
  EXPECT_TRUE(result(root.wait_function(0, {})));  // it is there already

  far.set_present(false);
  settle();
  EXPECT_EQ(root.removals(200), 1u);
  EXPECT_EQ(root.removals(0), 0u);
  EXPECT_EQ(far_engine.resets, 2u);
  EXPECT_EQ(result(found->read32(0, 0)), ~0u);
  const sc_core::sc_time asked = sim.scheduler.now();
  EXPECT_FALSE(result(root.wait_function(200, {1, sc_core::SC_MS})));
  EXPECT_GE(sim.scheduler.now() - asked, sc_core::sc_time(1, sc_core::SC_MS));
  far.set_present(true);
  const auto again = result(root.wait_function(200, {1, sc_core::SC_MS}));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->bars[0].address, found->bars[0].address);
  again->write32(0, 0, 9);
  EXPECT_EQ(result(again->read32(0, 0)), 9u);
}

}  // namespace
}  // namespace cardvp::host
