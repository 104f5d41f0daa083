// The root complex with SR-IOV: on the card's real endpoint, and on a card that says what it should not.
#include <set>

#include "host/pci_config.h"
#include "host/root_complex.h"
#include "models/pcie/endpoint.h"
#include "models/pcie/registers.h"
#include "test/unit/host/fake_card.h"
#include "test/unit/host/machine.h"

namespace cardvp::host {
namespace {

using sc_core::SC_MS;

struct Engine : pcie::FunctionClient {
  std::uint64_t value = 0;
  unsigned resets = 0;
  std::optional<std::uint64_t> bar_read(unsigned bar, std::uint64_t offset, unsigned) override {
    return value + offset + bar;
  }
  void bar_write(unsigned, std::uint64_t, std::span<const std::byte> data) override {
    value = 0;
    std::memcpy(&value, data.data(), data.size());
  }
  void function_reset() override { ++resets; }
};

constexpr unsigned kFirst = 9, kVirtual = 6;

struct VirtualFunctionsTest : HostMachine {
  pcie::Endpoint endpoint{"endpoint", sim, link};
  CardCore core{"core"};
  std::vector<std::unique_ptr<pcie::Function>> functions;
  std::vector<std::unique_ptr<Engine>> engines;

  VirtualFunctionsTest() {
    link.connect(endpoint);
    core.socket.bind(endpoint.socket);
    add(0, std::nullopt);
    for (unsigned i = 0; i < kVirtual; ++i) add(static_cast<std::uint8_t>(kFirst + i), 0);
  }
  void add(std::uint8_t number, std::optional<std::uint8_t> physical) {
    const pcie::FunctionConfig config{.bars = {{0, 0x8000, false}, {2, 1 << 20, true}},
                                      .msix_vectors = 5,
                                      .msix_bar = 0,
                                      .msix_table = 0x2000,
                                      .msix_pending = 0x3000,
                                      .physical = physical};
    functions.push_back(
        std::make_unique<pcie::Function>(("fn" + std::to_string(number)).c_str(), sim, link, number, config));
    engines.push_back(std::make_unique<Engine>());
    pcie::Function& one = *functions.back();
    one.connect(*engines.back());
    endpoint.add(one);
    EXPECT_TRUE(one.control().write(pcie::function_regs::offset::IDENTITY, 4, physical ? 0xec211d0f : 0xec201d0f));
    EXPECT_TRUE(one.control().write(pcie::function_regs::offset::CLASS, 4, 0x02000000));
    one.set_present(true);
  }
  PciFunction physical() {
    link_up();
    auto found = result(root.enumerate());
    EXPECT_EQ(found.size(), 1u);
    return found.at(0);
  }
  std::vector<PciFunction> enable(const PciFunction& function, unsigned count) {
    return result(root.enable_virtual(function, count));
  }
};

TEST_F(VirtualFunctionsTest, AreFoundAndWork) {
  const PciFunction pf = physical();
  EXPECT_NE(pf.sriov_capability, 0);
  const sc_core::sc_time begun = sim.scheduler.now();
  const auto found = enable(pf, 4);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_GE(sim.scheduler.now() - begun, sc_core::sc_time(100, SC_MS));
  std::set<std::uint64_t> addresses;
  for (unsigned i = 0; i < found.size(); ++i) {
    const PciFunction& one = found[i];
    EXPECT_EQ(one.number(), kFirst + i);
    EXPECT_EQ(one.vendor, 0x1d0f);
    EXPECT_EQ(one.device, 0xec21);
    EXPECT_EQ(one.class_code, 0x020000u);
    EXPECT_EQ(one.bars[0].size, 0x8000u);
    EXPECT_EQ(one.bars[2].size, 1u << 20);
    EXPECT_TRUE(one.bars[2].prefetchable);
    ASSERT_TRUE(one.msix);
    EXPECT_EQ(one.msix->vectors, 5u);
    one.write32(0, 0, 100 * i);
    EXPECT_EQ(result(one.read32(2, 0x10)), 100 * i + 0x12);
    addresses.insert({one.bars[0].address, one.bars[2].address});
  }
  EXPECT_EQ(addresses.size(), 8u);
  EXPECT_EQ(engines[0]->value, 0u);
  EXPECT_EQ(count("root.failed_requests"), 0u);
}

TEST_F(VirtualFunctionsTest, InterruptAndReachMemory) {
  const auto found = enable(physical(), 2);
  ASSERT_EQ(found.size(), 2u);
  unsigned interrupts = 0;
  EXPECT_TRUE(found[1].set_vector(4, root.allocate_interrupt([&] { ++interrupts; })));
  run(found[1].enable_msix(true));
  functions[2]->interrupt(4);
  const std::uint32_t data = 0x12345678;
  EXPECT_TRUE(functions[2]->write(0x5000, std::as_bytes(std::span(&data, 1))));
  settle();
  EXPECT_EQ(interrupts, 1u);
  EXPECT_EQ(std::memcmp(memory.at(0x5000, 4), &data, 4), 0);
}

TEST_F(VirtualFunctionsTest, EnabledAgainTheyStayWhereTheyWere) {
  const PciFunction pf = physical();
  const auto first = enable(pf, 2);
  const auto second = enable(pf, kVirtual);
  ASSERT_EQ(first.size(), 2u);
  ASSERT_EQ(second.size(), kVirtual);
  EXPECT_EQ(second[1].bars[0].address, first[1].bars[0].address);
  EXPECT_EQ(result(root.enumerate()).size(), 1 + kVirtual);
  EXPECT_TRUE(enable(pf, kVirtual + 1).empty());
  EXPECT_TRUE(enable(pf, 0).empty());
  EXPECT_EQ(result(root.enumerate()).size(), 1u);
}

// 9.3.3.3.1
TEST_F(VirtualFunctionsTest, TheCapabilityIsLeftAloneForASecond) {
  const PciFunction pf = physical();
  const sc_core::sc_time none = sim.scheduler.now();
  run(root.disable_virtual(pf));
  EXPECT_LT(sim.scheduler.now() - none, sc_core::sc_time(1, SC_MS));
  ASSERT_EQ(enable(pf, 2).size(), 2u);
  const sc_core::sc_time two = sim.scheduler.now();
  run(root.disable_virtual(pf));
  EXPECT_GE(sim.scheduler.now() - two, sc_core::sc_time(1, sc_core::SC_SEC));
}

TEST_F(VirtualFunctionsTest, TheHierarchyIsAnnounced) {
  const PciFunction pf = physical();
  const auto control = [&] {
    return result(pf.config_read(static_cast<std::uint16_t>(pf.sriov_capability + pci::kSriovControl), 2));
  };
  EXPECT_EQ(control(), pci::kSriovAriHierarchy);
  enable(pf, 2);
  EXPECT_EQ(control(), pci::kSriovAriHierarchy | pci::kSriovEnable | pci::kSriovMemory);
  run(root.disable_virtual(pf));
  EXPECT_EQ(control(), pci::kSriovAriHierarchy);
  EXPECT_TRUE(result(pf.flr()));
  EXPECT_EQ(control(), pci::kSriovAriHierarchy);
}

TEST_F(VirtualFunctionsTest, DisablingTakesThemAway) {
  const PciFunction pf = physical();
  const auto found = enable(pf, 2);
  ASSERT_EQ(found.size(), 2u);
  const unsigned resets = engines[1]->resets;
  run(root.disable_virtual(pf));
  EXPECT_EQ(engines[1]->resets, resets + 1);
  EXPECT_EQ(root.removals(kFirst), 1u);
  EXPECT_EQ(root.removals(kFirst + 2), 0u);
  EXPECT_EQ(result(found[0].read32(0, 0)), ~0u);
  EXPECT_FALSE(result(root.probe(kFirst)));
}

TEST_F(VirtualFunctionsTest, TheCardMayKeepSomeBack) {
  functions[2]->set_present(false);
  const auto found = enable(physical(), 3);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].number(), kFirst + 2);
  scope.spawn([](pcie::Function& function, Scheduler& scheduler) -> Task<> {
    co_await scheduler.delay({2, SC_MS});
    function.set_present(true);
  }(*functions[2], sim.scheduler));
  const auto late = result(root.wait_function(kFirst + 1, {10, SC_MS}));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->device, 0xec21);
  EXPECT_EQ(late->bars[0].address, found[0].bars[0].address + 0x8000);
  late->write32(0, 0, 5);
  EXPECT_EQ(result(late->read32(0, 0)), 5u);
  functions[2]->set_present(false);
  settle();
  EXPECT_EQ(root.removals(kFirst + 1), 1u);
}

