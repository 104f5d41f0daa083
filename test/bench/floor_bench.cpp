// The floor that I/O is measured against: a loop that awaits three delays on the SystemC kernel and copies 4 KiB per
// command.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "models/base/task.h"

namespace {
using namespace cardvp;

Task<> commands(Scheduler& scheduler, std::size_t lane, std::vector<char>& from, std::vector<char>& to, long& left) {
  const sc_core::sc_time step(100 + 7.0 * static_cast<double>(lane), sc_core::SC_NS);
  std::size_t block = lane;
  while (left-- > 0) {
    for (int i = 0; i < 3; ++i) co_await scheduler.delay(step);
    block = (block * 1103515245 + 12345) % (from.size() / 4096);
    std::memcpy(to.data() + (lane % (to.size() / 4096)) * 4096, from.data() + block * 4096, 4096);
  }
}

void floor(benchmark::State& state) {
  static Scheduler scheduler("scheduler");
  std::vector<char> from(64 << 20, 1), to(32 * 4096);
  for (auto _ : state) {
    TaskScope scope(scheduler);
    long left = 200'000;
    for (long lane = 0; lane < state.range(0); ++lane)
      scope.spawn(commands(scheduler, static_cast<std::size_t>(lane), from, to, left));
    sc_core::sc_start();
  }
  state.SetItemsProcessed(state.iterations() * 200'000);
}
BENCHMARK(floor)->Arg(1)->Arg(32)->Unit(benchmark::kMillisecond);

}  // namespace
