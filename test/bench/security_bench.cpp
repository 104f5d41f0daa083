// Bulk AES-256-XTS through the security engine (a ring's descriptors of 128 KiB in data units of 4 KiB, card memory to
// card memory, the timing model included) against OpenSSL alone in the same process over the same amount of memory.
// Each iteration does both, one after the other, so that what else the machine does meets both; `of_openssl` is the
// ratio of the rates. docs/performance.md has the figures.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "models/base/registers.h"
#include "models/bus/bus.h"
#include "models/memory/ram.h"
#include "models/security/device_keys.h"
#include "models/security/engine.h"
#include "test/unit/bus/initiator.h"

namespace {
using namespace cardvp;
using namespace cardvp::security;

namespace security_registers {
#define CARDVP_REGISTERS "models/security/security.def"
#include "models/base/declare_registers.h"
}  // namespace security_registers
namespace offset = security_registers::offset;

constexpr std::uint64_t kRam = 0x4000'0000, kRegisters = 0x1000'0000;
constexpr std::uint64_t kSource = 16 << 20, kDestination = 96 << 20, kBytes = 64 << 20;  // in RAM
constexpr std::uint32_t kUnit = 4096;
constexpr unsigned kGroup = 1024;  // descriptors given to the ring at a time

std::vector<std::uint8_t> volume_key() {
  std::vector<std::uint8_t> key(64);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(7 * i + 1);
  return key;
}

// SystemC elaborates once in a process.
struct Bench {
  Sim sim;
  bus::Bus bus{"bus", sim};
  memory::Ram ram{"ram", sim, {.size = 192 << 20}};
  Alarms alarms{"alarms", sim};
  Engine engine{"engine", sim, {}, {}, alarms};
  Initiator core{"core"};

  Bench() {
    bus.map("registers", kRegisters, 0x1000, engine.socket);
    bus.map("ram", kRam, ram.bytes().size(), ram.socket);
    core.socket.bind(bus.target);
    engine.card.bind(bus.target);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    for (std::uint64_t i = 0; i < kBytes; ++i) ram.bytes()[kSource + i] = static_cast<std::byte>(i * 31 >> 3);
    std::memset(ram.bytes().data() + kDestination, 1, kBytes);
    load_key();
  }

  void set(std::uint32_t at, std::uint64_t value, unsigned size = 4) {
    if (!core.write(kRegisters + at, value, size)) throw std::runtime_error("a register that is not there");
  }

  void load_key() {
    const std::vector<std::uint8_t> wrapped = wrap_for_card({}, volume_key());
    std::memcpy(ram.bytes().data() + kSource, wrapped.data(), wrapped.size());
    security_descriptor descriptor{};
    descriptor.operation = SECURITY_UNWRAP;
    descriptor.result_slot = 20;
    descriptor.source = kRam + kSource;
    descriptor.source_size = static_cast<std::uint32_t>(wrapped.size());
    descriptor.purpose = SECURITY_FOR_XTS;
    std::memcpy(ram.bytes().data(), &descriptor, sizeof descriptor);
    set(offset::EXECUTE, kRam, 8);
    sc_core::sc_start();
    if (core.read(kRegisters + offset::EXECUTE_STATUS) != SECURITY_OK) throw std::runtime_error("no key");
  }

  // All of the data, by descriptors of `size` bytes.
  void by_engine(std::uint32_t size) {
    const auto count = static_cast<unsigned>(kBytes / size);
    for (unsigned i = 0; i < count; ++i) {
      security_descriptor descriptor{};
      descriptor.operation = SECURITY_XTS_ENCRYPT;
      descriptor.key_slot = 20;
      descriptor.source = kRam + kSource + std::uint64_t{i} * size;
      descriptor.destination = kRam + kDestination + std::uint64_t{i} * size;
      descriptor.source_size = descriptor.destination_size = size;
      descriptor.unit_size = kUnit;
      const std::uint32_t unit = i * (size / kUnit);
      std::memcpy(descriptor.tweak, &unit, sizeof unit);
      descriptor.status = SECURITY_PENDING;
      std::memcpy(ram.bytes().data() + i % kGroup * sizeof descriptor, &descriptor, sizeof descriptor);
      if ((i + 1) % kGroup == 0 || i + 1 == count) ring(i % kGroup + 1);
    }
  }
  void ring(unsigned tail) {
    set(offset::RING_CONTROL, 0);
    set(offset::RING_BASE, kRam, 8);
    set(offset::RING_SIZE, kGroup + 1);
    set(offset::RING_CONTROL, 1);
    set(offset::RING_TAIL, tail);
    sc_core::sc_start();
    if (core.read(kRegisters + offset::RING_HEAD) != tail) throw std::runtime_error("descriptors failed");
  }
};

void by_openssl(EVP_CIPHER_CTX* context, const std::byte* from, std::byte* to) {
  for (std::uint64_t at = 0; at < kBytes; at += kUnit) {
    std::uint8_t tweak[16]{};
    const std::uint64_t unit = at / kUnit;
    std::memcpy(tweak, &unit, sizeof unit);
    int made = 0;
    EVP_EncryptInit_ex2(context, nullptr, nullptr, tweak, nullptr);
    EVP_EncryptUpdate(context, reinterpret_cast<unsigned char*>(to + at), &made,
                      reinterpret_cast<const unsigned char*>(from + at), kUnit);
  }
}

void xts(benchmark::State& state) {
  static Bench bench;
  std::vector<std::byte> from(bench.ram.bytes().begin() + kSource, bench.ram.bytes().begin() + kSource + kBytes);
  std::vector<std::byte> to(kBytes, std::byte{1});
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex2(context, EVP_aes_256_xts(), volume_key().data(), nullptr, nullptr);
  using Clock = std::chrono::steady_clock;
  Clock::duration ours{}, theirs{};
  for (auto _ : state) {
    const auto begin = Clock::now();
    bench.by_engine(static_cast<std::uint32_t>(state.range(0)));
    const auto between = Clock::now();
    by_openssl(context, from.data(), to.data());
    ours += between - begin;
    theirs += Clock::now() - between;
  }
  EVP_CIPHER_CTX_free(context);
  if (std::memcmp(to.data(), bench.ram.bytes().data() + kDestination, kBytes) != 0)
    state.SkipWithError("the engine's result is not OpenSSL's");
  const auto rate = [&](Clock::duration time) {
    return static_cast<double>(state.iterations() * kBytes) / std::chrono::duration<double>(time).count();
  };
  state.counters["engine_bytes_per_second"] = rate(ours);
  state.counters["openssl_bytes_per_second"] = rate(theirs);
  state.counters["of_openssl"] = rate(ours) / rate(theirs);
}

BENCHMARK(xts)->Arg(128 << 10)->Arg(1 << 20)->Arg(16 << 10)->Unit(benchmark::kMillisecond);

}  // namespace
