// The whole path of 4 KiB random reads, queue depth 32, against the floor of the same process: a loop that awaits three
// delays on the SystemC kernel and copies 4 KiB per command. The same on an encrypted volume, whose key the security
// engine has. docs/performance.md has the figures.
#include <benchmark/benchmark.h>

#include <stdexcept>
#include <vector>

#include "host/workload/io_workload.h"
#include "platform/machine.h"
#include "scenarios/installation.h"
#include "test/bench/floor.h"

namespace {
using namespace cardvp;

constexpr std::uint64_t kVolume = 64 << 20;
constexpr std::uint64_t kCommands = 200'000;

// The encrypted ones have blocks, which are the cipher's data units, of 4096 and of 512 bytes.
enum Volume : std::size_t { kPlain, kEncrypted, kEncrypted512, kVolumes };

// Everything runs in one machine: SystemC elaborates once in a process.
struct Bench {
  platform::Machine machine;
  TaskScope tasks{machine.sim().scheduler};

  Bench() : machine(1, card(), platform::HostConfig{}, media()) {
    bool ready = false;
    tasks.spawn([](platform::Machine& m, bool& done) -> Task<> {
      host::RootComplex& root = m.host().root();
      if (!co_await root.wait_link(sc_core::sc_time(100, sc_core::SC_MS))) throw std::runtime_error("no link");
      const auto functions = co_await root.enumerate();
      for (std::size_t i = 0; i < kVolumes; ++i)
        if (const auto error = co_await m.host().driver(i).start(functions.at(i))) throw std::runtime_error(error.text);
      done = true;
    }(machine, ready));
    machine.run_for(sc_core::sc_time(200, sc_core::SC_MS));
    if (!ready) throw std::runtime_error("the card did not come up");
  }
  static platform::CardConfig card() {
    platform::CardConfig config;
    config.rom = scenarios::installed_firmware("rom.bin");
    config.firmware = scenarios::installed_firmware("controller.img");
    config.volumes.resize(kVolumes);
    config.volumes[kPlain].name = "plain";
    config.volumes[kEncrypted].name = "encrypted";
    config.volumes[kEncrypted].timing.block_size = 4096;
    config.volumes[kEncrypted512].name = "encrypted512";
    for (const Volume volume : {kEncrypted, kEncrypted512})
      config.volumes[volume].encryption = platform::VolumeConfig::Encryption::kEphemeralKey;
    return config;
  }
  static std::vector<std::unique_ptr<storage::Medium>> media() {
    std::vector<std::unique_ptr<storage::Medium>> all;
    std::vector<std::byte> filler(1 << 20, std::byte{1});  // real pages, as the floor has
    for (std::size_t i = 0; i < kVolumes; ++i) {
      all.push_back(storage::make_memory_medium(kVolume));
      for (std::uint64_t at = 0; at < kVolume; at += filler.size()) all.back()->write(at, filler);
    }
    return all;
  }
};

Bench& bench() {
  static Bench instance;
  return instance;
}

void io(benchmark::State& state, Volume volume, unsigned read_percent, bool verify) {
  Bench& b = bench();
  for (auto _ : state) {
    host::IoResult result;
    const host::IoWorkloadConfig config{.name = "bench",
                                        .read_percent = read_percent,
                                        .queue_depth = static_cast<unsigned>(state.range(0)),
                                        .count = kCommands,
                                        .verify = verify};
    b.tasks.spawn([](Bench& bench, Volume on, const host::IoWorkloadConfig& what, host::IoResult& out) -> Task<> {
      out = co_await host::run(bench.machine.host().driver(on), what);
      bench.machine.pause();
    }(b, volume, config, result));
    b.machine.run_for(sc_core::sc_time(1000, sc_core::SC_SEC));
    if (!result.passed() || result.commands() != kCommands) state.SkipWithError("commands failed");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kCommands));
}

void floor(benchmark::State& state) {
  Bench& b = bench();
  cardvp::bench::Floor lanes(b.machine.sim().scheduler, static_cast<std::size_t>(state.range(0)), 4096, kVolume);
  for (auto _ : state) lanes.run(kCommands, [&b] { b.machine.run_for(sc_core::sc_time(1, sc_core::SC_MS)); });
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kCommands));
}

BENCHMARK(floor)->Arg(1)->Arg(32)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(io, random_read, kPlain, 100, false)->Arg(32)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(io, random_read_encrypted, kEncrypted, 100, false)->Arg(32)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(io, random_read_encrypted_512, kEncrypted512, 100, false)->Arg(32)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(io, random_mixed_verified, kPlain, 70, true)->Arg(32)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(io, random_mixed_verified_encrypted, kEncrypted, 70, true)->Arg(32)->Unit(benchmark::kMillisecond);

}  // namespace
