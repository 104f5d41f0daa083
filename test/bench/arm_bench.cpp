// The Arm core's speed in instructions per second: a CPU-bound mix (CRC, sort, copy) with the MMU on, on the core and
// on qemu-system-aarch64's TCG; code spread over many pages; device accesses; an idle core.
#include <benchmark/benchmark.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include <tlm_utils/simple_target_socket.h>

#include "models/arm/cluster.h"
#include "test/bench/child.h"

namespace {
using namespace cardvp;

constexpr std::uint64_t kRam = 0x4000'0000, kRamSize = 16 << 20;

struct Memory : sc_core::sc_module {
  explicit Memory(sc_core::sc_module_name name) : sc_module(name), ram(kRamSize) {
    socket.register_b_transport(this, &Memory::b_transport);
    socket.register_get_direct_mem_ptr(this, &Memory::get_direct_mem_ptr);
  }
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
    if (payload.get_address() < kRam) return false;
    dmi.set_start_address(kRam);
    dmi.set_end_address(kRam + kRamSize - 1);
    dmi.set_dmi_ptr(ram.data());
    dmi.allow_read_write();
    return true;
  }
  tlm_utils::simple_target_socket<Memory> socket{"socket"};
  std::vector<unsigned char> ram;
};

// One machine for all: a SystemC hierarchy is elaborated once.
struct Machine {
  Sim sim;
  Memory memory{"memory"};
  arm::Cluster cluster{"cores", sim, {.core = {.entry = {.address = kRam, .level = 1}}}};
  arm::Core& core = cluster.core(0);
  bool off = false;
  Machine() {
    core.bus.bind(memory.socket);
    cluster.on_system_off([this] {
      off = true;
      sc_core::sc_pause();
    });
  }
  static Machine& get() {
    static Machine machine;
    return machine;
  }
  void put(std::size_t at, std::uint32_t word) { std::memcpy(&memory.ram[at], &word, sizeof word); }
  void start(std::uint64_t address) { core.start({.address = address, .level = 1}, sc_core::SC_ZERO_TIME); }
  void measure(benchmark::State& state) {
    start(kRam);
    sc_core::sc_start(sc_core::sc_time(100, sc_core::SC_US));
    const std::uint64_t before = core.instructions();
    for (auto _ : state) sc_core::sc_start(sc_core::sc_time(10, sc_core::SC_MS));
    state.SetItemsProcessed(static_cast<std::int64_t>(core.instructions() - before));
  }
  // Runs test/bench/arm_mixed.c to its SYSTEM_OFF. Returns its instructions, or 0 if there is no image.
  std::uint64_t run_mixed() {
    std::ifstream file(CARDVP_ARM_MIXED ".bin", std::ios::binary);
    const std::vector<char> image{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (image.empty() || image.size() > kRamSize - kMixed) return 0;
    std::memcpy(&memory.ram[kMixed], image.data(), image.size());
    const std::uint64_t before = core.instructions();
    start(kRam + kMixed);
    for (off = false; !off;) sc_core::sc_start(sc_core::sc_time(100, sc_core::SC_MS));
    return core.instructions() - before;
  }
  static constexpr std::uint64_t kMixed = 2 << 20;  // where it is linked; QEMU has its device tree below
};

void mixed(benchmark::State& state) {
  std::uint64_t instructions = 0;
  for (auto _ : state) instructions += Machine::get().run_mixed();
  if (instructions == 0) return state.SkipWithError("no " CARDVP_ARM_MIXED ".bin");
  state.SetItemsProcessed(static_cast<std::int64_t>(instructions));
}
BENCHMARK(mixed)->Unit(benchmark::kMillisecond)->UseRealTime();

// The same program in QEMU: CPU time of the process, less that of one that ends at once.
void mixed_qemu(benchmark::State& state) {
  const auto qemu = [](const char* image) {
    return bench::run_child({"qemu-system-aarch64", "-M", "virt,gic-version=2", "-cpu", "cortex-a57", "-m", "64",
                             "-nographic", "-nic", "none", "-accel", "tcg,thread=single", "-device",
                             std::string("loader,cpu-num=0,file=") + image});
  };
  const std::uint64_t instructions = Machine::get().run_mixed();
  for (auto _ : state) {
    const bench::ChildTime empty = qemu(CARDVP_ARM_MIXED "_none.elf"), full = qemu(CARDVP_ARM_MIXED ".elf");
    if (!empty.passed || !full.passed) return state.SkipWithError("qemu-system-aarch64 did not run");
    state.SetIterationTime(full.cpu_seconds - empty.cpu_seconds);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(instructions * state.iterations()));
}
BENCHMARK(mixed_qemu)->Unit(benchmark::kMillisecond)->UseManualTime();

// 20,000 blocks of four instructions and a branch, 128 bytes apart, one after another.
void spread(benchmark::State& state) {
  Machine& machine = Machine::get();
  constexpr std::uint32_t kBlocks = 20'000, kStep = 128;
  for (std::uint32_t block = 0; block < kBlocks; ++block) {
    for (unsigned i = 0; i < 4; ++i) machine.put(block * kStep + 4 * i, 0x91000400);  // add x0, x0, #1
    const std::int32_t step = block + 1 < kBlocks ? kStep : -static_cast<std::int32_t>(block * kStep);
    machine.put(block * kStep + 16, 0x14000000 | (static_cast<std::uint32_t>((step - 16) / 4) & 0x3ffffff));
  }
  machine.measure(state);
}
BENCHMARK(spread)->Unit(benchmark::kMillisecond);

void device_loads(benchmark::State& state) {
  Machine& machine = Machine::get();
  const std::uint32_t words[] = {0xd2a12001 /* mov x1, #0x09000000 */, 0xb9400020 /* ldr w0, [x1] */, 0x17ffffff};
  std::memcpy(machine.memory.ram.data(), words, sizeof words);
  machine.measure(state);
}
BENCHMARK(device_loads)->Unit(benchmark::kMillisecond);

// A simulated millisecond of a core in WFI: what a step of the kernel costs without anything to do.
void idle(benchmark::State& state) {
  Machine& machine = Machine::get();
  const std::uint32_t words[] = {0xd503207f /* wfi */, 0x17ffffff};
  std::memcpy(machine.memory.ram.data(), words, sizeof words);
  machine.start(kRam);
  for (auto _ : state) sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_MS));
}
BENCHMARK(idle);

}  // namespace
