#include "platform/device_tree.h"

#include <libfdt.h>

#include <initializer_list>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "models/base/model.h"
#include "platform/memory_map.h"

namespace cardvp::platform {
namespace {

constexpr std::uint32_t kGic = 1, kMsi = 2, kClock = 3;  // phandles
constexpr std::uint32_t kClockHz = 24'000'000;           // UARTCLK and APB

// Cells of an `interrupts` property of the GIC.
constexpr std::uint32_t kSpi = 0, kPpi = 1, kLevelHigh = 4;
constexpr std::uint32_t kFirstSpi = 32, kFirstPpi = 16;

// libfdt's sequential writer; out of room is the one error that there can be.
class Writer {
 public:
  Writer() : bytes_(64 << 10) {
    check(::fdt_create(bytes_.data(), static_cast<int>(bytes_.size())));
    check(::fdt_finish_reservemap(bytes_.data()));
  }

  template <class Content>
  void node(const std::string& name, Content&& content) {
    check(::fdt_begin_node(bytes_.data(), name.c_str()));
    content();
    check(::fdt_end_node(bytes_.data()));
  }
  void flag(const char* name) { check(::fdt_property(bytes_.data(), name, nullptr, 0)); }
  void cells(const char* name, std::initializer_list<std::uint32_t> values) {
    std::vector<fdt32_t> cells;
    for (const std::uint32_t value : values) cells.push_back(cpu_to_fdt32(value));
    bytes(name, cells.data(), cells.size() * sizeof(fdt32_t));
  }
  // Addresses and sizes, two cells each.
  void wide(const char* name, std::initializer_list<std::uint64_t> values) {
    std::vector<fdt64_t> cells;
    for (const std::uint64_t value : values) cells.push_back(cpu_to_fdt64(value));
    bytes(name, cells.data(), cells.size() * sizeof(fdt64_t));
  }
  void strings(const char* name, std::initializer_list<std::string_view> values) {
    std::string all;
    for (const std::string_view value : values) all.append(value).push_back('\0');
    bytes(name, all.data(), all.size());
  }

  std::vector<std::byte> finish() {
    check(::fdt_finish(bytes_.data()));
    bytes_.resize(fdt_totalsize(bytes_.data()));
    return std::move(bytes_);
  }

 private:
  void bytes(const char* name, const void* data, std::size_t size) {
    check(::fdt_property(bytes_.data(), name, data, static_cast<int>(size)));
  }
  static void check(int error) {
    if (error != 0) throw std::runtime_error(fmt::format("device tree: {}", ::fdt_strerror(error)));
  }

