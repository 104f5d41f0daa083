// A host with a started (or to be started) driver and the fake controller.
#pragma once

#include "host/nvme/driver.h"
#include "test/unit/host/fake_nvme.h"
#include "test/unit/host/machine.h"

namespace cardvp::host {

struct NvmeMachine : HostMachine {
  FakeNvme device{sim, link};
  std::unique_ptr<nvme::Driver> driver;

  // Simulation begins with make(), so everything that is a module is made in it.
  void make(nvme::DriverConfig config = {}) {
    link.connect(device);
    driver = std::make_unique<nvme::Driver>("driver", sim, root, config);
    link_up();
    function = result(root.probe(0));
    ASSERT_TRUE(function);
  }
  nvme::Error start() { return result(driver->start(*function)); }
  void make_and_start(nvme::DriverConfig config = {}) {
    make(config);
    const nvme::Error error = start();
    ASSERT_FALSE(error) << error.text;
  }
  nvme::Status read(std::uint64_t lba, std::uint32_t blocks, std::uint64_t address, unsigned queue = 0) {
    return result(
        [](nvme::Driver& d, unsigned q, std::uint64_t l, std::uint32_t n, std::uint64_t a) -> Task<nvme::Status> {
          co_return co_await d.read(q, l, n, a);
        }(*driver, queue, lba, blocks, address));
  }
  nvme::Status write(std::uint64_t lba, std::uint32_t blocks, std::uint64_t address, unsigned queue = 0) {
    return result(
        [](nvme::Driver& d, unsigned q, std::uint64_t l, std::uint32_t n, std::uint64_t a) -> Task<nvme::Status> {
          co_return co_await d.write(q, l, n, a);
        }(*driver, queue, lba, blocks, address));
  }
  nvme::Completion admin(nvme::Command command) {
    return result([](nvme::Driver& d, nvme::Command c) -> Task<nvme::Completion> { co_return co_await d.admin(c); }(
                                                           *driver, command));
  }
  std::vector<unsigned> admin_opcodes() const {
    std::vector<unsigned> opcodes;
    for (const auto& seen : device.seen)
      if (seen.queue == 0) opcodes.push_back(seen.command.opcode);
    return opcodes;
  }

  std::optional<PciFunction> function;
};

}  // namespace cardvp::host
