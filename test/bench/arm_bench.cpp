// The Arm core's speed in instructions per second of wall time: a CPU-bound mix (CRC, sort, copy), code spread over
// many pages, and device accesses.
#include <benchmark/benchmark.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include <tlm_utils/simple_target_socket.h>

#include "models/arm/core.h"

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
  arm::Core core{"core", sim, {.entry = {.address = kRam}}};
  Machine() { core.bus.bind(memory.socket); }
  static Machine& get() {
    static Machine machine;
    return machine;
  }
  void put(std::size_t at, std::uint32_t word) { std::memcpy(&memory.ram[at], &word, sizeof word); }
  void measure(benchmark::State& state) {
    core.reset();
    sc_core::sc_start(sc_core::sc_time(100, sc_core::SC_US));
    const std::uint64_t before = core.instructions();
    for (auto _ : state) sc_core::sc_start(sc_core::sc_time(10, sc_core::SC_MS));
    state.SetItemsProcessed(static_cast<std::int64_t>(core.instructions() - before));
  }
};

void mixed(benchmark::State& state) {
  Machine& machine = Machine::get();
  std::ifstream file(CARDVP_ARM_BENCH_IMAGE, std::ios::binary);
  const std::vector<char> image{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (image.empty() || image.size() > kRamSize) return state.SkipWithError("no " CARDVP_ARM_BENCH_IMAGE);
  std::memcpy(machine.memory.ram.data(), image.data(), image.size());
  machine.measure(state);
}
BENCHMARK(mixed)->Unit(benchmark::kMillisecond);

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

}  // namespace