  std::vector<std::byte> bytes_;
};

std::string at(std::string_view name, const map::Region& region) { return fmt::format("{}@{:x}", name, region.base); }

void write_cpus(Writer& tree, const DeviceTreeConfig& config) {
  tree.node("cpus", [&] {
    tree.cells("#address-cells", {1});
    tree.cells("#size-cells", {0});
    for (unsigned i = 0; i < config.cores; ++i) {
      tree.node(fmt::format("cpu@{}", i), [&] {
        tree.strings("device_type", {"cpu"});
        tree.strings("compatible", {"arm,armv8"});
        tree.cells("reg", {i});  // MPIDR_EL1's affinity
        tree.strings("enable-method", {"psci"});
      });
    }
  });
  tree.node("psci", [&] {
    tree.strings("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
    tree.strings("method", {config.psci == arm::PsciConduit::kHvc ? "hvc" : "smc"});
  });
  tree.node("timer", [&] {
    tree.strings("compatible", {"arm,armv8-timer"});
    const std::uint32_t flags = ((1u << config.cores) - 1) << 8 | kLevelHigh;
    tree.cells("interrupts", {kPpi, 29 - kFirstPpi, flags,    // EL1 physical, secure
                              kPpi, 30 - kFirstPpi, flags,    // EL1 physical
                              kPpi, 27 - kFirstPpi, flags,    // EL1 virtual
                              kPpi, 26 - kFirstPpi, flags});  // EL2 physical
    tree.flag("always-on");
  });
}

void write_interrupt_controller(Writer& tree) {
  tree.node(at("intc", map::kGIC_DIST), [&] {
    tree.strings("compatible", {"arm,cortex-a15-gic"});
    tree.cells("phandle", {kGic});
    tree.wide("reg", {map::kGIC_DIST.base, map::kGIC_DIST.size, map::kGIC_CPU.base, map::kGIC_CPU.size});
    tree.flag("interrupt-controller");
    tree.cells("#interrupt-cells", {3});
    tree.cells("#address-cells", {2});
    tree.cells("#size-cells", {2});
    tree.flag("ranges");
    tree.node(at("v2m", map::kGIC_V2M), [&] {
      tree.strings("compatible", {"arm,gic-v2m-frame"});
      tree.cells("phandle", {kMsi});
      tree.wide("reg", {map::kGIC_V2M.base, map::kGIC_V2M.size});
      tree.flag("msi-controller");
    });
  });
}

void write_devices(Writer& tree) {
  tree.node("apb-pclk", [&] {
    tree.strings("compatible", {"fixed-clock"});
    tree.cells("phandle", {kClock});
    tree.cells("#clock-cells", {0});
    tree.cells("clock-frequency", {kClockHz});
    tree.strings("clock-output-names", {"clk24mhz"});
  });
  tree.node(at("pl011", map::kUART), [&] {
    tree.strings("compatible", {"arm,pl011", "arm,primecell"});
    tree.wide("reg", {map::kUART.base, map::kUART.size});
    tree.cells("interrupts", {kSpi, map::kIrqUART - kFirstSpi, kLevelHigh});
    tree.cells("clocks", {kClock, kClock});
    tree.strings("clock-names", {"uartclk", "apb_pclk"});
  });
  tree.node(at("pl031", map::kRTC), [&] {
    tree.strings("compatible", {"arm,pl031", "arm,primecell"});
    tree.wide("reg", {map::kRTC.base, map::kRTC.size});
    tree.cells("interrupts", {kSpi, map::kIrqRTC - kFirstSpi, kLevelHigh});
    tree.cells("clocks", {kClock});
    tree.strings("clock-names", {"apb_pclk"});
  });
  // The firmware's flash takes no commands; it is not for the guest.
  tree.node(at("flash", map::kFLASH1), [&] {
    tree.strings("compatible", {"cfi-flash"});
    tree.wide("reg", {map::kFLASH1.base, map::kFLASH1.size});
    tree.cells("bank-width", {4});
  });
}

void write_chosen(Writer& tree, const DeviceTreeConfig& config) {
  tree.node("aliases", [&] { tree.strings("serial0", {"/" + at("pl011", map::kUART)}); });
  tree.node("chosen", [&] {
    tree.strings("stdout-path", {"serial0"});
    if (!config.command_line.empty()) tree.strings("bootargs", {config.command_line});
    if (config.initrd_size != 0) {
      tree.wide("linux,initrd-start", {config.initrd});
      tree.wide("linux,initrd-end", {config.initrd + config.initrd_size});
    }
    // No kaslr-seed: the kernel stays at the addresses that its symbol table has.
    tree.wide("rng-seed", {derive_seed(config.seed, "rng-seed 0"), derive_seed(config.seed, "rng-seed 1"),
                           derive_seed(config.seed, "rng-seed 2"), derive_seed(config.seed, "rng-seed 3")});
  });
  tree.node(at("memory", map::kDRAM), [&] {
    tree.strings("device_type", {"memory"});
    tree.wide("reg", {map::kDRAM.base, config.dram_size});
  });
}

}  // namespace

std::vector<std::byte> make_device_tree(const DeviceTreeConfig& config) {
  Writer tree;
  tree.node("", [&] {
    tree.strings("compatible", {"linux,dummy-virt"});
    tree.strings("model", {"cardvp"});
    tree.cells("#address-cells", {2});
    tree.cells("#size-cells", {2});
    tree.cells("interrupt-parent", {kGic});
    write_chosen(tree, config);
    write_cpus(tree, config);
    write_interrupt_controller(tree);
    write_devices(tree);
  });
  return tree.finish();
}

}  // namespace cardvp::platform
