// The firmware's ENA code on the NIC engine, under the host's driver: what each takes the interface for fits the
// others. The core that the firmware runs on is left out: its messages and registers are served at once.
#include <tlm_utils/simple_initiator_socket.h>

#include <algorithm>
#include <set>

#include "firmware/controller/live.h"
#include "host/ena/driver.h"
#include "models/memory/mailbox.h"
#include "models/nic/engine.h"
#include "models/nic/registers.h"
#include "models/pcie/endpoint.h"
#include "test/unit/host/machine.h"

namespace cardvp::host {
namespace {

namespace control = nic::control_regs;
namespace mailbox_regs {
#define CARDVP_REGISTERS "models/memory/mailbox.def"
#include "models/base/declare_registers.h"
}  // namespace mailbox_regs
namespace function_regs {
#define CARDVP_REGISTERS "models/pcie/pcie_function.def"
#include "models/base/declare_registers.h"
}  // namespace function_regs

// What the firmware gives by address is in memory of this process.
class OwnMemory : public BusTarget {
 public:
  using BusTarget::BusTarget;

 protected:
  bool access(const BusAccess& access) override {
    auto* const memory = reinterpret_cast<std::byte*>(access.offset);
    if (access.write)
      std::copy_n(access.data, access.size, memory);
    else
      std::copy_n(memory, access.size, access.data);
    return true;
  }
};

class Registers : public sc_core::sc_module {
 public:
  Registers(sc_core::sc_module_name name, BusTarget& target) : sc_module(name) { socket_.bind(target.socket); }
  std::uint64_t read(std::uint64_t address, unsigned size = 4) {
    std::uint64_t value = 0;
    transfer(tlm::TLM_READ_COMMAND, address, value, size);
    return value;
  }
  void write(std::uint64_t address, std::uint64_t value, unsigned size = 4) {
    transfer(tlm::TLM_WRITE_COMMAND, address, value, size);
  }

 private:
  void transfer(tlm::tlm_command command, std::uint64_t address, std::uint64_t& value, unsigned size) {
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(size);
    payload.set_streaming_width(size);
    sc_core::sc_time delay;
    socket_->b_transport(payload, delay);
    EXPECT_TRUE(payload.is_response_ok()) << address;
  }
  tlm_utils::simple_initiator_socket<Registers> socket_{"socket"};
};

// Sends everything back to where it came from.
class Mirror : public nic::DataPath {
 public:
  void connect(std::uint16_t, nic::HostSide& host) override { host_ = &host; }
  Sent transmit(std::uint16_t, wire::FramePtr frame, sc_core::sc_time ready) override {
    host_->deliver(std::move(frame), ready);
    return {};
  }
  void device_reset(std::uint16_t) override {}

 private:
  nic::HostSide* host_ = nullptr;
};

// The part of interfaces.c: one device, on the models' registers and messages.
class Firmware {
 public:
  Firmware(Sim& sim, memory::Mailbox& mailbox, nic::Engine& engine)
      : scheduler_(sim.scheduler),
        work_(sim.scheduler, *this),
        alarm_(sim.scheduler, *this),
        mailbox_("firmware_mailbox", mailbox),
        page_("firmware_page", engine) {
    mailbox.interrupt.connect([this](bool) { work_.call_soon(); });
    mailbox_.write(kChannel + mailbox_regs::offset::INTERRUPT, 1);
    port_.context = this;
    port_.read = [](void* self, std::uint32_t offset, unsigned bits) { return of(self).page_.read(offset, bits / 8); };
    port_.write = [](void* self, std::uint32_t offset, unsigned bits, std::uint64_t value) {
      of(self).page_.write(offset, value, bits / 8);
    };
    port_.read_allowance = [](void*, std::uint32_t offset, unsigned) { return std::uint64_t{offset}; };
    port_.complete = [](void* self, const nic_message_complete* message) { of(self).send(*message); };
    port_.fetch = [](void* self, const nic_message_fetch* message) { of(self).send(*message); };
    port_.post = [](void* self, const nic_message_aenq* message) { of(self).send(*message); };
    port_.sent = [](void* self) { return of(self).taken_ + of(self).waiting(); };
    port_.now_us = [](void*) { return static_cast<std::uint64_t>(sc_core::sc_time_stamp() / kMicrosecond); };
    port_.alarm = [](void* self, std::uint64_t at_us) {
      if (at_us == 0)
        of(self).alarm_.cancel();
      else
        of(self).alarm_.call_at(static_cast<double>(at_us) * kMicrosecond);
    };
  }
  void attach(const ena_identity& identity) { ASSERT_TRUE(ena_init(&device, &port_, 0, &identity)); }

