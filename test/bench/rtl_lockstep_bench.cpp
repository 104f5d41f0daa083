// What lockstep costs beside the RTL alone, turn by turn in the same process: AES-XTS of volume blocks, and digests, as
// the security engine has them done. docs/performance.md has the figures.
#include <benchmark/benchmark.h>

#include <ctime>
#include <vector>

#include "rtl/units/rtl_crypto.h"

namespace {
using namespace cardvp;

struct Engine {
  Engine(const char* name, Sim& sim, rtl::Use use)
      : parent(name, sim),
        aes(unit<rtl::AesUnit>("aes", sim, use, CARDVP_AES)),
        sha2(unit<rtl::Sha2Unit>("sha2", sim, use, CARDVP_SHA2)),
        crypto(rtl::make_rtl_crypto(sim, aes.get(), sha2.get())) {
    std::vector<std::byte> key(64);
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i);
    xts = crypto->make_xts(key);
  }
  template <class Unit>
  std::unique_ptr<Unit> unit(const char* name, Sim& sim, rtl::Use use, const char* plugin) {
    rtl::UnitConfig config;
    config.use = use;
    config.plugin = rtl::Plugin::load(plugin);
    return std::make_unique<Unit>(fmt::format("{}_{}", parent.name(), name).c_str(), sim, config);
  }

  Model parent;
  std::unique_ptr<rtl::AesUnit> aes;
  std::unique_ptr<rtl::Sha2Unit> sha2;
  std::unique_ptr<security::Crypto> crypto;
  std::unique_ptr<security::Crypto::Xts> xts;
};

struct Bench {
  Sim sim;
  Engine rtl{"rtl", sim, cardvp::rtl::Use::kRtl};
  Engine lockstep{"lockstep", sim, cardvp::rtl::Use::kLockstep};
  std::vector<std::byte> from = std::vector<std::byte>(64 * 1024, std::byte{0x5a});
  std::vector<std::byte> to = from;
};

Bench& bench() {
  static Bench instance;
  return instance;
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

template <class Work>
void compare(benchmark::State& state, Work&& work) {
  double alone = 0, both = 0;
  for (auto _ : state) {
    alone += seconds([&] { work(bench().rtl); });
    const double time = seconds([&] { work(bench().lockstep); });
    both += time;
    state.SetIterationTime(time);
  }
  state.counters["of_rtl"] = both / alone;
  const std::uint64_t differences = bench().lockstep.aes->lockstep()->differences();
  if (differences + bench().lockstep.sha2->lockstep()->differences() != 0) state.SkipWithError("differences");
}

void xts_4096(benchmark::State& state) {
  compare(state, [](Engine& engine) {
    for (std::size_t at = 0; at < bench().from.size(); at += 4096)
      engine.xts->run(security::CipherDirection::kEncrypt, {}, 4096, std::span(bench().from).subspan(at, 4096),
                      std::span(bench().to).subspan(at, 4096));
  });
}
void sha384_64_kib(benchmark::State& state) {
  compare(state, [](Engine& engine) {
    std::array<std::byte, 48> digest;
    engine.crypto->hash(SECURITY_SHA384, bench().from, digest);
  });
}

BENCHMARK(xts_4096)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(sha384_64_kib)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
