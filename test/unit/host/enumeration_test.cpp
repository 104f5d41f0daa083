#include <set>

#include "host/root_complex.h"
#include "test/unit/host/fake_card.h"
#include "test/unit/host/machine.h"

namespace cardvp::host {
namespace {

constexpr std::uint32_t kId = 0x00651d0f;  // device 0x0065 of vendor 0x1d0f
constexpr std::uint32_t kNvme = 0x01080203;

struct EnumerationTest : HostMachine {
  FakeCard card;
  EnumerationTest() { link.connect(card); }
  std::vector<PciFunction> enumerate() {
    link_up();
    return result(root.enumerate());
  }
};

TEST_F(EnumerationTest, FindsNothingOnAnEmptyCardOrADeadLink) {
  EXPECT_TRUE(result(root.enumerate()).empty());
  EXPECT_TRUE(enumerate().empty());
  EXPECT_EQ(card.config_reads, 256u);
}

TEST_F(EnumerationTest, IdentifiesAndPlacesAFunction) {
  FakeFunction function(kId, kNvme);
  function.set(0x2c, 0x12345678);
  function.add_bar(0, 0x8000, 4);
  function.add_bar(2, 0x100000, 0xc);
  function.add_capability(0x01, 8);
  function.add_capability(0x10, 0x3c);
  function.add_msix(33, 0x2000, 0x3000);
  card.add(0, function);
  const auto found = enumerate();
  ASSERT_EQ(found.size(), 1u);
  const PciFunction& one = found[0];
  EXPECT_EQ(one.name(), "01:00.0");
  EXPECT_EQ(one.vendor, 0x1d0f);
  EXPECT_EQ(one.device, 0x0065);
  EXPECT_EQ(one.class_code, 0x010802u);
  EXPECT_EQ(one.revision, 3);
  EXPECT_EQ(one.subsystem_vendor, 0x5678);
  EXPECT_EQ(one.subsystem, 0x1234);
  EXPECT_EQ(one.bars[0].size, 0x8000u);
  EXPECT_FALSE(one.bars[0].prefetchable);
  EXPECT_EQ(one.bars[2].size, 0x100000u);
  EXPECT_TRUE(one.bars[2].prefetchable);
  EXPECT_EQ(one.bars[1].size + one.bars[3].size + one.bars[4].size + one.bars[5].size, 0u);
  for (const unsigned bar : {0u, 2u}) {
    EXPECT_EQ(function.wide_bar(bar), one.bars[bar].address);
    EXPECT_GE(one.bars[bar].address, RootComplex::kMmioWindow64);
    EXPECT_EQ(one.bars[bar].address % one.bars[bar].size, 0u);
  }
  EXPECT_EQ(function.command(), 0x406);
  EXPECT_EQ(one.power_capability, 0x40);
  EXPECT_EQ(one.pcie_capability, 0x48);
  ASSERT_TRUE(one.msix);
  EXPECT_EQ(one.msix->vectors, 33u);
  EXPECT_EQ(one.msix->table_bar, 0u);
  EXPECT_EQ(one.msix->table, 0x2000u);
  EXPECT_EQ(one.msix->pending, 0x3000u);
}

TEST_F(EnumerationTest, FindsFunctionsAboveSeven) {
  std::vector<std::unique_ptr<FakeFunction>> functions;
  for (const std::uint8_t number : {0, 7, 8, 254}) {
    functions.push_back(std::make_unique<FakeFunction>(kId, kNvme));
    functions.back()->add_bar(0, 0x4000, 4);
    card.add(number, *functions.back());
  }
  const auto found = enumerate();
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[2].number(), 8);
  EXPECT_EQ(found[2].name(), "01:01.0");
  EXPECT_EQ(found[3].bdf, 0x01fe);
  std::set<std::uint64_t> addresses;
  for (const PciFunction& one : found) addresses.insert(one.bars[0].address);
  EXPECT_EQ(addresses.size(), 4u);
}

TEST_F(EnumerationTest, PlacesBarsOfEverySizeApart) {
  FakeFunction a(kId, kNvme), b(kId, kNvme);
  a.add_bar(0, 0x1000, 4);
  a.add_bar(2, 1ull << 36, 4);
  a.add_bar(4, 0x4000, 0);  // 32 bits wide
  b.add_bar(0, 1ull << 32, 4);
  b.add_bar(5, 16, 0);
  card.add(0, a);
  card.add(1, b);
  const auto found = enumerate();
  ASSERT_EQ(found.size(), 2u);
  struct Range {
    std::uint64_t from, to;
  };
  std::vector<Range> ranges;
  for (const PciFunction& one : found) {
    for (const PciFunction::Bar& bar : one.bars) {
      if (!bar.size) continue;
      EXPECT_EQ(bar.address % bar.size, 0u);
      for (const Range& other : ranges) EXPECT_TRUE(bar.address >= other.to || bar.address + bar.size <= other.from);
      ranges.push_back({bar.address, bar.address + bar.size});
    }
  }
  EXPECT_EQ(ranges.size(), 5u);
  EXPECT_EQ(a.bar(4), found[0].bars[4].address);
  EXPECT_GE(found[0].bars[4].address, RootComplex::kMmioWindow32);
  EXPECT_LT(found[0].bars[4].address, RootComplex::kMmioWindow32End);
}

TEST_F(EnumerationTest, RepeatsWithTheSameAddresses) {
  FakeFunction a(kId, kNvme), b(kId, kNvme);
  a.add_bar(0, 0x4000, 4);
  b.add_bar(0, 0x4000, 4);
  card.add(0, a);
  const auto first = enumerate();
  card.add(1, b);
  const auto second = result(root.enumerate());
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(second[0].bars[0].address, first[0].bars[0].address);
  card.remove(0);
  EXPECT_FALSE(result(root.probe(0)));
  EXPECT_TRUE(result(root.probe(1)));
}

TEST_F(EnumerationTest, SurvivesNonsense) {
  FakeFunction bridge(kId, 0x06040000);
  bridge.set(0x0e, 1, 1);
  FakeFunction odd(kId, kNvme);
  odd.set(0x10, 1);  // I/O space
  odd.let_write(0x10, 0xfffffff0);
  odd.let_write(0x14, 0x00f0f000);  // holes in the mask: no size
  odd.set(0x18, 4);                 // 64 bits,
  odd.let_write(0x1c, 0xffff0000);  // and far too much
  odd.set(0x24, 4);                 // 64 bits, in the last place
  odd.add_msix(2048, 5, 5);         // in a BAR that there is not
  odd.set(0x40 + 1, 0x40, 1);       // a list that is a circle
  card.add(0, bridge);
  card.add(1, odd);
  const auto found = enumerate();
  ASSERT_EQ(found.size(), 1u);
  for (const PciFunction::Bar& bar : found[0].bars) EXPECT_EQ(bar.size, 0u);
  EXPECT_FALSE(found[0].msix);
}

// Config writes of FLR are seen, and reset what a reset resets.
class ResettableFunction : public FakeFunction {
 public:
  using FakeFunction::FakeFunction;
  std::uint16_t capability = 0;
  unsigned resets = 0;
  bool master_at_reset = false;
  void config_write(std::uint16_t offset, unsigned size, std::uint32_t value) override {
    FakeFunction::config_write(offset, size, value);
    if (offset != capability + 8 || !(value & 0x8000)) return;
    ++resets;
    master_at_reset = command() & 4;
    FakeFunction::config_write(4, 2, 0);
    FakeFunction::config_write(0x10, 4, 0);
    FakeFunction::config_write(0x14, 4, 0);
  }
};

TEST_F(EnumerationTest, FlrRestoresTheFunction) {
  ResettableFunction function(kId, kNvme);
  function.add_bar(0, 0x4000, 4);
  function.capability = function.add_capability(0x10, 0x3c);
  card.add(0, function);
  const auto found = enumerate();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(result(found[0].flr()));  // it does not say that it can
  EXPECT_EQ(function.resets, 0u);
  function.set(static_cast<std::uint16_t>(function.capability + 4), 1u << 28);
  const sc_core::sc_time start = sim.scheduler.now();
  EXPECT_TRUE(result(found[0].flr()));
  EXPECT_EQ(function.resets, 1u);
  EXPECT_FALSE(function.master_at_reset);
  EXPECT_GE(sim.scheduler.now() - start, sc_core::sc_time(100, sc_core::SC_MS));
  EXPECT_EQ(function.wide_bar(0), found[0].bars[0].address);
  EXPECT_EQ(function.command(), 0x406);
}

TEST_F(EnumerationTest, AccessesToNothingAreAllOnesAndCounted) {
  FakeFunction function(kId, kNvme);
  function.add_bar(0, 0x4000, 4);
  card.add(0, function);
  const auto found = enumerate();
  const std::uint64_t before = count("root.failed_requests");
  EXPECT_EQ(result(found[0].read32(0, 0)), 0xffffffffu);
  EXPECT_EQ(result(found[0].read64(0, 0)), ~0ull);
  link.enable(false);
  EXPECT_EQ(result(found[0].config_read(0)), 0xffffffffu);
  EXPECT_EQ(count("root.failed_requests"), before + 3);
  EXPECT_FALSE(found[0].set_vector(0, {}));
}

}  // namespace
}  // namespace cardvp::host