  // A live update: other firmware goes on with the state that this one leaves.
  void update() {
    live_interface state;
    ASSERT_TRUE(ena_quiet(&device));
    live_save_interface(&state, &device, 0);
    std::memset(static_cast<void*>(&device), 0xee, sizeof device);
    ASSERT_TRUE(live_restore_interface(&device, &port_, &state));
  }
  std::uint64_t read(Field field, std::uint32_t at) { return field.of(page_.read(at)); }

  ena_device device{};
  unsigned resets = 0;

 private:
  static constexpr std::uint64_t kChannel = memory::kNicChannel * 0x1000;
  static inline const sc_core::sc_time kMicrosecond{1, sc_core::SC_US};
  static Firmware& of(void* self) { return *static_cast<Firmware*>(self); }

  std::uint32_t waiting() {
    return static_cast<std::uint32_t>(mailbox_.read(kChannel + mailbox_regs::offset::RX_STATUS));
  }
  template <class T>
  void send(const T& message) {
    std::array<std::uint32_t, sizeof(T) / 4> words;
    std::memcpy(words.data(), &message, sizeof message);
    for (unsigned i = 0; i < words.size(); ++i)
      mailbox_.write(kChannel + mailbox_regs::offset::TX_DATA + 4 * i, words[i]);
    mailbox_.write(kChannel + mailbox_regs::offset::TX_SEND, 1);
  }
  void work() {
    while (waiting()) {
      union {
        std::array<std::uint32_t, sizeof(nic_message_admin) / 4> words;
        nic_message_admin admin;
        nic_message_fetched fetched;
      } message{};
      for (unsigned i = 0; i < message.words.size(); ++i)
        message.words[i] = static_cast<std::uint32_t>(mailbox_.read(kChannel + mailbox_regs::offset::RX_DATA + 4 * i));
      mailbox_.write(kChannel + mailbox_regs::offset::RX_POP, 1);
      const std::uint32_t number = taken_++;
      if (ena_events(&device) == ENA_RESET_ENDED) ++resets;
      if (message.admin.header.type == NIC_MESSAGE_ADMIN) ena_admin(&device, &message.admin, number);
      if (message.admin.header.type == NIC_MESSAGE_FETCHED) ena_fetched(&device, &message.fetched, number);
    }
  }
  void ring() { ena_alarm(&device); }

