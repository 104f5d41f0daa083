// Packets from one card to another: what the hosts see, what the wire sees, what the firmware is asked.
#include "test/unit/vpc/machine.h"

namespace cardvp::nic {
namespace {

using VpcPacketsTest = Machine;

TEST_F(VpcPacketsTest, TheFirstPacketAsksTheFirmwareAndTheNextDoesNot) {
  const Bytes sent = frame(spec());
  EXPECT_TRUE(transmit(a, 0, sent).accepted);
  run();
  ASSERT_EQ(b.hosts[0].frames.size(), 1u);
  Bytes expected = sent;
  net::store_mac(expected.data(), Card::mac(1, 0));  // VPC_REWRITE_MAC
  EXPECT_EQ(b.hosts[0].frames[0], expected);
  ASSERT_EQ(a.firmware.packets.size(), 1u);
  ASSERT_EQ(b.firmware.packets.size(), 1u);
  for (int i = 0; i < 10; ++i) transmit(a, 0, sent);
  run();
  EXPECT_EQ(b.hosts[0].frames, std::vector<Bytes>(11, expected));
  EXPECT_EQ(a.firmware.packets.size(), 1u);
  EXPECT_EQ(b.firmware.packets.size(), 1u);
  EXPECT_EQ(a.get(vpc_regs::offset::FLOW_COUNT), 2u);  // there and back
}

}  // namespace
}  // namespace cardvp::nic
