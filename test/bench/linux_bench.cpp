// CPU time from power-on to power-off of Debian's arm64 cloud kernel with BusyBox (./dev fetch-linux), without and with
// 400 programs run one after another: on cardvp, and on qemu-system-aarch64's TCG with one thread.
#include <benchmark/benchmark.h>

#include "test/bench/child.h"

namespace {
using cardvp::bench::ChildTime;

std::string command_line(const benchmark::State& state) {
  return "console=ttyAMA0 halt=1 forks=" + std::to_string(state.range(0));
}

void measure(benchmark::State& state, const std::vector<std::string>& command) {
  for (auto _ : state) {
    const ChildTime time = cardvp::bench::run_child(command);
    if (!time.passed)
      return state.SkipWithError((command[0] + " did not run; is the guest there? ./dev fetch-linux").c_str());
    state.SetIterationTime(time.cpu_seconds);
  }
}

void linux_cardvp(benchmark::State& state) {
  measure(state,
          {CARDVP_PROGRAM, "run", CARDVP_SOURCE "/scenarios/linux.json", "--quiet", "--set",
           "/card/boot/command_line=" + command_line(state), "--set", "/console=[{\"expect_power_off\": true}]"});
}
BENCHMARK(linux_cardvp)->Arg(0)->Arg(400)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(1);

void linux_qemu(benchmark::State& state) {
  measure(state, {"qemu-system-aarch64", "-M", "virt,gic-version=2,dtb-randomness=off", "-cpu", "cortex-a57", "-m",
                  "512", "-nographic", "-nic", "none", "-accel", "tcg,thread=single", "-no-reboot", "-kernel",
                  CARDVP_SOURCE "/build/guest/Image", "-initrd", CARDVP_SOURCE "/build/guest/initramfs.cpio.gz",
                  "-append", command_line(state)});
}
BENCHMARK(linux_qemu)->Arg(0)->Arg(400)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(1);

}  // namespace
