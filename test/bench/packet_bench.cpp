// The whole path of packets: driver, queues, flow cache, encapsulation, wire, second card, driver; plain, sealed
// (AES-256-GCM) and by the multipath transport; against the floor of the same process, and against OpenSSL alone, which
// seals and opens as many payloads. docs/performance.md has the figures.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "test/bench/floor.h"
#include "test/bench/network.h"

namespace {
using namespace cardvp;

constexpr std::uint64_t kPackets = 200'000;

bench::Network& network() {
  static bench::Network instance({bench::Way::kPlain, bench::Way::kEncrypted, bench::Way::kMultipath}, false);
  return instance;
}

host::TrafficConfig traffic(unsigned bytes, bool verify) {
  host::TrafficConfig config;
  config.name = "bench";
  config.sizes = {bytes};
  config.count = kPackets;
  config.verify = verify;
  return config;
}

void packets(benchmark::State& state, bench::Way way, bool verify) {
  const host::TrafficConfig config = traffic(static_cast<unsigned>(state.range(0)), verify);
  host::TrafficConfig first = config;  // which takes the flow to the firmware, and shows the switch where both are
  first.type = host::TrafficConfig::Type::kRequests;
  first.count = 1;
  network().run({static_cast<std::size_t>(way)}, first);
  const std::uint64_t before = network().machine().sim().scheduler.activations();
  for (auto _ : state) network().run({static_cast<std::size_t>(way)}, config);
  state.counters["activations_per_packet"] =
      static_cast<double>(network().machine().sim().scheduler.activations() - before) /
      static_cast<double>(state.iterations() * kPackets);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kPackets));
}

void floor(benchmark::State& state) {
  platform::Machine& machine = network().machine();
  cardvp::bench::Floor lanes(machine.sim().scheduler, 32, static_cast<std::size_t>(state.range(0)), 1 << 20);
  for (auto _ : state) lanes.run(kPackets, [&machine] { machine.run_for(sc_core::sc_time(1, sc_core::SC_MS)); });
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kPackets));
}

struct Cipher {
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
  bool encrypts;

  explicit Cipher(bool encrypt) : encrypts(encrypt) {
    const std::array<unsigned char, 32> key{1};
    if (EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nullptr, encrypt) != 1)
      throw std::runtime_error("OpenSSL has no AES-256-GCM");
  }
  void run(std::uint64_t number, std::vector<unsigned char>& data, std::array<unsigned char, 16>& tag) {
    std::array<unsigned char, 12> iv{};
    for (unsigned i = 0; i < 8; ++i) iv[4 + i] = static_cast<unsigned char>(number >> 8 * i);
    const std::array<unsigned char, 24> header{};
    int bytes = 0;
    EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, iv.data(), encrypts);
    EVP_CipherUpdate(context.get(), nullptr, &bytes, header.data(), header.size());
    EVP_CipherUpdate(context.get(), data.data(), &bytes, data.data(), static_cast<int>(data.size()));
    if (!encrypts) EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, 16, tag.data());
    if (EVP_CipherFinal_ex(context.get(), data.data() + bytes, &bytes) != 1) throw std::runtime_error("GCM");
    if (encrypts) EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, 16, tag.data());
  }
};

void openssl(benchmark::State& state) {
  Cipher seal(true), open(false);
  std::vector<unsigned char> data(static_cast<std::size_t>(state.range(0)));
  std::array<unsigned char, 16> tag{};
  for (auto _ : state)
    for (std::uint64_t i = 0; i < kPackets; ++i) {
      seal.run(i, data, tag);
      open.run(i, data, tag);
    }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kPackets));
}

BENCHMARK(floor)->Arg(64)->Arg(1500)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(packets, plain, bench::Way::kPlain, false)->Arg(64)->Arg(1500)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(packets, plain_verified, bench::Way::kPlain, true)->Arg(64)->Arg(1500)->Unit(benchmark::kMillisecond);
BENCHMARK(openssl)->Arg(1500)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(packets, encrypted, bench::Way::kEncrypted, false)->Arg(64)->Arg(1500)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(packets, multipath, bench::Way::kMultipath, false)->Arg(64)->Arg(1500)->Unit(benchmark::kMillisecond);

}  // namespace