TEST_F(VirtualFunctionsTest, TheirResetLeavesThemUsable) {
  const auto found = enable(physical(), 2);
  ASSERT_EQ(found.size(), 2u);
  const unsigned other = engines[2]->resets;
  EXPECT_TRUE(result(found[0].flr()));
  EXPECT_EQ(engines[2]->resets, other);
  found[0].write32(0, 0, 5);
  EXPECT_EQ(result(found[0].read32(0, 0)), 5u);
  const std::uint32_t data = 1;
  EXPECT_TRUE(functions[1]->write(0x5000, std::as_bytes(std::span(&data, 1))));
}

TEST_F(VirtualFunctionsTest, GoWithThePhysicalFunction) {
  const PciFunction pf = physical();
  auto found = enable(pf, 2);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(result(pf.flr()));
  EXPECT_EQ(root.removals(kFirst), 1u);
  EXPECT_FALSE(result(found[0].flr()));  // it is not there
  found = enable(pf, 2);
  ASSERT_EQ(found.size(), 2u);
  functions[0]->set_present(false);
  settle();
  EXPECT_EQ(root.removals(kFirst + 1), 2u);
  EXPECT_FALSE(result(root.probe(kFirst)));
}

// First VF Offset and VF Stride may depend on NumVFs and on the hierarchy (9.3.3.9, 9.3.3.10).
struct Undecided : FakeFunction {
  using FakeFunction::FakeFunction;
  void config_write(std::uint16_t offset, unsigned size, std::uint32_t value) override {
    FakeFunction::config_write(offset, size, value);
    const bool decided = get(0x110, 2) == 2 && (get(0x108, 2) & pci::kSriovAriHierarchy);
    set(0x114, decided ? 0x00020005 : 0x00010100);
  }
};

