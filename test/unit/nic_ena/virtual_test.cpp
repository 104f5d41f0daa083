// An SR-IOV virtual function (PCI Express Base Specification 4.0, chapter 9) as an ENA device: what its memory, its
// requests and its interrupts are, and what becomes of its work when it is reset or taken away.
#include <algorithm>

#include "test/unit/nic_ena/machine.h"

namespace cardvp::nic::ena {
namespace {

namespace control = control_regs;
namespace hreg = host_regs;
using Numbers = std::vector<std::uint16_t>;

constexpr std::uint8_t kPhysical = 3, kFellow = 16, kSelf = 17;
constexpr pcie::RequesterId kRequester = 1 << 8 | kSelf;

EnaConfig virtual_config(std::uint8_t function) {
  EnaConfig config = small_config(function);
  config.physical = kPhysical;
  return config;
}

// The second of two virtual functions.
struct VirtualFunction : Machine {
  VirtualFunction() : Machine(virtual_config(kSelf), {small_config(kPhysical), virtual_config(kFellow)}) {}

  void SetUp() override {
    for (const unsigned each : {kPhysical, kFellow}) endpoint_core.write(0x1000 * (each + 1), 1);  // CONTROL.PRESENT
    start();
    data_path.resets.clear();
  }
  void set_sriov(std::uint16_t offset, unsigned size, std::uint64_t value) {
    endpoint.config_write(1, kPhysical, static_cast<std::uint16_t>(0x110 + offset), size,
                          static_cast<std::uint32_t>(value));
  }
  void enable(bool on) { set_sriov(0x08, 2, on ? 9 : 0); }  // VF Enable, VF MSE
  // Their BARs begin with the first one's.
  void place_bars() override {
    set_sriov(0x24, 4, kBar0 - kBar0Bytes);
    set_sriov(0x2c, 4, kBar2 - kLlqBytes);
    set_sriov(0x10, 2, 2);  // NumVFs
    enable(true);
  }
  void reset_by(std::uint8_t function) { endpoint.config_write(1, function, 0x58, 2, 0x8000); }
  bool answers(std::uint8_t function) {
    return endpoint.config_read(1, function, 0, 4).status == pcie::Completion::kSuccess;
  }

  // Packets both ways, on their way.
  void begin_work() {
    tx = create_tx(0);
    rx = create_rx(0);
    fill(rx, 16);
    unmask(1);
    for (unsigned i = 0; i < 10; ++i) put_packet(tx, pattern(3000, i), static_cast<std::uint16_t>(i));
    ring_tx(tx);
    deliver(pattern(500), us(3));
    run(ns(700));  // descriptors are fetched, buffers are not
    before = host.memory;
    host.writes.clear();
    host.directs.clear();
  }
  // All of it is forgotten, and no request reaches the host any more.
  void expect_silence() {
    run(us(50));
    EXPECT_TRUE(host.writes.empty());
    EXPECT_TRUE(host.directs.empty());
    EXPECT_EQ(host.memory, before);
    EXPECT_TRUE(data_path.packets.empty());
    EXPECT_EQ(frames.in_use(), 0u);
  }
  void expect_work() {
    set_admin_rings();
    host.writes.clear();
    TxRing new_tx = create_tx(0);
    RxRing new_rx = create_rx(0, {.vector = 2});
    unmask(1);
    unmask(2);
    const std::size_t sent = data_path.packets.size();
    send(new_tx, pattern(1500));
    ASSERT_EQ(data_path.packets.size(), sent + 1);
    EXPECT_EQ(data_path.packets.back().function, kSelf);
    EXPECT_EQ(data_path.packets.back().frame, pattern(1500));
    const auto buffers = fill(new_rx, 1);
    deliver(pattern(900, 2));
    run(us(50));
    const auto received = poll(new_rx);
    ASSERT_TRUE(received);
    EXPECT_EQ(received->length, 900);
    EXPECT_EQ(load(buffers[0], 900), pattern(900, 2));
    EXPECT_EQ(interrupts(), (std::vector<unsigned>{1, 2}));
  }

