// A card with two functions, served over vfio-user; and what a test says as a client.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/vfio_user/server.h"
#include "models/pcie/endpoint.h"
#include "test/unit/host/machine.h"
#include "test/unit/vfio_user/client.h"

namespace cardvp::host::vfio_user::test {

// An engine that keeps what it is told, and forgets its tasks when it is reset.
struct Engine : pcie::FunctionClient {
  explicit Engine(Scheduler& scheduler) : tasks(scheduler) {}

  struct Write {
    unsigned bar;
    std::uint64_t offset, value;
    std::size_t size;
    bool operator==(const Write&) const = default;
  };

  std::optional<std::uint64_t> bar_read(unsigned bar, std::uint64_t offset, unsigned size) override {
    ++reads;
    if (on_read) on_read();
    const std::uint64_t value = 0x1122334455667700 + (std::uint64_t{bar} << 4) + offset;
    return size == 8 ? value : value & ((1ull << size * 8) - 1);
  }
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) override {
    std::uint64_t value = 0;
    std::memcpy(&value, data.data(), std::min(data.size(), sizeof value));
    writes.push_back({bar, offset, value, data.size()});
  }
  void function_reset() override {
    ++resets;
    tasks.cancel();
  }

  unsigned reads = 0, resets = 0;
  std::vector<Write> writes;
  std::function<void()> on_read;
  TaskScope tasks;
};

struct Served : HostMachine {
  // BAR 0 of 16 KiB with the MSI-X table at 0x2000 and the pending bits at 0x3000; BAR 2 of 1 MiB, prefetchable.
  static constexpr std::uint64_t kBar0 = 0x4000, kBar2 = 0x100000, kTable = 0x2000, kPending = 0x3000;
  static constexpr unsigned kVectors = 20;
  static constexpr std::uint32_t kId = 0x00651d0f, kClass = 0x01080200;
  static constexpr std::uint16_t kPower = 0x40, kExpress = 0x50, kMsix = 0x90;  // capabilities of the model

  // `virtuals`: virtual functions of function 0, from number 16 on, `functions` and `engines` from 2 on.
  explicit Served(const ServerConfig& config = {}, unsigned virtuals = 0);
  void SetUp() override;
  void TearDown() override;

  // One look of the server and a slice of simulated time.
  void step(sc_core::sc_time slice = {2, sc_core::SC_US});
  void steps(unsigned count) {
    while (count-- > 0) step();
  }
  bool until(const std::function<bool()>& done, unsigned most = 3000);

  std::string path(const std::string& name = "fn0") const { return (folder / (name + ".sock")).string(); }
  // Connects, as QEMU does: VERSION with its text.
  void connect(Client& to, const std::string& name = "fn0");
  static Bytes qemu_version();

  // A command and its answer; a failed test if none comes.
  Received call(Client& on, std::uint16_t command, std::span<const std::byte> payload, std::span<const int> files = {});
  Received call(std::uint16_t command, std::span<const std::byte> payload, std::span<const int> files = {}) {
    return call(client, command, payload, files);
  }
  // The error of one that fails; 0 if it does not.
  std::uint32_t error_of(std::uint16_t command, std::span<const std::byte> payload, std::span<const int> files = {}) {
    const Received reply = call(command, payload, files);
    return reply.is_error() ? reply.error : 0;
  }
  // A message of the server that is no answer.
  Received demand(Client& on);

  static Bytes access(std::uint64_t offset, std::uint32_t region, std::uint32_t count) {
    return Bytes().u64(offset).u32(region).u32(count);
  }
  std::uint64_t read(std::uint32_t region, std::uint64_t offset, std::uint32_t count);
  void write(std::uint32_t region, std::uint64_t offset, std::uint64_t value, std::uint32_t count);
  void post(std::uint32_t region, std::uint64_t offset, std::uint64_t value, std::uint32_t count);
  std::uint64_t config(std::uint64_t offset, std::uint32_t count) { return read(7, offset, count); }
  void set_config(std::uint64_t offset, std::uint64_t value, std::uint32_t count) { write(7, offset, value, count); }
  void enable() { set_config(4, 6, 2); }  // memory and bus mastering

  static Bytes map_request(std::uint64_t address, std::uint64_t size, std::uint64_t offset = 0,
                           std::uint32_t flags = 3) {
    return Bytes().u32(32).u32(flags).u64(offset).u64(address).u64(size);
  }
  std::uint32_t map(std::uint64_t address, std::uint64_t size, const File* file, std::uint64_t offset = 0,
                    std::uint32_t flags = 3);
  std::uint32_t unmap(std::uint64_t address, std::uint64_t size, std::uint32_t flags = 0);
  std::uint32_t set_irqs(std::uint32_t index, std::uint32_t flags, std::uint32_t start, std::uint32_t count,
                         const std::vector<const File*>& files = {});

  // The engine reads guest memory; the result is there once it has ended.
  struct Read {
    std::vector<std::byte> bytes;
    std::optional<DmaStatus> status;
    std::uint64_t u64() const {
      std::uint64_t value;
      std::memcpy(&value, bytes.data(), sizeof value);
      return value;
    }
  };
  std::shared_ptr<Read> start_read(std::uint64_t address, std::uint32_t size, unsigned function = 0);
  std::shared_ptr<Read> finish_read(std::uint64_t address, std::uint32_t size);
  bool dma_write(std::uint64_t address, std::uint64_t value, unsigned function = 0);

  static std::set<int> open_files();

  void add(std::uint8_t number, std::optional<std::uint8_t> physical = std::nullopt);

  CardCore core{"core"};
  pcie::Endpoint endpoint{"endpoint", sim, link};
  std::vector<std::unique_ptr<pcie::Function>> functions;
  std::vector<std::unique_ptr<Engine>> engines;
  std::vector<PciFunction> found;
  std::filesystem::path folder;
  std::unique_ptr<Server> server;
  Client client;
};

}  // namespace cardvp::host::vfio_user::test
