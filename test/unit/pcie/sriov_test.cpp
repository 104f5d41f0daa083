// SR-IOV (PCI Express Base Specification 4.0, chapter 9) and ARI (7.8.7). Offsets are of those sections.
#include "test/unit/pcie/harness.h"

namespace cardvp::pcie {
namespace {

using sc_core::sc_start;

constexpr std::uint16_t kSriov = 0x110;
constexpr std::uint16_t kControl = kSriov + 0x08, kCount = kSriov + 0x10, kPageSize = kSriov + 0x20,
                        kVfBar0 = kSriov + 0x24, kVfBar2 = kSriov + 0x2c;
constexpr std::uint16_t kEnable = 1, kVfMemory = 8, kAriHierarchy = 16;
constexpr std::uint64_t kBase0 = 0x4000000000, kBase2 = 0x5000000000;
constexpr unsigned kFirst = 16, kVirtual = 4;

FunctionConfig virtual_config(std::uint8_t physical = 1) {
  FunctionConfig config;
  config.bars = {{0, 0x4000, false}, {2, 0x100000, true}};
  config.msix_vectors = 3;
  config.msix_table = 0x2000;
  config.msix_pending = 0x3000;
  config.physical = physical;
  return config;
}

// Functions 0 and 1, of which 1 has the virtual functions 16 to 19; and function 40, which has 41.
struct SriovTest : Harness {
  SriovTest() {
    add(0);
    add(1);
    for (unsigned i = 0; i < kVirtual; ++i) add(static_cast<std::uint8_t>(kFirst + i), virtual_config());
    add(40);
    add(41, virtual_config(40));
    core_write((1 + 1) * 0x1000 + 8, 0xec201d0f);
    for (unsigned i = 0; i < kVirtual; ++i) {
      core_write((vf(i) + 1) * 0x1000 + 8, 0xec211d0f);
      core_write((vf(i) + 1) * 0x1000 + 12, 0x02000001);
      core_write((vf(i) + 1) * 0x1000 + 16, 0x0000beef);
    }
  }
  void SetUp() override { bring_up(); }
  static std::uint8_t vf(unsigned index) { return static_cast<std::uint8_t>(kFirst + index); }
  Function& virtual_function(unsigned index) { return *functions[2 + index]; }
  FakeClient& virtual_client(unsigned index) { return *clients[2 + index]; }
  std::uint32_t sriov(std::uint16_t offset, unsigned size = 4) { return config_read(1, offset, size); }

