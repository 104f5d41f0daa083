#include "models/pcie/msix.h"

#include "test/unit/pcie/harness.h"

namespace cardvp::pcie {
namespace {

using sc_core::sc_start;

struct MsixTest : OneFunction {
  static constexpr std::uint64_t kDoorbell = 0xfee00000;

  void SetUp() override {
    OneFunction::SetUp();
    for (unsigned vector = 0; vector < kVectors; ++vector) {
      const std::uint64_t entry = kBar0 + kTable + 16 * vector;
      endpoint.memory_write(entry, bytes_of<std::uint64_t>(kDoorbell | std::uint64_t{vector} << 40));
      memory_write(entry + 8, 0x4000 + vector);
      memory_write(entry + 12, 0);
    }
    set_control(0x8000);
  }
  void set_control(std::uint16_t value) { config_write(0, 0x92, value, 2); }
  void mask(unsigned vector, bool on) { memory_write(kBar0 + kTable + 16 * vector + 12, on); }
  bool pending(unsigned vector) {
    return endpoint.memory_read(kBar0 + kPending + vector / 64 * 8, 8).value >> vector % 64 & 1;
  }
  // The vectors whose messages arrived since the last call, each checked.
  std::vector<unsigned> arrived() {
    sc_start();
    std::vector<unsigned> vectors;
    for (const FakeHost::Write& write : host.writes) {
      const unsigned vector = write.as<std::uint32_t>() - 0x4000;
      EXPECT_EQ(write.data.size(), 4u);
      EXPECT_EQ(write.address, kDoorbell | std::uint64_t{vector} << 40);
      EXPECT_EQ(write.requester, 0x300);
      vectors.push_back(vector);
    }
    host.writes.clear();
    return vectors;
  }
};
using Vectors = std::vector<unsigned>;

TEST_F(MsixTest, SendsTheMessageOfTheVector) {
  function.interrupt(0);
  function.interrupt(69);
  function.interrupt(3);
  EXPECT_FALSE(pending(69));
  EXPECT_EQ(arrived(), (Vectors{0, 69, 3}));
  EXPECT_EQ(count("fn0.interrupts"), 3u);
}

TEST_F(MsixTest, MessagesFollowTheDataTheyTellOf) {
  function.post(0x100, bytes_of(1u));
  function.interrupt(1);
  sc_start();
  ASSERT_EQ(host.writes.size(), 2u);
  EXPECT_EQ(host.writes[0].address, 0x100u);
  EXPECT_LT(host.writes[0].time, host.writes[1].time);
}

TEST_F(MsixTest, MaskedVectorsStayPendingAndAreSentOnceWhenUnmasked) {
  mask(5, true);
  function.interrupt(5);
  function.interrupt(5);
  function.interrupt(6);
  EXPECT_EQ(arrived(), (Vectors{6}));
  EXPECT_TRUE(pending(5));
  EXPECT_FALSE(pending(6));
  mask(5, true);
  EXPECT_EQ(arrived(), Vectors{});
  mask(5, false);
  EXPECT_FALSE(pending(5));
  EXPECT_EQ(arrived(), (Vectors{5}));
  mask(5, true);
  mask(5, false);
  EXPECT_EQ(arrived(), Vectors{});
}

TEST_F(MsixTest, MessageIsThatOfTheEntryWhenItIsSent) {
  mask(5, true);
  function.interrupt(5);
  memory_write(kBar0 + kTable + 16 * 5 + 8, 0x4000 + 9);
  memory_write(kBar0 + kTable + 16 * 5 + 4, 9 << 8);
  mask(5, false);
  EXPECT_EQ(arrived(), (Vectors{9}));
}

TEST_F(MsixTest, FunctionMaskHoldsEveryVectorBack) {
  mask(7, true);
  set_control(0xc000);
  function.interrupt(68);
  function.interrupt(7);
  function.interrupt(2);
  EXPECT_EQ(arrived(), Vectors{});
  EXPECT_TRUE(pending(68) && pending(7) && pending(2));
  set_control(0x8000);
  EXPECT_EQ(arrived(), (Vectors{2, 68}));
  EXPECT_TRUE(pending(7));
  EXPECT_FALSE(pending(68) || pending(2));
  mask(7, false);
  EXPECT_EQ(arrived(), (Vectors{7}));
}

TEST_F(MsixTest, UnmaskingAVectorUnderTheFunctionMaskSendsNothingYet) {
  set_control(0xc000);
  mask(7, true);
  function.interrupt(7);
  mask(7, false);
  EXPECT_EQ(arrived(), Vectors{});
  EXPECT_TRUE(pending(7));
  set_control(0x8000);
  EXPECT_EQ(arrived(), (Vectors{7}));
}

TEST_F(MsixTest, WhileDisabledInterruptsAreDroppedAndPendingOnesWait) {
  mask(5, true);
  function.interrupt(5);
  set_control(0);
  function.interrupt(6);
  EXPECT_EQ(count("fn0.interrupts_dropped"), 1u);
  mask(5, false);
  EXPECT_EQ(arrived(), Vectors{});
  EXPECT_TRUE(pending(5));
  EXPECT_FALSE(pending(6));
  set_control(0x8000);
  EXPECT_EQ(arrived(), (Vectors{5}));
}

TEST_F(MsixTest, BusMasterOffHoldsMessagesBack) {
  set_command(0, kMemory);
  function.interrupt(4);
  EXPECT_EQ(arrived(), Vectors{});
  EXPECT_TRUE(pending(4));
  mask(4, true);
  mask(4, false);
  set_control(0xc000);
  set_control(0x8000);
  EXPECT_EQ(arrived(), Vectors{});
  set_command(0, kMemory | kMaster);
  EXPECT_EQ(arrived(), (Vectors{4}));
  EXPECT_FALSE(pending(4));
}

TEST_F(MsixTest, D3hotSendsNothingAndItsEndForgets) {
  config_write(0, 0x44, 3, 2);
  function.interrupt(4);
  EXPECT_EQ(arrived(), Vectors{});
  config_write(0, 0x44, 0, 2);
  set_bars();
  set_command(0, kMemory | kMaster);
  set_control(0x8000);
  EXPECT_EQ(arrived(), Vectors{});
  EXPECT_FALSE(pending(4));
}

TEST_F(MsixTest, VectorsThatAreNotThereAreDropped) {
  function.interrupt(kVectors);
  function.interrupt(~0u);
  EXPECT_EQ(arrived(), Vectors{});
  EXPECT_EQ(count("fn0.interrupts_dropped"), 2u);
}

TEST_F(MsixTest, TableIsReadAndWrittenInDwordsAndQwords) {
  const std::uint64_t entry = kBar0 + kTable + 16 * 3;
  endpoint.memory_write(entry, bytes_of<std::uint64_t>(0x1122334455667788));
  endpoint.memory_write(entry + 8, bytes_of<std::uint64_t>(0xffffffff'99aabbcc));
  EXPECT_EQ(endpoint.memory_read(entry, 8).value, 0x1122334455667788u);
  EXPECT_EQ(endpoint.memory_read(entry + 4, 4).value, 0x11223344u);
  EXPECT_EQ(endpoint.memory_read(entry + 8, 8).value, 0x1'99aabbccu);  // of the control dword only the mask is there
  memory_write(entry, 0xffffffff);
  EXPECT_EQ(endpoint.memory_read(entry, 4).value, 0xfffffffcu);  // messages are aligned dwords
  EXPECT_TRUE(client.log.empty());
}

TEST_F(MsixTest, OtherAccessesToTheTableAreAbortedOrDropped) {
  const std::uint64_t entry = kBar0 + kTable + 16 * 3;
  const std::uint64_t before = endpoint.memory_read(entry, 8).value;
  EXPECT_EQ(endpoint.memory_read(entry, 2).status, Completion::kCompleterAbort);
  EXPECT_EQ(endpoint.memory_read(entry + 3, 1).status, Completion::kCompleterAbort);
  EXPECT_EQ(endpoint.memory_read(entry + 4, 8).status, Completion::kCompleterAbort);
  EXPECT_EQ(endpoint.memory_read(kBar0 + kPending, 1).status, Completion::kCompleterAbort);
  std::array<std::byte, 16> ones;
  ones.fill(std::byte{0xff});
  endpoint.memory_write(entry, std::span(ones).first(1));
  endpoint.memory_write(entry, std::span(ones).first(16));
  endpoint.memory_write(entry + 4, std::span(ones).first(8));
  endpoint.memory_write(entry + 2, std::span(ones).first(4));
  endpoint.memory_write(kBar0 + kTable - 4, std::span(ones).first(8));                  // runs into the first entry
  endpoint.memory_write(kBar0 + kTable + 16 * kVectors - 4, std::span(ones).first(8));  // out of the last
  EXPECT_EQ(endpoint.memory_read(entry, 8).value, before);
  EXPECT_EQ(endpoint.memory_read(kBar0 + kTable, 4).value, kDoorbell);
  EXPECT_EQ(endpoint.memory_read(kBar0 + kTable + 16 * kVectors - 4, 4).value, 0u);
  EXPECT_EQ(count("fn0.writes_dropped"), 6u);
  EXPECT_TRUE(client.log.empty());
}

TEST_F(MsixTest, PendingBitsAreReadOnly) {
  mask(65, true);
  function.interrupt(65);
  endpoint.memory_write(kBar0 + kPending, bytes_of(~0ull));
  endpoint.memory_write(kBar0 + kPending + 8, bytes_of(0ull));
  EXPECT_EQ(endpoint.memory_read(kBar0 + kPending, 8).value, 0u);
  EXPECT_EQ(endpoint.memory_read(kBar0 + kPending + 8, 8).value, 2u);
  EXPECT_EQ(endpoint.memory_read(kBar0 + kPending + 8, 4).value, 2u);
  EXPECT_EQ(endpoint.memory_read(kBar0 + kPending + 12, 4).value, 0u);
}

TEST_F(MsixTest, WhatIsAroundTheTableIsTheClients) {
  endpoint.memory_read(kBar0 + kTable - 4, 4);
  endpoint.memory_read(kBar0 + kTable + 16 * kVectors, 4);
  endpoint.memory_read(kBar0 + kPending + 16, 8);
  endpoint.memory_read(kBar2 + kTable, 4);
  EXPECT_EQ(client.log.size(), 4u);
}

TEST_F(MsixTest, ResetMasksEveryVectorAndForgetsWhatWasPending) {
  mask(5, true);
  function.interrupt(5);
  config_write(0, 0x58, 0xa810, 2);
  set_bars();
  set_command(0, kMemory | kMaster);
  set_control(0x8000);
  EXPECT_EQ(endpoint.memory_read(kBar0 + kTable + 16 * 5 + 12, 4).value, 1u);
  EXPECT_EQ(endpoint.memory_read(kBar0 + kTable + 16 * 5, 8).value, 0u);
  EXPECT_FALSE(pending(5));
  function.interrupt(0);
  EXPECT_EQ(arrived(), Vectors{});
  EXPECT_TRUE(pending(0));
}

TEST_F(MsixTest, AServerMayKeepTheTable) {
  std::vector<unsigned> raised;
  function.intercept_interrupts([&](unsigned vector) { raised.push_back(vector); });
  set_control(0xc000);
  function.interrupt(3);
  function.interrupt(kVectors);
  EXPECT_EQ(raised, (Vectors{3}));
  EXPECT_EQ(arrived(), Vectors{});
}

}  // namespace
}  // namespace cardvp::pcie