struct OddCardTest : HostMachine {
  FakeCard card;
  Undecided undecided{0x00651d0f, 0x02000000};
  FakeFunction function{0x00651d0f, 0x02000000}, virtual_one{0xffffffff, 0x02000000};
  OddCardTest() {
    link.connect(card);
    function.add_bar(0, 0x4000, 4);
    card.add(3, function);
  }
  // At 0x100, with VF BAR 0 of 16 KiB.
  static void add_sriov(FakeFunction& to, std::uint16_t total, std::uint16_t first, std::uint16_t stride) {
    to.set(0x100, 0x00010010);
    to.set(0x10e, total, 2);
    to.set(0x114, first, 2);
    to.set(0x116, stride, 2);
    to.set(0x124, 4);
    to.let_write(0x124, 0xffffc000);
    to.let_write(0x128, ~0u);
    to.let_write(0x108, 0x19);
    to.let_write(0x110, 0xffff);
  }
  std::size_t enabled(unsigned count) {
    link_up();
    const auto found = result(root.enumerate());
    EXPECT_EQ(found.size(), 1u);
    return result(root.enable_virtual(found.at(0), count)).size();
  }
};

TEST_F(OddCardTest, HasNone) { EXPECT_EQ(enabled(1), 0u); }

TEST_F(OddCardTest, DecidesLateOnNumbers) {
  add_sriov(undecided, 2, 0, 0);
  card.add(3, undecided);
  card.add(8, virtual_one);
  card.add(10, virtual_one);
  EXPECT_EQ(enabled(2), 2u);
}

TEST_F(OddCardTest, NamesNumbersThatAreNone) {
  add_sriov(function, 100, 0, 1);
  EXPECT_EQ(enabled(1), 0u);
  EXPECT_EQ(function.get(0x108, 2), pci::kSriovAriHierarchy);  // not enabled
}

TEST_F(OddCardTest, NamesOneNumberForAll) {
  add_sriov(function, 100, 5, 0);
  EXPECT_EQ(enabled(2), 0u);
}

TEST_F(OddCardTest, NamesNumbersOnOtherBuses) {
  add_sriov(function, 100, 250, 0x8000);
  EXPECT_EQ(enabled(100), 0u);
  EXPECT_EQ(function.get(0x108, 2), 0x19u);
}

TEST_F(OddCardTest, WantsMoreThanThereIs) {
  add_sriov(function, 0xfffe, 1, 1);
  function.let_write(0x124, 0);
  function.let_write(0x128, 0xffffff00);  // 2^40 bytes each
  EXPECT_EQ(enabled(1), 0u);
  EXPECT_EQ(function.get(0x108, 2), pci::kSriovAriHierarchy);  // not enabled
}

TEST_F(OddCardTest, LeadsInACircle) {
  function.set(0x100, 0x1000000b);
  EXPECT_EQ(enabled(1), 0u);
}

}  // namespace
}  // namespace cardvp::host