  void place() {
    config_write(1, kVfBar0, 0);
    config_write(1, kVfBar0 + 4, kBase0 >> 32);
    config_write(1, kVfBar2, 0);
    config_write(1, kVfBar2 + 4, kBase2 >> 32);
  }
  void enable(unsigned count) {
    place();
    config_write(1, kCount, count, 2);
    config_write(1, kControl, kEnable | kVfMemory, 2);
  }
  Completion status_of_config(std::uint8_t number) { return endpoint.config_read(kBus, number, 0, 4).status; }
  Completion status_of_read(std::uint64_t address) { return endpoint.memory_read(address, 4).status; }
};

TEST_F(SriovTest, CapabilitiesOfAPhysicalFunction) {
  EXPECT_EQ(sriov(0x100), 0x1101000eu);                        // ARI, the next one at 0x110
  EXPECT_EQ(sriov(kSriov), 0x00010010u);                       // SR-IOV, the last one
  EXPECT_EQ(sriov(kSriov + 0x04), 0u);                         // no migration
  EXPECT_EQ(sriov(kSriov + 0x0c), kVirtual << 16 | kVirtual);  // InitialVFs, TotalVFs
  EXPECT_EQ(sriov(kSriov + 0x12, 1), 1u);                      // depends on itself only
  EXPECT_EQ(sriov(kSriov + 0x14), 1u << 16 | (kFirst - 1));    // one after the other
  EXPECT_EQ(sriov(kSriov + 0x1a, 2), 0xec21u);
  EXPECT_EQ(sriov(kSriov + 0x1c), 0x553u);
  EXPECT_EQ(sriov(kPageSize), 1u);
  EXPECT_EQ(sriov(kSriov + 0x3c), 0u);
  EXPECT_EQ(config_read(0, 0x100), 0x0001000eu);
  EXPECT_EQ(config_read(0, kSriov), 0u);
}

TEST_F(SriovTest, BarsTellTheSizeOfOne) {
  for (unsigned bar = 0; bar < 6; ++bar) config_write(1, static_cast<std::uint16_t>(kVfBar0 + 4 * bar), ~0u);
  EXPECT_EQ(sriov(kVfBar0), 0xffffc004u);
  EXPECT_EQ(sriov(kVfBar0 + 4), ~0u);
  EXPECT_EQ(sriov(kVfBar2), 0xfff0000cu);
  EXPECT_EQ(sriov(kVfBar2 + 4), ~0u);
  EXPECT_EQ(sriov(kVfBar0 + 16), 0u);
  EXPECT_EQ(sriov(kVfBar0 + 20), 0u);
}

TEST_F(SriovTest, ALargerPageKeepsThemApart) {
  config_write(1, kVfBar0, ~0u);
  config_write(1, kPageSize, 1 << 4);  // 64 KiB
  EXPECT_EQ(sriov(kVfBar0), 0xffff0004u);
  enable(2);
  EXPECT_EQ(status_of_read(kBase0 + 0x0ffff8), Completion::kUnsupportedRequest);
  EXPECT_EQ(status_of_read(kBase0 + 0x10000), Completion::kSuccess);
  EXPECT_EQ(status_of_read(kBase0 + 0x14000), Completion::kUnsupportedRequest);  // its BAR is 16 KiB still
  EXPECT_EQ(status_of_read(kBase2 + 0x100000), Completion::kSuccess);            // larger than a page
  EXPECT_EQ(virtual_client(1).log, (Seen{"read 0 0 4", "read 2 0 4"}));
}

TEST_F(SriovTest, PageSizesThatAreNone) {
  for (const std::uint32_t bad : {0u, 4u, 3u, 0x553u, ~0u}) {
    config_write(1, kPageSize, bad);
    EXPECT_EQ(sriov(kPageSize), 1u);
  }
  config_write(1, kPageSize, 1 << 10);
  EXPECT_EQ(sriov(kPageSize), 1u << 10);
}

TEST_F(SriovTest, WhatIsSettledOnceTheyAreEnabled) {
  config_write(1, kCount, kVirtual + 1, 2);
  EXPECT_EQ(sriov(kCount, 2), 0u);
  enable(3);
  config_write(1, kCount, 4, 2);
  config_write(1, kPageSize, 1 << 8);
  EXPECT_EQ(sriov(kCount, 2), 3u);
  EXPECT_EQ(sriov(kPageSize), 1u);
  config_write(1, kControl, 0, 2);
  config_write(1, kCount, 4, 2);
  EXPECT_EQ(sriov(kCount, 2), 4u);
}

TEST_F(SriovTest, TheyAreThereWhileEnabledAndCounted) {
  for (unsigned i = 0; i < kVirtual; ++i) EXPECT_EQ(status_of_config(vf(i)), Completion::kUnsupportedRequest);
  enable(2);
  EXPECT_EQ(status_of_config(vf(0)), Completion::kSuccess);
  EXPECT_EQ(status_of_config(vf(1)), Completion::kSuccess);
  EXPECT_EQ(status_of_config(vf(2)), Completion::kUnsupportedRequest);
  config_write(1, kControl, kVfMemory, 2);
  EXPECT_EQ(status_of_config(vf(0)), Completion::kUnsupportedRequest);
  EXPECT_TRUE(host.presence_changes.empty());  // the host's own doing
}

TEST_F(SriovTest, AndWhileTheFirmwareSaysSo) {
  virtual_function(1).set_present(false);
  enable(3);
  EXPECT_EQ(status_of_config(vf(1)), Completion::kUnsupportedRequest);
  EXPECT_EQ(status_of_read(kBase0 + 0x4000), Completion::kUnsupportedRequest);
  EXPECT_EQ(status_of_config(vf(2)), Completion::kSuccess);
  virtual_function(1).set_present(true);
  EXPECT_EQ(status_of_read(kBase0 + 0x4000), Completion::kSuccess);
  virtual_function(0).set_present(false);
  virtual_function(3).set_present(false);  // not enabled: nobody's business
  sc_start(us(1));
  ASSERT_EQ(host.presence_changes.size(), 2u);
  EXPECT_EQ(host.presence_changes[0].function, vf(1));
  EXPECT_EQ(host.presence_changes[1].function, vf(0));
}

TEST_F(SriovTest, ConfigurationOfAVirtualFunction) {
  enable(1);
  EXPECT_EQ(config_read(vf(0), 0x00), ~0u);
  EXPECT_EQ(config_read(vf(0), 0x08), 0x02000001u);
  EXPECT_EQ(config_read(vf(0), 0x2c), 0x0000beefu);
  EXPECT_EQ(config_read(vf(0), 0x0e, 1), 0u);
  EXPECT_EQ(config_read(1, 0x0e, 1), 0x80u);
  set_command(vf(0), 0xffff);
  EXPECT_EQ(config_read(vf(0), 0x04, 2), kMaster);
  config_write(vf(0), 0x0c, ~0u);
  config_write(vf(0), 0x3c, ~0u);
  for (unsigned bar = 0; bar < 6; ++bar) {
    const auto offset = static_cast<std::uint16_t>(0x10 + 4 * bar);
    config_write(vf(0), offset, ~0u);
    EXPECT_EQ(config_read(vf(0), offset), 0u);
  }
  EXPECT_EQ(config_read(vf(0), 0x0c), 0u);
  EXPECT_EQ(config_read(vf(0), 0x3c), 0u);
  EXPECT_EQ(config_read(vf(0), 0x50, 1), 0x10u);
  EXPECT_TRUE(config_read(vf(0), 0x54) & 1u << 28);  // function-level reset
  config_write(vf(0), 0x58, 0x7fff, 2);              // the device's settings are the physical function's
  config_write(vf(0), 0x60, ~0u, 2);
  config_write(vf(0), 0x78, ~0u, 2);
  EXPECT_EQ(config_read(vf(0), 0x58, 2), 0u);
  EXPECT_EQ(config_read(vf(0), 0x60, 2), 0u);
  EXPECT_EQ(config_read(vf(0), 0x78, 2), 0u);
  EXPECT_EQ(config_read(vf(0), 0x90, 1), 0x11u);
  EXPECT_EQ(config_read(vf(0), 0x92, 2) & 0x7ff, 2u);  // three vectors
  EXPECT_EQ(config_read(vf(0), 0x100), 0x0001000eu);
}

TEST_F(SriovTest, MemoryFollowsThePhysicalFunction) {
  enable(3);
  for (unsigned i = 0; i < 3; ++i) {
    endpoint.memory_read(kBase0 + i * 0x4000 + 0x100, 4);
    endpoint.memory_read(kBase2 + i * 0x100000 + 8, 8);
    EXPECT_EQ(virtual_client(i).log, (Seen{"read 0 256 4", "read 2 8 8"}));
  }
  EXPECT_EQ(status_of_read(kBase0 + 3 * 0x4000), Completion::kUnsupportedRequest);
  config_write(1, kControl, kEnable, 2);
  EXPECT_EQ(status_of_read(kBase0), Completion::kUnsupportedRequest);
  EXPECT_EQ(status_of_config(vf(0)), Completion::kSuccess);
  config_write(1, kControl, kEnable | kVfMemory, 2);
  config_write(1, kVfBar0 + 4, 0x70);
  EXPECT_EQ(status_of_read(kBase0), Completion::kUnsupportedRequest);
  EXPECT_EQ(status_of_read(0x7000000000), Completion::kSuccess);
}

TEST_F(SriovTest, WindowsDoNotWrapAround) {
  enable(3);
  config_write(1, kVfBar0, 0xffff8000);
  config_write(1, kVfBar0 + 4, ~0u);
  EXPECT_EQ(status_of_read(~0ull - 0x7fff), Completion::kSuccess);
  EXPECT_EQ(status_of_read(~0ull - 0x3fff), Completion::kSuccess);
  EXPECT_EQ(status_of_read(0), Completion::kUnsupportedRequest);
}

TEST_F(SriovTest, DisablingResetsThem) {
  enable(2);
  set_command(vf(0), kMaster);
  const unsigned resets = virtual_client(0).resets;
  config_write(1, kControl, 0, 2);
  EXPECT_EQ(virtual_client(0).resets, resets + 1);
  EXPECT_EQ(status_of_read(kBase0), Completion::kUnsupportedRequest);
  EXPECT_FALSE(virtual_function(0).post(0x1000, bytes_of(1u)));
  enable(2);
  EXPECT_EQ(config_read(vf(0), 0x04, 2), 0u);
}

TEST_F(SriovTest, AResetOfThePhysicalFunctionTakesThemAway) {
  enable(2);
  const unsigned resets = virtual_client(1).resets;
  config_write(1, 0x58, 1u << 15, 2);
  EXPECT_EQ(sriov(kControl, 2), 0u);
  EXPECT_EQ(sriov(kCount, 2), 0u);
  EXPECT_EQ(sriov(kVfBar0 + 4), 0u);
  EXPECT_EQ(status_of_config(vf(1)), Completion::kUnsupportedRequest);
  EXPECT_EQ(virtual_client(1).resets, resets + 1);
  enable(2);
  EXPECT_EQ(status_of_config(vf(1)), Completion::kSuccess);
}

TEST_F(SriovTest, SoDoItsRemovalAndALinkReset) {
  enable(2);
  functions[1]->set_present(false);
  EXPECT_EQ(status_of_config(vf(0)), Completion::kUnsupportedRequest);
  functions[1]->set_present(true);
  EXPECT_EQ(status_of_config(vf(0)), Completion::kUnsupportedRequest);
  enable(2);
  link.enable(false);
  EXPECT_FALSE(virtual_function(0).present());
  EXPECT_FALSE(virtual_function(0).window(0));
}

TEST_F(SriovTest, ALargerPageIsForgottenByAReset) {
  config_write(1, kPageSize, 1 << 4);
  config_write(1, 0x58, 1u << 15, 2);
  EXPECT_EQ(sriov(kPageSize), 1u);
  config_write(1, kVfBar0, ~0u);
  EXPECT_EQ(sriov(kVfBar0), 0xffffc004u);
}

TEST_F(SriovTest, AVirtualFunctionIsResetAlone) {
  enable(2);
  set_command(vf(0), kMaster);
  set_command(vf(1), kMaster);
  const unsigned physical = clients[1]->resets, other = virtual_client(1).resets, own = virtual_client(0).resets;
  config_write(vf(0), 0x58, 1u << 15, 2);
  EXPECT_EQ(virtual_client(0).resets, own + 1);
  EXPECT_EQ(virtual_client(1).resets, other);
  EXPECT_EQ(clients[1]->resets, physical);
  EXPECT_EQ(config_read(vf(0), 0x04, 2), 0u);
  EXPECT_EQ(config_read(vf(1), 0x04, 2), kMaster);
  EXPECT_EQ(status_of_read(kBase0), Completion::kSuccess);  // its memory is the physical function's to give
}

TEST_F(SriovTest, EachPhysicalFunctionHasItsOwn) {
  enable(kVirtual);
  EXPECT_EQ(status_of_config(41), Completion::kUnsupportedRequest);
  EXPECT_EQ(config_read(40, kSriov + 0x0c), 1u << 16 | 1u);
  EXPECT_EQ(config_read(40, kSriov + 0x12, 1), 40u);
  EXPECT_EQ(config_read(40, kSriov + 0x14), 1u << 16 | 1u);
  config_write(40, kCount, 1, 2);
  config_write(40, kControl, kEnable, 2);
  EXPECT_EQ(status_of_config(41), Completion::kSuccess);
  config_write(1, kControl, 0, 2);
  EXPECT_EQ(status_of_config(41), Completion::kSuccess);
  EXPECT_EQ(status_of_config(vf(0)), Completion::kUnsupportedRequest);
}

// 9.3.3.3.5
TEST_F(SriovTest, TheLowestPhysicalFunctionHasTheBitOfTheHierarchy) {
  config_write(40, kControl, kAriHierarchy, 2);
  EXPECT_EQ(config_read(40, kControl, 2), 0u);
  config_write(1, kControl, kAriHierarchy, 2);
  EXPECT_EQ(sriov(kControl, 2), kAriHierarchy);
  functions[1]->set_present(false);
  config_write(40, kControl, kAriHierarchy, 2);
  EXPECT_EQ(config_read(40, kControl, 2), kAriHierarchy);
  functions[1]->set_present(true);
  EXPECT_EQ(config_read(40, kControl, 2), 0u);
  EXPECT_EQ(sriov(kControl, 2), 0u);  // it was reset
}

TEST_F(SriovTest, TheFirmwareSeesWhoGivesMemory) {
  const std::uint64_t status = (vf(0) + 1) * 0x1000 + 4;
  EXPECT_EQ(core_read(status), 1u);
  enable(1);
  EXPECT_EQ(core_read(status), 3u);
  set_command(vf(0), kMaster);
  EXPECT_EQ(core_read(status), 7u);
}

TEST_F(SriovTest, ItsRequestsAreItsOwn) {
  enable(2);
  EXPECT_FALSE(virtual_function(1).post(0x1000, bytes_of(1u)));
  set_command(1, kMaster);  // says nothing of virtual functions
  EXPECT_FALSE(virtual_function(1).post(0x1000, bytes_of(1u)));
  set_command(1, 0);
  set_command(vf(1), kMaster);
  EXPECT_TRUE(virtual_function(1).post(0x1000, bytes_of(1u)));
  sc_start(us(1));
  ASSERT_EQ(host.writes.size(), 1u);
  EXPECT_EQ(host.writes[0].requester, kBus << 8 | vf(1));
}

TEST_F(SriovTest, TheBusIsThePhysicalFunctions) {
  enable(1);
  EXPECT_EQ(virtual_function(0).requester(), kBus << 8 | vf(0));  // nothing was written to it yet
  endpoint.config_write(9, 1, 0x04, 2, 0);
  EXPECT_EQ(virtual_function(0).requester(), 9 << 8 | vf(0));
}

TEST_F(SriovTest, ItHasInterruptsOfItsOwn) {
  enable(2);
  set_command(vf(1), kMaster);
  config_write(vf(1), 0x92, 0x8000, 2);
  const std::uint64_t entry = kBase0 + 0x4000 + 0x2000 + 2 * 16;
  memory_write(entry, 0xfee01000);
  memory_write(entry + 4, 0);
  memory_write(entry + 8, 77);
  memory_write(entry + 12, 0);
  virtual_function(1).interrupt(2);
  virtual_function(0).interrupt(2);
  sc_start(us(1));
  ASSERT_EQ(host.writes.size(), 1u);
  EXPECT_EQ(host.writes[0].requester, kBus << 8 | vf(1));
  EXPECT_EQ(host.writes[0].address, 0xfee01000u);
  EXPECT_EQ(host.writes[0].as<std::uint32_t>(), 77u);
}

TEST_F(SriovTest, TheySleepWithThePhysicalFunction) {
  enable(1);
  set_command(vf(0), kMaster);
  config_write(1, 0x44, 3, 2);  // D3hot
  EXPECT_EQ(status_of_read(kBase0), Completion::kUnsupportedRequest);
  EXPECT_FALSE(virtual_function(0).post(0x1000, bytes_of(1u)));
  EXPECT_EQ(status_of_config(vf(0)), Completion::kSuccess);
}

TEST_F(SriovTest, ErrorsOfNobodyAreNotedByPhysicalFunctions) {
  enable(1);
  status_of_read(0x123456000);
  EXPECT_EQ(config_read(1, 0x5a, 2) & 8, 8u);
  EXPECT_EQ(config_read(vf(0), 0x5a, 2) & 8, 0u);
}

TEST_F(SriovTest, TheListOfFunctionsLeadsPastVirtualOnes) {
  enable(kVirtual);
  EXPECT_EQ(config_read(0, 0x104), 1u << 8);
  EXPECT_EQ(config_read(1, 0x104), 40u << 8);
  EXPECT_EQ(config_read(40, 0x104), 0u);
  EXPECT_EQ(config_read(vf(0), 0x104), 0u);
  functions[1]->set_present(false);
  EXPECT_EQ(config_read(0, 0x104), 40u << 8);
  config_write(0, 0x104, ~0u);
  EXPECT_EQ(config_read(0, 0x104), 40u << 8);
}

}  // namespace
}  // namespace cardvp::pcie
