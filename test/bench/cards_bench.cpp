// What many cards in one process cost: pairs of servers that send to each other, each card with the same work; CPU time
// of boot, drivers and packets together. docs/performance.md has the figures.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <numeric>

#include "test/bench/network.h"

namespace {
using namespace cardvp;

// `packets`: of each pair.
void send(std::size_t pairs, std::uint64_t packets, unsigned bytes) {
  bench::Network network(std::vector(pairs, bench::Way::kPlain), true);
  host::TrafficConfig config;
  config.name = "bench";
  config.sizes = {bytes};
  config.type = host::TrafficConfig::Type::kRequests;
  config.count = 1;
  std::vector<std::size_t> all(pairs);
  std::iota(all.begin(), all.end(), 0);
  network.run(all, config);
  if (packets == 0) return;
  config.type = host::TrafficConfig::Type::kStream;
  config.count = packets;
  network.run(all, config);
}

// In a process of its own: SystemC elaborates once.
double cpu_seconds(std::size_t pairs, std::uint64_t packets, unsigned bytes) {
  const pid_t child = fork();
  if (child == 0) {
    int status = 1;
    try {
      send(pairs, packets, bytes);
      status = 0;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "cards_bench: %s\n", error.what());
    }
    _exit(status);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0) return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void cards(benchmark::State& state, std::uint64_t packets, unsigned bytes) {
  for (auto _ : state) {
    const double seconds = cpu_seconds(static_cast<std::size_t>(state.range(0)) / 2, packets, bytes);
    if (seconds == 0) state.SkipWithError("the run failed");
    state.SetIterationTime(seconds);
  }
}

BENCHMARK_CAPTURE(cards, boot, 0, 64)->Arg(2)->Arg(64)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cards, short_packets, 100'000, 64)->Arg(2)->Arg(64)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cards, long_packets, 100'000, 1500)->Arg(2)->Arg(64)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
