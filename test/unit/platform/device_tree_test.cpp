// What Linux's bindings and the Devicetree Specification want, and where QEMU's virt machine has it.
#include "platform/device_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libfdt.h>

#include "platform/memory_map.h"

namespace cardvp::platform {
namespace {

using testing::ElementsAre;

struct Tree {
  std::vector<std::byte> bytes;
  explicit Tree(const DeviceTreeConfig& config) : bytes(make_device_tree(config)) {}

  const void* blob() const { return bytes.data(); }
  int node(const char* path) const { return ::fdt_path_offset(blob(), path); }
  std::string text(const char* path, const char* name) const {
    int size = 0;
    const auto* data = static_cast<const char*>(::fdt_getprop(blob(), node(path), name, &size));
    return data && size > 0 ? std::string(data, static_cast<std::size_t>(size - 1)) : std::string("nothing");
  }
  std::vector<std::uint32_t> cells(const char* path, const char* name) const {
    int size = 0;
    const auto* data = static_cast<const fdt32_t*>(::fdt_getprop(blob(), node(path), name, &size));
    std::vector<std::uint32_t> values;
    for (int i = 0; data && i < size / 4; ++i) values.push_back(fdt32_to_cpu(data[i]));
    return values;
  }
};

DeviceTreeConfig config() {
  DeviceTreeConfig config;
  config.dram_size = 0x20000000;
  return config;
}

TEST(DeviceTree, IsWellFormed) {
  const Tree tree(config());
  EXPECT_EQ(::fdt_check_full(tree.blob(), tree.bytes.size()), 0);
}

TEST(DeviceTree, HasTheMachinesOfVirtAtItsAddresses) {
  const Tree tree(config());
  EXPECT_THAT(tree.cells("/memory@40000000", "reg"), ElementsAre(0, 0x40000000, 0, 0x20000000));
  EXPECT_THAT(tree.cells("/pl011@9000000", "reg"), ElementsAre(0, 0x09000000, 0, 0x1000));
  EXPECT_THAT(tree.cells("/pl011@9000000", "interrupts"), ElementsAre(0, 1, 4));
  EXPECT_THAT(tree.cells("/pl031@9010000", "interrupts"), ElementsAre(0, 2, 4));
  EXPECT_THAT(tree.cells("/intc@8000000", "reg"), ElementsAre(0, 0x08000000, 0, 0x10000, 0, 0x08010000, 0, 0x10000));
  EXPECT_THAT(tree.cells("/intc@8000000/v2m@8020000", "reg"), ElementsAre(0, 0x08020000, 0, 0x1000));
  EXPECT_THAT(tree.cells("/flash@4000000", "reg"), ElementsAre(0, 0x04000000, 0, 0x04000000));
  EXPECT_THAT(tree.cells("/timer", "interrupts"), ElementsAre(1, 13, 0x104, 1, 14, 0x104, 1, 11, 0x104, 1, 10, 0x104));
  EXPECT_EQ(tree.cells("/", "interrupt-parent"), tree.cells("/intc@8000000", "phandle"));
  EXPECT_EQ(tree.text("/intc@8000000", "compatible"), "arm,cortex-a15-gic");
  EXPECT_EQ(::fdt_path_offset(tree.blob(), tree.text("/chosen", "stdout-path").c_str()), tree.node("/pl011@9000000"));
}

TEST(DeviceTree, HasEachCoreAndHowItIsStarted) {
  DeviceTreeConfig four = config();
  four.cores = 4;
  const Tree tree(four);
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::string path = "/cpus/cpu@" + std::to_string(i);
    EXPECT_THAT(tree.cells(path.c_str(), "reg"), ElementsAre(i));
    EXPECT_EQ(tree.text(path.c_str(), "enable-method"), "psci");
  }
  EXPECT_LT(tree.node("/cpus/cpu@4"), 0);
  EXPECT_EQ(tree.text("/psci", "method"), "hvc");
  EXPECT_EQ(tree.cells("/timer", "interrupts")[2], 0xf04u);  // a PPI of all four
  four.psci = arm::PsciConduit::kSmc;
  EXPECT_EQ(Tree(four).text("/psci", "method"), "smc");
}

TEST(DeviceTree, ChosenHasWhatTheBootHas) {
  DeviceTreeConfig boot = config();
  EXPECT_EQ(Tree(boot).text("/chosen", "bootargs"), "nothing");
  EXPECT_TRUE(Tree(boot).cells("/chosen", "linux,initrd-start").empty());
  boot.command_line = "console=ttyAMA0 quiet";
  boot.initrd = 0x43000000;
  boot.initrd_size = 0x1234;
  EXPECT_EQ(Tree(boot).text("/chosen", "bootargs"), "console=ttyAMA0 quiet");
  EXPECT_THAT(Tree(boot).cells("/chosen", "linux,initrd-start"), ElementsAre(0, 0x43000000));
  EXPECT_THAT(Tree(boot).cells("/chosen", "linux,initrd-end"), ElementsAre(0, 0x43001234));
}

TEST(DeviceTree, TheSeedDecidesTheRandomness) {
  DeviceTreeConfig a = config(), b = config();
  EXPECT_EQ(Tree(a).bytes, Tree(b).bytes);
  b.seed = 2;
  EXPECT_EQ(Tree(b).cells("/chosen", "rng-seed").size(), 8u);
  EXPECT_NE(Tree(a).cells("/chosen", "rng-seed"), Tree(b).cells("/chosen", "rng-seed"));
}

}  // namespace
}  // namespace cardvp::platform
