// A host, a link and an endpoint with functions, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/pcie/endpoint.h"
#include "test/unit/pcie/fake_host.h"

namespace cardvp::pcie {

inline sc_core::sc_time ps(double value) { return {value, sc_core::SC_PS}; }
inline sc_core::sc_time ns(double value) { return {value, sc_core::SC_NS}; }
inline sc_core::sc_time us(double value) { return {value, sc_core::SC_US}; }

template <class T>
std::array<std::byte, sizeof(T)> bytes_of(T value) {
  std::array<std::byte, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

// An engine that keeps what it is told, and forgets its tasks when it is reset.
struct FakeClient : FunctionClient {
  explicit FakeClient(Scheduler& scheduler) : tasks(scheduler) {}

  std::optional<std::uint64_t> bar_read(unsigned bar, std::uint64_t offset, unsigned size) override {
    log.push_back("read " + std::to_string(bar) + " " + std::to_string(offset) + " " + std::to_string(size));
    if (on_read) on_read();
    return answer;
  }
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) override {
    log.push_back("write " + std::to_string(bar) + " " + std::to_string(offset) + " " + std::to_string(data.size()));
  }
  void function_reset() override {
    ++resets;
    tasks.cancel();
  }

  std::vector<std::string> log;
  std::optional<std::uint64_t> answer = 0x1122334455667788;
  std::function<void()> on_read;
  unsigned resets = 0;
  TaskScope tasks;
};
using Seen = std::vector<std::string>;

// The functions' BARs: BAR 0 of 16 KiB with the MSI-X table at 0x2000 and the pending bits at 0x3000; BAR 2 of 1 MiB,
// prefetchable; BAR 4 of 8 GiB.
inline constexpr std::uint64_t kTable = 0x2000, kPending = 0x3000;
inline constexpr unsigned kVectors = 70;
inline FunctionConfig function_config() {
  FunctionConfig config;
  config.bars = {{0, 0x4000, false}, {2, 0x100000, true}, {4, 8ull << 30, false}};
  config.msix_vectors = kVectors;
  config.msix_table = kTable;
  config.msix_pending = kPending;
  return config;
}

// The card's core.
struct FakeCore : sc_core::sc_module {
  explicit FakeCore(sc_core::sc_module_name name) : sc_module(name) {}
  tlm_utils::simple_initiator_socket<FakeCore> socket{"socket"};
};

// A test adds its functions before anything runs: SystemC takes no modules afterwards.
struct Harness : testing::Test {
  explicit Harness(const LinkConfig& config = {}) : link("link", sim, config) {
    core.socket.bind(endpoint.socket);
    link.connect(host);
  }

  Function& add(std::uint8_t number, const FunctionConfig& config = function_config()) {
    clients.push_back(std::make_unique<FakeClient>(sim.scheduler));
    functions.push_back(std::make_unique<Function>(("fn" + std::to_string(number)).c_str(), sim, link, number, config));
    Function& function = *functions.back();
    function.connect(*clients.back());
    endpoint.add(function);
    return function;
  }
  // The functions become present, and the link comes up.
  void bring_up() {
    for (auto& function : functions) function->set_present(true);
    link.enable(true);
    sc_core::sc_start(link.config().training + ns(1));  // what is due at the very end would not run
    ASSERT_TRUE(link.up());
  }

  // Configuration as the host sees it, without the link's time. All ones where nobody answers.
  std::uint32_t config_read(std::uint8_t function, std::uint16_t offset, unsigned size = 4) {
    return static_cast<std::uint32_t>(endpoint.config_read(kBus, function, offset, size).value);
  }
  void config_write(std::uint8_t function, std::uint16_t offset, std::uint32_t value, unsigned size = 4) {
    endpoint.config_write(kBus, function, offset, size, value);
  }
  void set_bar(std::uint8_t function, unsigned bar, std::uint64_t address) {
    config_write(function, static_cast<std::uint16_t>(0x10 + 4 * bar), static_cast<std::uint32_t>(address));
    config_write(function, static_cast<std::uint16_t>(0x14 + 4 * bar), static_cast<std::uint32_t>(address >> 32));
  }
  void set_command(std::uint8_t function, std::uint16_t value) { config_write(function, 0x04, value, 2); }
  void memory_write(std::uint64_t address, std::uint32_t value) { endpoint.memory_write(address, bytes_of(value)); }

  // Runs a task to its end.
  template <class T>
  T await(Task<T> task) {
    std::optional<T> result;
    TaskScope scope(sim.scheduler);
    scope.spawn([](Task<T> inner, std::optional<T>& out) -> Task<> { out = co_await std::move(inner); }(std::move(task),
                                                                                                        result));
    sc_core::sc_start();
    EXPECT_TRUE(result);
    return result.value_or(T{});
  }
  DmaStatus read(DmaPort& port, std::span<const DmaSegment> from, std::byte* to) {
    return await([](DmaPort& p, std::span<const DmaSegment> f, std::byte* t) -> Task<DmaStatus> {
      co_return co_await p.read(f, t);
    }(port, from, to));
  }
  DmaStatus read(DmaPort& port, DmaSegment from, std::byte* to) { return read(port, std::span(&from, 1), to); }
  std::uint64_t count(const std::string& name) { return sim.stats.counter(name, "").value(); }

  // An access of the core to the endpoint's registers, `ahead` of simulated time.
  tlm::tlm_response_status core_access(bool write, std::uint64_t address, std::uint32_t& value,
                                       sc_core::sc_time ahead = sc_core::SC_ZERO_TIME) {
    tlm::tlm_generic_payload payload;
    payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(4);
    payload.set_streaming_width(4);
    core.socket->b_transport(payload, ahead);
    return payload.get_response_status();
  }
  void core_write(std::uint64_t address, std::uint32_t value, sc_core::sc_time ahead = sc_core::SC_ZERO_TIME) {
    EXPECT_EQ(core_access(true, address, value, ahead), tlm::TLM_OK_RESPONSE);
  }
  std::uint32_t core_read(std::uint64_t address) {
    std::uint32_t value = 0;
    EXPECT_EQ(core_access(false, address, value), tlm::TLM_OK_RESPONSE);
    return value;
  }

  static constexpr std::uint8_t kBus = 3;
  static constexpr std::uint16_t kMemory = 2, kMaster = 4;

  Sim sim;
  Link link;
  FakeHost host{sim.scheduler};
  Endpoint endpoint{"endpoint", sim, link};
  FakeCore core{"core"};
  std::vector<std::unique_ptr<FakeClient>> clients;
  std::vector<std::unique_ptr<Function>> functions;
};

// Function 0 with memory and bus mastering on, its BARs at kBar0, kBar2, kBar4; others that are present only.
struct OneFunction : Harness {
  static constexpr std::uint64_t kBar0 = 0x80000000, kBar2 = 0x4000000000, kBar4 = 0x8000000000;

  explicit OneFunction(const LinkConfig& config = {}) : Harness(config), function(add(0)), client(*clients[0]) {}
  void SetUp() override {
    bring_up();
    set_bars();
    set_command(0, kMemory | kMaster);
  }
  void set_bars() {
    set_bar(0, 0, kBar0);
    set_bar(0, 2, kBar2);
    set_bar(0, 4, kBar4);
  }

  Function& function;
  FakeClient& client;
};

}  // namespace cardvp::pcie
