// Virtual functions (PCI Express Base Specification 4.0, chapter 9) in the hands of guests, to which each is a function
// like any other.
#include <unistd.h>

#include "test/unit/vfio_user/served.h"

namespace cardvp::host::vfio_user::test {
namespace {

struct Virtual : Served {
  Virtual() : Served({}, 2) {}
  void SetUp() override {
    link_up();
    found = result(root.enumerate());
    ASSERT_EQ(found.size(), 2u);
  }
  void enable_virtual() {
    virtuals = result(root.enable_virtual(found[0], 2));
    ASSERT_EQ(virtuals.size(), 2u);
    server->offer(virtuals[0], "vf0");
    server->offer(virtuals[1], "vf1");
    ASSERT_TRUE(until([&] { return !server->waiting(); }));
    connect(client, "vf0");
    engines[2]->resets = 0;
  }
  std::vector<PciFunction> virtuals;
};

TEST_F(Virtual, IsAFunctionLikeAnyOther) {
  enable_virtual();
  EXPECT_EQ(config(0, 4), kId);  // in its own space it has all ones there (9.3.4.1.1)
  EXPECT_EQ(config(8, 4), kClass);
  EXPECT_EQ(config(0x10, 4), 0x4u);
  EXPECT_EQ(config(0x18, 4), 0xcu);
  set_config(0x10, 0xffffffff, 4);
  EXPECT_EQ(config(0x10, 4), 0xffffc004u);
  // Memory Space Enable is not its own (9.3.4.1.3), and yet works.
  EXPECT_EQ(config(4, 2), 0u);
  EXPECT_EQ(read(0, 0x10, 1), 0xffu);
  post(0, 0x1000, 1, 4);
  enable();
  EXPECT_EQ(config(4, 2), 6u);
  EXPECT_EQ(read(0, 0x10, 1), 0x10u);
  EXPECT_TRUE(engines[2]->writes.empty());
  set_config(4, 4, 2);
  EXPECT_EQ(config(4, 2), 4u);
  EXPECT_EQ(read(0, 0x10, 1), 0xffu);
}

TEST_F(Virtual, WorksBesideItsFellows) {
  enable_virtual();
  Client other;
  connect(other, "vf1");
  const File mine = memory_file(1 << 20), others = memory_file(1 << 20), vector = event();
  enable();
  EXPECT_FALSE(call(other, kRegionWrite, access(4, 7, 2).u16(6)).is_error());
  EXPECT_EQ(map(0, 1 << 20, &mine), 0u);
  const int fd = others.get();
  EXPECT_FALSE(call(other, kDmaMap, map_request(0, 1 << 20), std::span(&fd, 1)).is_error());
  EXPECT_EQ(set_irqs(2, 0x24, 5, 1, {&vector}), 0u);
  dma_write(0x100, 1, 2);
  dma_write(0x100, 2, 3);
  functions[3]->interrupt(5);
  write(0, 0x1000, 7, 4);
  steps(3);
  EXPECT_EQ(events(vector), 0u);
  functions[2]->interrupt(5);
  steps(3);
  EXPECT_EQ(events(vector), 1u);
  std::uint64_t value = 0;
  ASSERT_EQ(::pread(mine.get(), &value, sizeof value, 0x100), 8);
  EXPECT_EQ(value, 1u);
  ASSERT_EQ(::pread(others.get(), &value, sizeof value, 0x100), 8);
  EXPECT_EQ(value, 2u);
  EXPECT_EQ(engines[2]->writes.size(), 1u);
  EXPECT_TRUE(engines[3]->writes.empty());
}

TEST_F(Virtual, IsReset) {
  enable_virtual();
  enable();
  const unsigned others = engines[3]->resets;
  EXPECT_EQ(error_of(kReset, Bytes()), 0u);
  EXPECT_EQ(engines[2]->resets, 1u);
  EXPECT_EQ(engines[3]->resets, others);
  EXPECT_EQ(config(4, 2), 0u);
  enable();
  EXPECT_EQ(read(0, 0x10, 1), 0x10u);
}

TEST_F(Virtual, GoesWithItsPhysicalFunctionsSwitch) {
  enable_virtual();
  run(root.disable_virtual(found[0]));
  enable();
  EXPECT_EQ(read(0, 0, 4), 0xffffffffu);
  EXPECT_EQ(config(8, 4), 0xffffffffu);
}

// By its VF BARs a guest could take other functions' addresses.
TEST_F(Virtual, APhysicalFunctionsSriovIsHidden) {
  const std::uint16_t sriov = found[0].sriov_capability;
  ASSERT_NE(sriov, 0);
  server->offer(found[0], "pf");
  ASSERT_TRUE(until([&] { return !server->waiting(); }));
  connect(client, "pf");
  const Received reply = call(kRegionRead, access(sriov, 7, 0x40));
  ASSERT_EQ(reply.payload.size(), 16u + 0x40u);
  for (unsigned at = 0; at < 0x40; at += 4) EXPECT_EQ(reply.u32(16 + at), 0u) << at;
  set_config(sriov + 0x10u, 2, 2);  // NumVFs
  set_config(sriov + 8u, 0x9, 2);   // VF Enable, VF MSE
  EXPECT_FALSE(functions[2]->present());
  EXPECT_EQ(config(0x100, 2), 0x0eu);  // ARI, in front of it, is still there
}

}  // namespace
}  // namespace cardvp::host::vfio_user::test
