#include "host/root_complex.h"

#include "models/base/dma.h"
#include "test/unit/host/fake_card.h"
#include "test/unit/host/machine.h"

namespace cardvp::host {
namespace {

using sc_core::SC_MS;
using sc_core::SC_US;

constexpr pcie::RequesterId kCard = 0x0103;

// A function's way to the host, as far as reads go: straight to HostPort::read.
class ReadPort : public DmaPort {
 public:
  ReadPort(Sim& sim, pcie::HostPort& host) : sim_(sim), host_(host) {}
  bool write(std::uint64_t, std::span<const std::byte>) override { return false; }
  bool post(std::uint64_t, std::span<const std::byte>) override { return false; }

 protected:
  void start(DmaRead& read) override { host_.read(kCard, read); }
  void abandon(DmaRead& read) override { host_.abandon(read); }
  DmaStatus settle(DmaRead&) override { return DmaStatus::kCompleterAbort; }
  Scheduler& scheduler_of_port() override { return sim_.scheduler; }

 private:
  Sim& sim_;
  pcie::HostPort& host_;
};

struct RootComplexTest : HostMachine {
  FakeCard card;
  WindowIommu iommu;
  ReadPort port{sim, root};
  RootComplexTest() { link.connect(card); }

  void message(std::uint64_t address, std::uint32_t data) {
    root.write(kCard, address, std::as_bytes(std::span(&data, 1)));
  }
  DmaStatus read(std::vector<DmaSegment> segments, std::byte* to) {
    return result([](ReadPort& from, std::vector<DmaSegment> list, std::byte* buffer) -> Task<DmaStatus> {
      co_return co_await from.read(list, buffer);
    }(port, std::move(segments), to));
  }
};

TEST_F(RootComplexTest, WaitsForTheLink) {
  EXPECT_FALSE(result(root.wait_link({50, SC_US})));
  EXPECT_EQ(sim.scheduler.now(), sc_core::sc_time(50, SC_US));
  link.enable(true);
  EXPECT_TRUE(result(root.wait_link({1, SC_MS})));
  EXPECT_EQ(sim.scheduler.now(), sc_core::sc_time(50, SC_US) + link.config().training);
  EXPECT_TRUE(result(root.wait_link(sc_core::SC_ZERO_TIME)));
  EXPECT_TRUE(sim.scheduler.idle());  // no timer is left behind
}

TEST_F(RootComplexTest, WaitsForEver) {
  link.enable(true);
  EXPECT_TRUE(result(root.wait_link(sc_core::sc_max_time())));
}

TEST_F(RootComplexTest, DispatchesMessagesByAddressAndData) {
  std::vector<int> seen;
  std::vector<Interrupt> all;
  for (int i = 0; i < 300; ++i) all.push_back(root.allocate_interrupt([&seen, i] { seen.push_back(i); }));
  message(all[7].address, all[7].data);
  message(all[299].address, all[299].data);
  EXPECT_EQ(seen, (std::vector{7, 299}));
  EXPECT_NE(all[299].address, all[7].address);
  for (const Interrupt& one : all) {
    EXPECT_GE(one.address, RootComplex::kMsiWindow);
    EXPECT_LT(one.address, RootComplex::kMsiWindowEnd);
  }

  root.free_interrupt(all[7]);
  message(all[7].address, all[7].data);
  EXPECT_EQ(seen.size(), 2u);
  const Interrupt again = root.allocate_interrupt([&seen] { seen.push_back(-1); });
  message(again.address, again.data);
  EXPECT_EQ(seen.back(), -1);
}

TEST_F(RootComplexTest, DropsMessagesThatNameNobody) {
  const Interrupt one = root.allocate_interrupt([] { FAIL(); });
  message(one.address, one.data + 1);
  message(one.address, one.data | 0x10000);
  message(one.address, 0);
  message(one.address, ~0u);
  message(one.address + 4, one.data);
  message(one.address + 0x1000, one.data);
  message(RootComplex::kMsiWindowEnd - 4, one.data);
  const std::uint64_t wide = one.data;
  root.write(kCard, one.address, std::as_bytes(std::span(&wide, 1)));  // not a message's size
  EXPECT_EQ(count("root.interrupts_dropped"), 8u);
  EXPECT_EQ(count("root.dma_faults"), 0u);
}

TEST_F(RootComplexTest, GivesMemoryDirectly) {
  EXPECT_EQ(root.direct(kCard, 0x2000, 16, true), memory.at(0x2000, 16));
  EXPECT_EQ(root.direct(kCard, memory.size() - 8, 16, false), nullptr);
  EXPECT_EQ(root.direct(kCard, RootComplex::kMsiWindow, 4, true), nullptr);
  iommu.map(kCard, {.iova = 0xfe000000, .size = 0x2000000, .physical = 0});
  root.set_iommu(iommu);
  EXPECT_EQ(root.direct(kCard, 0xfe000000, 4, true), memory.at(0, 4));
  EXPECT_EQ(root.direct(kCard, RootComplex::kMsiWindow, 4, true), nullptr);      // whatever the IOMMU says
  EXPECT_EQ(root.direct(kCard, RootComplex::kMsiWindow - 4, 8, true), nullptr);  // half of it
}

TEST_F(RootComplexTest, TranslatesPageByPage) {
  iommu.map(kCard, {.iova = 0x10000, .size = 0x1000, .physical = 0x202000});
  iommu.map(kCard, {.iova = 0x11000, .size = 0x1000, .physical = 0x200000});
  root.set_iommu(iommu);
  EXPECT_EQ(root.direct(kCard, 0x10ffe, 4, false), nullptr);
  const std::uint32_t value = 0x44332211;
  root.write(kCard, 0x10ffe, std::as_bytes(std::span(&value, 1)));
  EXPECT_EQ(memory.at(0x202ffe, 2)[1], std::byte{0x22});
  EXPECT_EQ(memory.at(0x200000, 2)[0], std::byte{0x33});

  std::uint64_t back = 0;
  EXPECT_EQ(read({{0x10ffe, 4}, {0x11001, 1}}, reinterpret_cast<std::byte*>(&back)), DmaStatus::kOk);
  EXPECT_EQ(back, 0x4444332211u);
}

TEST_F(RootComplexTest, KeepsDevicesToTheirWindows) {
  iommu.map(kCard, {.iova = 0x10000, .size = 0x1000, .physical = 0x200000, .write = false});
  iommu.map(kCard, {.iova = 0x20000, .size = 0x1000, .physical = 0x201000, .read = false});
  root.set_iommu(iommu);
  std::uint32_t value = 0xffffffff;
  root.write(kCard, 0x10000, std::as_bytes(std::span(&value, 1)));
  EXPECT_EQ(memory.at(0x200000, 1)[0], std::byte{0});
  std::byte to[8]{};
  EXPECT_EQ(read({{0x20000, 4}}, to), DmaStatus::kUnsupportedRequest);
  EXPECT_EQ(read({{0x10000, 4}, {0x30000, 4}}, to), DmaStatus::kUnsupportedRequest);
  EXPECT_EQ(read({{0x10ffc, 8}}, to), DmaStatus::kUnsupportedRequest);  // leaves its window
  EXPECT_EQ(read({{0x10000, 8}}, to), DmaStatus::kOk);
  EXPECT_EQ(root.direct(kCard + 1, 0x10000, 4, false), nullptr);  // another function's
  EXPECT_EQ(count("root.dma_faults"), 4u);
  iommu.unmap(kCard);
  EXPECT_EQ(root.direct(kCard, 0x10000, 4, false), nullptr);
}

TEST_F(RootComplexTest, AWindowThatLeadsOutOfMemoryIsNoMemory) {
  iommu.map(kCard, {.iova = ~0ull - 0xfff, .size = 0x1000, .physical = memory.size()});
  root.set_iommu(iommu);
  EXPECT_EQ(root.direct(kCard, ~0ull - 7, 8, false), nullptr);
  EXPECT_EQ(root.direct(kCard, ~0ull - 3, 8, false), nullptr);  // wraps around
}

}  // namespace
}  // namespace cardvp::host
