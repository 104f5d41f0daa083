// Allowances: alone, and as an interface's host sees them.
#include "test/unit/vpc/machine.h"

namespace cardvp::nic {
namespace {

TEST(AllowanceTest, GivesTheBurstAtOnceAndThenTheRate) {
  Allowance allowance;
  allowance.set(1000, us(10'000));  // 1000 a second: one a ms; a burst of 10
  const sc_core::sc_time start = us(5'000'000);
  std::vector<sc_core::sc_time> passed;
  for (int i = 0; i < 20; ++i) {
    passed.push_back(allowance.when(start));
    allowance.take(passed.back(), 1);
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(passed[i], start + us(i <= 10 ? 0 : 1000.0 * (i - 10))) << i;
  // The burst comes back with time.
  EXPECT_EQ(allowance.when(start + us(100'000)), start + us(100'000));
}

TEST(AllowanceTest, IsExactOverALongTime) {
  Allowance allowance;
  allowance.set(3'000'000'000, sc_core::SC_ZERO_TIME);  // a third of a ns is no whole number of ps
  for (int i = 0; i < 3'000'000; ++i) allowance.take(sc_core::SC_ZERO_TIME, 1000);
  EXPECT_EQ(allowance.when(sc_core::SC_ZERO_TIME), us(1'000'000));
}

TEST(AllowanceTest, WithoutARateAnythingPasses) {
  Allowance allowance;
  allowance.set(1, us(0));
  allowance.take(us(1), 1000);
  EXPECT_EQ(allowance.when(us(2)), us(1'000'000'001));
  allowance.set(0, us(0));
  EXPECT_FALSE(allowance.limited());
  allowance.take(us(2), 1000);
  EXPECT_EQ(allowance.when(us(2)), us(2));
}

struct VpcAllowanceTest : Machine {
  void SetUp() override {
    Machine::SetUp();
    transmit(a, 0, frame(spec(), kPayload));  // the flow is known from here on
    run();
    a.set_if(0, interface_regs::offset::BURST, 0);
    b.set_if(0, interface_regs::offset::BURST, 0);
  }
  static constexpr std::size_t kPayload = 1000 - 42;  // frames of 1000 bytes
  DataPath::Sent send() { return transmit(a, 0, frame(spec(), kPayload)); }
  std::uint64_t exceeded(Card& card, std::uint32_t at) { return card.get_if(0, at, 8); }
};

TEST_F(VpcAllowanceTest, BandwidthOutDelaysAndThenDrops) {
  a.set_if(0, interface_regs::offset::BANDWIDTH_OUT, 1'000'000'000, 8);  // 1 us a packet
  const sc_core::sc_time start = sim.scheduler.now();
  const DataPath::Sent first = send();
  EXPECT_TRUE(first.accepted);
  EXPECT_LE(first.next, start);
  const DataPath::Sent second = send();
  EXPECT_TRUE(second.accepted);
  EXPECT_EQ(second.next, start + ns(1100));  // as the first one's 1 us, and the look-up's 100 ns, say
  unsigned accepted = 2;
  for (int i = 0; i < 6000; ++i) accepted += send().accepted;
  EXPECT_EQ(accepted, 5001u);  // 5 ms of it may wait
  EXPECT_EQ(a.drops(0, "bandwidth_out"), 1001u);
  EXPECT_EQ(exceeded(a, interface_regs::offset::BANDWIDTH_OUT_EXCEEDED), 6001u);
  EXPECT_EQ(frames.in_use(), 5001u);
  run(us(6000));
  ASSERT_EQ(b.hosts[0].frames.size(), 5002u);
  for (unsigned i = 2; i < 5002; ++i) EXPECT_EQ(b.hosts[0].times[i] - b.hosts[0].times[i - 1], us(1)) << i;
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(VpcAllowanceTest, AHostThatWaitsAsItIsToldLosesNothing) {
  a.set_if(0, interface_regs::offset::BANDWIDTH_OUT, 1'000'000'000, 8);
  const sc_core::sc_time start = sim.scheduler.now();
  for (int i = 0; i < 1000; ++i) {
    const DataPath::Sent sent = send();
    ASSERT_TRUE(sent.accepted);
    if (sent.next > sim.scheduler.now()) run(sent.next - sim.scheduler.now());
    ASSERT_LE(frames.in_use(), 4u);
  }
  EXPECT_EQ(sim.scheduler.now() - start, ns(100 + 999'000));
  run();
  EXPECT_EQ(b.hosts[0].frames.size(), 1001u);
  EXPECT_EQ(a.all_drops(), 0u);
}

TEST_F(VpcAllowanceTest, BandwidthInDelaysAndThenDrops) {
  b.set_if(0, interface_regs::offset::BANDWIDTH_IN, 100'000'000, 8);  // 10 us a packet
  for (int i = 0; i < 1000; ++i) send();
  run(us(200));
  // They come within 84 us: 5 ms of them may wait.
  const std::size_t delivered = b.hosts[0].frames.size() - 1;
  EXPECT_GE(delivered, 501u);
  EXPECT_LE(delivered, 510u);
  EXPECT_EQ(b.drops(0, "bandwidth_in"), 1000 - delivered);
  EXPECT_EQ(exceeded(b, interface_regs::offset::BANDWIDTH_IN_EXCEEDED), 999u);
  for (std::size_t i = 2; i < delivered; ++i) EXPECT_EQ(b.hosts[0].times[i] - b.hosts[0].times[i - 1], us(10)) << i;
}

TEST_F(VpcAllowanceTest, PacketRateIsOfBothDirections) {
  a.set_if(0, interface_regs::offset::PACKET_RATE, 1'000'000);
  net::FrameSpec answer = spec();
  std::swap(answer.source_ip, answer.destination_ip);
  std::swap(answer.source_port, answer.destination_port);
  answer.source = Card::mac(1, 0);
  transmit(b, 0, frame(answer));
  run(us(1.4));  // arrives at 1.2 us
  EXPECT_EQ(a.hosts[0].frames.size(), 1u);
  const DataPath::Sent sent = send();
  EXPECT_TRUE(sent.accepted);
  EXPECT_GT(sent.next, sim.scheduler.now());
  EXPECT_EQ(sent.next, a.hosts[0].times[0] + us(1));
  EXPECT_EQ(exceeded(a, interface_regs::offset::PACKET_RATE_EXCEEDED), 1u);
  unsigned accepted = 0;
  for (int i = 0; i < 6000; ++i) accepted += send().accepted;
  EXPECT_EQ(a.drops(0, "packet_rate"), 6000 - accepted);
  EXPECT_NEAR(accepted, 5000, 2);
}

TEST_F(VpcAllowanceTest, ABurstPassesAtOnce) {
  a.set_if(0, interface_regs::offset::BURST, 1000);
  a.set_if(0, interface_regs::offset::PACKET_RATE, 1'000'000);
  for (int i = 0; i < 1001; ++i) ASSERT_LE(send().next, sim.scheduler.now() + us(100)) << i;
  EXPECT_EQ(exceeded(a, interface_regs::offset::PACKET_RATE_EXCEEDED), 0u);
  send();
  EXPECT_EQ(exceeded(a, interface_regs::offset::PACKET_RATE_EXCEEDED), 1u);
}

TEST_F(VpcAllowanceTest, NobodyOvertakesWhatWaits) {
  a.set_if(0, interface_regs::offset::BANDWIDTH_OUT, 1'000'000'000, 8);
  for (int i = 0; i < 3; ++i) send();
  const Bytes late = frame(spec(), 10);
  a.vpc.transmit(0, make(late), sim.scheduler.now() + us(20));  // by then the allowance has long been there
  run(us(1));
  send();
  run();
  ASSERT_EQ(b.hosts[0].frames.size(), 6u);
  EXPECT_EQ(b.hosts[0].frames[4].size(), late.size());
  EXPECT_LT(b.hosts[0].times[3] - b.hosts[0].times[0], us(105));  // and nothing waits for it but what comes behind
}

TEST_F(VpcAllowanceTest, WhatWaitsDoesNotPassOnceTheDataPathIsOff) {
  a.set_if(0, interface_regs::offset::BANDWIDTH_OUT, 1'000'000'000, 8);
  for (int i = 0; i < 3; ++i) send();
  a.set(vpc_regs::offset::CONTROL, 0);
  run();
  EXPECT_EQ(a.drops(0, "vpc_off"), 2u);
  EXPECT_EQ(b.hosts[0].frames.size(), 2u);
}

TEST_F(VpcAllowanceTest, OneInterfaceDoesNotHoldUpAnother) {
  transmit(a, 1, frame(spec(1, 1)));
  run();
  a.set_if(0, interface_regs::offset::BANDWIDTH_OUT, 1'000'000, 8);  // 1 ms a packet
  for (int i = 0; i < 4; ++i) send();
  const sc_core::sc_time start = sim.scheduler.now();
  transmit(a, 1, frame(spec(1, 1)));
  run(us(100));
  ASSERT_EQ(b.hosts[1].frames.size(), 2u);
  EXPECT_LT(b.hosts[1].times[1] - start, us(2));
}

TEST_F(VpcAllowanceTest, WhatWaitsIsDroppedWithItsInterface) {
  a.set_if(0, interface_regs::offset::BANDWIDTH_OUT, 1'000'000, 8);
  for (int i = 0; i < 4; ++i) send();
  EXPECT_EQ(frames.in_use(), 4u);
  a.set_if(0, interface_regs::offset::MODE, 0);
  EXPECT_EQ(a.drops(0, "interface_off"), 3u);
  run(us(10'000));
  EXPECT_EQ(b.hosts[0].frames.size(), 2u);
}

TEST_F(VpcAllowanceTest, TheWireHoldsBackWhoIsTooFast) {
  // 1050 bytes at 12.5 GB/s are 84 ns. The data path lets its interfaces run 4 us ahead, and
  // go on when they are 2 us ahead.
  sc_core::sc_time next;
  for (int i = 0; i < 100; ++i) next = send().next;
  EXPECT_EQ(next, sim.scheduler.now() + ns(100 + 8400) - us(2));
}

TEST_F(VpcAllowanceTest, ConnectionsAreCountedAndLimited) {
  a.set_if(0, interface_regs::offset::CONNECTIONS, 3);
  for (std::uint16_t flow = 0; flow < 4; ++flow) {
    transmit(a, 0, frame(spec(0, 0, 2000 + flow)));
    transmit(a, 0, frame(spec(0, 0, 2000 + flow)));
    run();
  }
  EXPECT_EQ(a.get_if(0, interface_regs::offset::CONNECTIONS_NOW), 3u);  // with the one from before
  EXPECT_EQ(a.drops(0, "connections"), 4u);
  EXPECT_EQ(exceeded(a, interface_regs::offset::CONNECTIONS_EXCEEDED), 4u);
  EXPECT_EQ(b.hosts[0].frames.size(), 5u);
  // Connections from outside are the receiver's.
  b.set_if(0, interface_regs::offset::CONNECTIONS, 3);
  transmit(a, 1, frame(spec(1)));
  run();
  EXPECT_EQ(b.drops(0, "connections"), 1u);
  // When one is idle for too long there is room again.
  a.set(vpc_regs::offset::FLOW_IDLE, 1000);
  run(us(1000));
  EXPECT_EQ(a.get_if(0, interface_regs::offset::CONNECTIONS_NOW), 0u);
  transmit(a, 0, frame(spec(0, 0, 2003)));
  run();
  EXPECT_EQ(a.get_if(0, interface_regs::offset::CONNECTIONS_NOW), 1u);
}

TEST_F(VpcAllowanceTest, TheCardsOwnServicesHaveARateOfTheirOwn) {
  a.set_if(0, interface_regs::offset::SLOW_RATE, 100);  // a burst of 10
  a.firmware.judge = [](const vpc_message_packet&) {
    vpc_message_verdict verdict{};
    verdict.action = VPC_CONSUMED;
    return std::optional(verdict);
  };
  net::FrameSpec link_local = spec();
  link_local.destination_ip = *net::IpAddress::parse("169.254.169.253");
  unsigned accepted = 0;
  for (int i = 0; i < 30; ++i) {
    accepted += transmit(a, 0, frame(link_local)).accepted;
    run();
  }
  EXPECT_EQ(accepted, 11u);
  EXPECT_EQ(a.drops(0, "slow_rate"), 19u);
  EXPECT_EQ(exceeded(a, interface_regs::offset::SLOW_RATE_EXCEEDED), 19u);
  EXPECT_TRUE(send().accepted);
}

TEST_F(VpcAllowanceTest, DeviceResetStartsTheCountersAgain) {
  a.set_if(0, interface_regs::offset::BANDWIDTH_OUT, 1'000'000'000, 8);
  for (int i = 0; i < 3; ++i) send();
  EXPECT_EQ(exceeded(a, interface_regs::offset::BANDWIDTH_OUT_EXCEEDED), 2u);
  a.vpc.device_reset(0);
  EXPECT_EQ(exceeded(a, interface_regs::offset::BANDWIDTH_OUT_EXCEEDED), 0u);
  run();
  EXPECT_EQ(b.hosts[0].frames.size(), 4u);  // what was on its way arrives
}

}  // namespace
}  // namespace cardvp::nic