  static constexpr std::uint64_t kLlqBytes = 4 * 64 * 128;
  TxRing tx;
  RxRing rx;
  std::vector<std::byte> before;
};

TEST_F(VirtualFunction, SendsAndReceives) {
  expect_work();
  EXPECT_EQ(count("tx_packets"), 1u);
  EXPECT_TRUE(std::all_of(host.directs.begin(), host.directs.end(),
                          [](const auto& each) { return each.requester == kRequester; }));
  EXPECT_TRUE(std::all_of(host.writes.begin(), host.writes.end(),
                          [](const auto& each) { return each.requester == kRequester; }));
  EXPECT_EQ(endpoint.config_read(1, kPhysical, 0x11c, 4).value, 2u << 16 | 2u);  // TotalVFs, InitialVFs
}

TEST_F(VirtualFunction, HasBarsOfItsOwn) {
  const std::uint64_t fellow = kBar0 - kBar0Bytes;
  EXPECT_EQ(reg(hreg::offset::VERSION), Firmware::kVersion);
  EXPECT_EQ(endpoint.memory_read(fellow + hreg::offset::VERSION, 4).value, 0u);  // its firmware has done nothing yet
  write_bar2(0x40, pattern(8));
  EXPECT_EQ(endpoint.memory_read(kBar2 + 0x40, 1).value, std::to_integer<std::uint64_t>(pattern(8)[0]));
  EXPECT_EQ(endpoint.memory_read(kBar2 - kLlqBytes + 0x40, 8).value, 0u);
  EXPECT_EQ(endpoint.memory_read(kBar0 + kBar0Bytes, 4).status, pcie::Completion::kUnsupportedRequest);
  TxRing ring = create_tx(0, {.llq_bytes = 128});
  EXPECT_TRUE(ring.llq);
}

TEST_F(VirtualFunction, ItsResetIsItsOwn) {
  begin_work();
  reset_by(kSelf);
  expect_silence();
  EXPECT_EQ(firmware.events, std::vector<std::uint32_t>{control::EVENTS_FUNCTION_RESET.in(1)});
  EXPECT_TRUE(firmware.others.empty());
  EXPECT_EQ(data_path.resets, Numbers{kSelf});
  EXPECT_EQ(reg(hreg::offset::CAPS), Firmware::kCaps);  // memory stays, and the firmware has set it up anew
  EXPECT_TRUE(answers(kFellow));
  configure();
  expect_work();
}

TEST_F(VirtualFunction, DisabledItStopsEverything) {
  begin_work();
  enable(false);
  EXPECT_FALSE(answers(kSelf));
  EXPECT_EQ(endpoint.memory_read(kBar0, 4).status, pcie::Completion::kUnsupportedRequest);
  ring_tx(tx);
  deliver(pattern(100));
  expect_silence();
  EXPECT_EQ(firmware.events, std::vector<std::uint32_t>{control::EVENTS_FUNCTION_RESET.in(1)});
  EXPECT_EQ(firmware.others, Numbers{kFellow});
  EXPECT_EQ(data_path.resets, (Numbers{kFellow, kSelf}));
  EXPECT_TRUE(answers(kPhysical));
  configure();
  expect_work();
}

TEST_F(VirtualFunction, AResetOfThePhysicalOneStopsEverything) {
  begin_work();
  reset_by(kPhysical);
  EXPECT_FALSE(answers(kSelf));
  expect_silence();
  EXPECT_EQ(data_path.resets, (Numbers{kFellow, kSelf, kPhysical}));
  configure();
  expect_work();
}

TEST_F(VirtualFunction, DisabledItAwaitsNoReads) {
  tx = create_tx(0);
  host.all_direct = false;
  host.answers_reads = false;
  put_packet(tx, pattern(100), 1);
  ring_tx(tx);
  run(us(1));
  ASSERT_EQ(host.reads.size(), 1u);
  EXPECT_EQ(host.reads[0].requester, kRequester);
  enable(false);
  EXPECT_EQ(host.abandoned, 1u);
  EXPECT_TRUE(host.reads.empty());
}

}  // namespace
}  // namespace cardvp::nic::ena