  Scheduler& scheduler_;
  Callback<&Firmware::work> work_;
  Callback<&Firmware::ring> alarm_;
  Registers mailbox_, page_;
  ena_port port_{};
  std::uint32_t taken_ = 0;
};

struct EnaOnEngine : HostMachine {
  EnaOnEngine() {
    engine.card.bind(own_memory.socket);
    config.queues = 4;
    config.queue_entries = 1024;
    config.llq_entries = 1024;
    const std::uint8_t mac[6] = {0x02, 1, 2, 3, 4, 5};
    std::memcpy(identity.mac, mac, sizeof mac);
    identity.mtu = 9001;
    identity.speed_mbit = 100000;
    identity.keep_alive_ms = 1000;
  }
  // Attached by the firmware, found and started by the host.
  void start(const ena::DriverConfig& driver_config = {}) {
    engine.add(config, link, endpoint);
    driver = make_driver("driver", driver_config);
    firmware.attach(identity);
    Registers& page = endpoint_page;
    page.write(0x1000 + function_regs::offset::IDENTITY, 0xec201d0f);
    page.write(0x1000 + function_regs::offset::CLASS, 0x02000000);
    page.write(0x1000 + function_regs::offset::CONTROL, 1);
    link_up();
    function = result(root.probe(0));
    ASSERT_TRUE(function);
    start_driver();
  }
  // Before the simulation begins.
  std::unique_ptr<ena::Driver> make_driver(const char* name, const ena::DriverConfig& driver_config) {
    auto made = std::make_unique<ena::Driver>(name, sim, root, driver_config);
    made->on_receive([this](unsigned, const ena::RxPacket& packet) {
      received.emplace_back(packet.frame.begin(), packet.frame.end());
    });
    return made;
  }
  void start_driver() {
    const ena::Error error = result(driver->start(*function));
    ASSERT_FALSE(error) << error.text;
    ASSERT_TRUE(result(driver->wait_carrier({1, sc_core::SC_SEC})));
  }
  void pass(double ms) { sc_core::sc_start({ms, sc_core::SC_MS}); }
  // Packets come back, each whole; those of different queues in any order.
  void expect_traffic(unsigned packets) {
    received.clear();
    std::multiset<std::vector<std::byte>> expected;
    for (unsigned i = 0; i < packets; ++i) {
      const std::vector<std::byte> frame = make_frame(60 + i);
      ASSERT_TRUE(result(driver->transmit(i % driver->info().queues, {.frame = frame})));
      expected.insert(frame);
    }
    pass(2);
    EXPECT_EQ(std::multiset(received.begin(), received.end()), expected);
  }
  std::vector<std::byte> make_frame(std::size_t bytes) const {
    std::vector<std::byte> frame(bytes, static_cast<std::byte>(bytes));
    std::memcpy(frame.data(), identity.mac, sizeof identity.mac);
    frame[12] = std::byte{0x88};  // EtherType for experiments (IEEE 802)
    frame[13] = std::byte{0xb5};
    return frame;
  }

