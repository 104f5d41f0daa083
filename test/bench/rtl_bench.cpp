// Cycles per second of CPU time of a block on the SystemC kernel, clocked in each of the three ways, and the ratio to
// the same Verilated code in a bare loop, measured turn by turn in the same process. docs/performance.md has the
// figures.
#include <benchmark/benchmark.h>

#include <ctime>

#include "rtl/block.h"
#include "test/bench/rtl_bare.h"

namespace {
using namespace cardvp;
using Mode = rtl::Clocking::Mode;

constexpr std::uint64_t kCycles = 20'000;

// Has the block clocked for so many cycles, as a bridge with a long transaction does.
class Occupant : public rtl::BridgePins {
 public:
  void begin(rtl::Completion& done) {
    done_ = &done;
    left_ = kCycles;
    begin_work();
  }
  void drive() override {}
  void sample() override {
    if (!done_) return;
    made_progress();
    if (--left_ > 0) return;
    done_->complete(domain()->edge_time());
    done_ = nullptr;
    end_work();
  }
  void reset() override {}
  void time_out() override { done_ = nullptr; }
  std::string pending() const override { return "cycles"; }
  std::string name() const override { return "occupant"; }

 private:
  rtl::Completion* done_ = nullptr;
  std::uint64_t left_ = 0;
};

struct Bench {
  Bench() { block.domain()->add(occupant); }
  Sim sim;
  TaskScope tasks{sim.scheduler};
  rtl::Block block{"block", sim, rtl::Plugin::load(CARDVP_RTL_PLUGIN), {}};
  Occupant occupant;
  cardvp::bench::BareBlock bare;
};

Bench& bench() {
  static Bench instance;
  return instance;
}

Task<> occupy() {
  rtl::Completion done(bench().sim.scheduler);
  bench().occupant.begin(done);
  co_await done;
}

template <class Function>
double seconds(Function&& function) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double begin = now();
  function();
  return now() - begin;
}

void cycles(benchmark::State& state, Mode mode) {
  rtl::Clocking clocking;
  clocking.mode = mode;
  clocking.batch = 1024;
  bench().block.set_clocking(clocking);
  rtl::Domain& domain = *bench().block.domain();
  double bare = 0, clocked = 0;
  std::uint64_t done = 0;
  for (auto _ : state) {
    const double bare_time = seconds([] { bench().bare.run(kCycles); });
    const std::uint64_t before = domain.cycles();
    const double time = seconds([&] {
      if (mode == Mode::kOnDemand) bench().tasks.spawn(occupy());
      sc_core::sc_start(kCycles * domain.period());
    });
    const std::uint64_t run = domain.cycles() - before;
    done += run;
    bare += bare_time;
    clocked += time * kCycles / static_cast<double>(run);
    state.SetIterationTime(time);
  }
  state.counters["of_bare"] = bare / clocked;
  state.SetItemsProcessed(static_cast<std::int64_t>(done));
}

BENCHMARK_CAPTURE(cycles, on_demand, Mode::kOnDemand)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cycles, batched, Mode::kBatched)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cycles, every_cycle, Mode::kEveryCycle)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
