// A host with an ENA driver and the fake device.
#pragma once

#include "host/ena/driver.h"
#include "test/unit/host/fake_ena.h"
#include "test/unit/host/machine.h"

namespace cardvp::host {

struct EnaMachine : HostMachine {
  std::unique_ptr<FakeEna> device;
  std::unique_ptr<ena::Driver> driver;
  std::optional<PciFunction> function;
  struct Received {
    unsigned queue;
    std::vector<std::byte> bytes;
    ena::RxPacket packet;  // without its frame
  };
  std::vector<Received> received;

  // Simulation begins with make(), so everything that is a module is made in it; `prepare` is for the device.
  void make(ena::DriverConfig config = {}, FakeEna::Identity identity = {}) {
    device = std::make_unique<FakeEna>(sim, link, identity);
    link.connect(*device);
    driver = std::make_unique<ena::Driver>("driver", sim, root, config);
    driver->on_receive([this](unsigned queue, const ena::RxPacket& packet) {
      received.push_back({queue, {packet.frame.begin(), packet.frame.end()}, packet});
      received.back().packet.frame = {};
    });
    link_up();
    function = result(root.probe(0));
    ASSERT_TRUE(function);
  }
  ena::Error start() { return result(driver->start(*function)); }
  void start_well() {
    const ena::Error error = start();
    ASSERT_FALSE(error) << error.text;
    ASSERT_TRUE(result(driver->wait_carrier({1, sc_core::SC_SEC})));
    settle();
  }
  void make_and_start(ena::DriverConfig config = {}) {
    make(config);
    start_well();
  }
  bool send(const ena::TxPacket& packet, unsigned queue = 0) { return result(driver->transmit(queue, packet)); }
  void pass(double ms) { sc_core::sc_start({ms, sc_core::SC_MS}); }
  std::vector<unsigned> opcodes_of(unsigned opcode) const {
    std::vector<unsigned> features;
    for (const auto& command : device->admin)
      if (command.opcode == opcode) features.push_back(command.feature);
    return features;
  }
  unsigned commands(unsigned opcode, unsigned feature) const {
    return static_cast<unsigned>(std::ranges::count_if(
        device->admin, [&](const auto& a) { return a.opcode == opcode && a.feature == feature; }));
  }
  static std::vector<std::byte> bytes(std::size_t size, unsigned seed = 1) {
    std::vector<std::byte> data(size);
    for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::byte>(i * 7 + seed);
    return data;
  }
};

}  // namespace cardvp::host