  nic::EnaConfig config;
  ena_identity identity{};
  wire::FramePool frames;
  pcie::Endpoint endpoint{"endpoint", sim, link};
  memory::Mailbox mailbox{"mailbox", sim, memory::kMailboxChannels};
  Mirror mirror;
  nic::Engine engine{"nic", sim, mailbox.channel(memory::kNicChannel), mirror, frames};
  OwnMemory own_memory{"own_memory", sim};
  Registers endpoint_page{"endpoint_page", endpoint};
  Firmware firmware{sim, mailbox, engine};
  std::unique_ptr<ena::Driver> driver;
  std::optional<PciFunction> function;
  std::vector<std::vector<std::byte>> received;
};

TEST_F(EnaOnEngine, FromAttachmentToTraffic) {
  start();
  EXPECT_TRUE(driver->info().readless);
  EXPECT_TRUE(driver->info().llq);
  EXPECT_EQ(driver->info().queues, 4u);
  EXPECT_EQ(driver->info().mac.text(), "02:01:02:03:04:05");
  EXPECT_EQ(driver->info().max_mtu, 9001u);
  EXPECT_EQ(driver->info().speed_mbit, 100000u);
  EXPECT_EQ(driver->info().features, 0x1c145c9eu);
  EXPECT_EQ(driver->info().controller_version, 0x01000001u);
  expect_traffic(100);
  EXPECT_EQ(firmware.resets, 1u);
  EXPECT_EQ(driver->statistics().resets, 0u);
}

TEST_F(EnaOnEngine, WithoutDeviceMemory) {
  config.llq_entries = 0;
  start();
  EXPECT_FALSE(driver->info().llq);
  EXPECT_EQ(driver->info().features, 0x1c145c8eu);
  expect_traffic(20);
}

TEST_F(EnaOnEngine, KeepAlivesFeedTheWatchdog) {
  start();
  pass(20'000);
  EXPECT_GE(driver->statistics().keep_alives, 19u);
  EXPECT_EQ(driver->statistics().resets, 0u);
  expect_traffic(4);
}

TEST_F(EnaOnEngine, NoKeepAlivesNoWatchdog) {
  identity.keep_alive_ms = 0;
  start();
  pass(20'000);
  EXPECT_EQ(driver->statistics().keep_alives, 0u);
  EXPECT_TRUE(driver->running());
  EXPECT_TRUE(driver->carrier());
  expect_traffic(4);
}

TEST_F(EnaOnEngine, LinkOfAnInterface) {
  start();
  ena_set_link(&firmware.device, 0);
  pass(1);
  EXPECT_FALSE(driver->carrier());
  ena_set_link(&firmware.device, 1);
  EXPECT_TRUE(result(driver->wait_carrier({1, sc_core::SC_SEC})));
}

TEST_F(EnaOnEngine, ResetsUnderTraffic) {
  start();
  for (unsigned i = 0; i < 20; ++i) {
    const std::vector<std::byte> frame = make_frame(1000);
    for (unsigned packet = 0; packet < 30; ++packet) driver->try_transmit(packet % 4, {.frame = frame});
    const ena::Error error = result(driver->reset(12));
    ASSERT_FALSE(error) << error.text;
    ASSERT_TRUE(result(driver->wait_carrier({1, sc_core::SC_SEC})));
  }
  expect_traffic(50);
}

TEST_F(EnaOnEngine, StopsAndStartsAgain) {
  start();
  for (unsigned i = 0; i < 5; ++i) {
    ASSERT_FALSE(result(driver->stop()));
    EXPECT_EQ(firmware.device.state.cqs[0], 0u);
    ASSERT_NO_FATAL_FAILURE(start_driver());
  }
  expect_traffic(50);
}

TEST_F(EnaOnEngine, StopsUnderTraffic) {
  start();
  std::size_t came = 0;
  for (unsigned i = 0; i < 20; ++i) {
    const std::vector<std::byte> frame = make_frame(1000);
    for (unsigned packet = 0; packet < 200; ++packet) driver->try_transmit(packet % 4, {.frame = frame});
    pass(0.0005 * i);  // ever more of them are on their way
    const ena::Error error = result(driver->stop());
    ASSERT_FALSE(error) << error.text;
    EXPECT_EQ(frames.in_use(), 0u);
    came += received.size();
    received.clear();
    ASSERT_NO_FATAL_FAILURE(start_driver());
    EXPECT_TRUE(received.empty());  // nothing from before
  }
  EXPECT_GT(came, 0u);
  EXPECT_LT(came, 20u * 200);
  expect_traffic(50);
  EXPECT_EQ(driver->statistics().resets, 0u);
  EXPECT_EQ(driver->statistics().bad_completions, 0u);
}

// What an operator changes of an interface that has run: channels, ring sizes, buffers, where the TX queues are.
TEST_F(EnaOnEngine, OtherQueuesAndRings) {
  using Placement = ena::DriverConfig::Placement;
  std::vector<std::unique_ptr<ena::Driver>> others;
  others.push_back(make_driver("one_queue", {.queues = 1, .tx_entries = 1024, .rx_entries = 256}));
  others.push_back(make_driver("short_tx", {.queues = 4, .tx_entries = 32, .rx_buffer_bytes = 256}));
  others.push_back(make_driver("short_rx", {.queues = 3, .rx_entries = 64, .placement = Placement::kHostMemory}));
  others.push_back(make_driver("more_than_there_are", {.queues = 64, .tx_entries = 32768, .rx_entries = 32768}));
  start();
  std::vector<std::vector<unsigned>> seen;
  for (auto& next : others) {
    expect_traffic(40);
    ASSERT_FALSE(result(driver->stop()));
    std::swap(driver, next);
    ASSERT_NO_FATAL_FAILURE(start_driver());
    seen.push_back({driver->info().queues, driver->info().tx_entries, driver->info().rx_entries, driver->info().llq});
  }
  expect_traffic(40);
  EXPECT_EQ(seen, (std::vector<std::vector<unsigned>>{
                      {1, 1024, 256, 1}, {4, 32, 1024, 1}, {3, 1024, 64, 0}, {4, 1024, 1024, 1}}));
}

// Enough in one queue for every counter of 16 bits to wrap on both sides: each packet comes back, in order.
TEST_F(EnaOnEngine, CountersWrap) {
  start({.queues = 1, .interrupt_latency = {}});
  std::vector<std::byte> frame = make_frame(64);
  std::uint32_t sent = 0, came = 0;
  while (sent < 70'000) {
    for (unsigned i = 0; i < 500; ++i, ++sent) {
      std::memcpy(&frame[20], &sent, 4);
      ASSERT_TRUE(driver->try_transmit(0, {.frame = frame}));
    }
    pass(0.1);
    for (const std::vector<std::byte>& each : received) {
      std::memcpy(&frame[20], &came, 4);
      ASSERT_EQ(each, frame) << came;
      ++came;
    }
    received.clear();
    ASSERT_EQ(came, sent);
  }
  EXPECT_EQ(driver->statistics().resets, 0u);
}

TEST_F(EnaOnEngine, EveryMtu) {
  start();
  for (const unsigned mtu : {128u, 1500u, 4000u, 9001u, 128u}) {
    ASSERT_FALSE(result(driver->set_mtu(mtu))) << mtu;
    received.clear();
    const std::vector<std::byte> longest = make_frame(mtu + 14), longer = make_frame(mtu + 15);
    EXPECT_TRUE(result(driver->transmit(0, {.frame = longest})));
    EXPECT_TRUE(result(driver->transmit(0, {.frame = longer})));  // for the driver it may have a VLAN tag
    pass(1);
    EXPECT_EQ(received, std::vector(1, longest)) << mtu;
  }
  EXPECT_EQ(count("nic.fn0.drops.rx_too_long"), 5u);
  EXPECT_TRUE(result(driver->set_mtu(127)));
}

TEST_F(EnaOnEngine, MtuAndTable) {
  start();
  EXPECT_FALSE(result(driver->set_mtu(9001)));
  EXPECT_TRUE(result(driver->set_mtu(9002)));
  EXPECT_FALSE(result(driver->set_rss_table(std::vector<unsigned>(128, 2))));
  EXPECT_EQ(firmware.read(control::RSS_TABLE_LOG2, control::offset::RSS), 7u);
  const auto statistics = result(driver->eni_statistics());
  ASSERT_TRUE(statistics);
  EXPECT_EQ(statistics->bandwidth_in, nic::interface_regs::offset::BANDWIDTH_IN_EXCEEDED);
  EXPECT_EQ(statistics->link_local, nic::interface_regs::offset::SLOW_RATE_EXCEEDED);
}

TEST_F(EnaOnEngine, LiveUpdate) {
  start();
  for (unsigned i = 0; i < 5; ++i) {
    firmware.update();
    expect_traffic(20);
    pass(3000);
  }
  EXPECT_GE(driver->statistics().keep_alives, 14u);
  ASSERT_FALSE(result(driver->stop()));  // the queues are known
  EXPECT_EQ(driver->statistics().resets, 0u);
  ASSERT_NO_FATAL_FAILURE(start_driver());
  expect_traffic(20);
}

// A small machine, as one that boots over the network has it.
TEST_F(EnaOnEngine, ShortRings) {
  start({.queues = 1, .tx_entries = 32, .rx_entries = 32});
  for (unsigned i = 0; i < 10; ++i) expect_traffic(20);
}

}  // namespace
}  // namespace cardvp::host
