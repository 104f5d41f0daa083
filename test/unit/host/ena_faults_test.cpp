// Devices that misbehave, and what the ENA driver makes of it (docs/nic.md, "Errors and resets").
#include "test/unit/host/ena_machine.h"

namespace cardvp::host {
namespace {

using Reasons = std::vector<unsigned>;

struct EnaFaults : EnaMachine {
  void seconds(double s) { pass(s * 1e3); }
  // Recovery says the reason, then starts as for a new driver; traffic goes on.
  void expect_recovery(unsigned reason) {
    seconds(2);
    EXPECT_EQ(device->reset_reasons, (Reasons{0, reason, 0}));
    EXPECT_TRUE(driver->running());
    EXPECT_TRUE(driver->carrier());
    EXPECT_EQ(driver->statistics().resets, 1u);
    EXPECT_NE(driver->last_reset_reason().find("reason " + std::to_string(reason)), std::string::npos)
        << driver->last_reset_reason();
    device->sent.clear();
    received.clear();
    EXPECT_TRUE(send({.frame = bytes(99)}));
    EXPECT_TRUE(device->deliver(bytes(98)));
    pass(1);
    ASSERT_EQ(device->sent.size(), 1u);
    EXPECT_EQ(device->sent[0].bytes, bytes(99));
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(received[0].bytes, bytes(98));
  }
  void drain_or_fail() {
    for (unsigned n = 0; n < 200; ++n) EXPECT_TRUE(driver->try_transmit(0, {.frame = bytes(60)}));
  }
};

TEST_F(EnaFaults, NoKeepAliveIsNoticedAfterSixSeconds) {
  make_and_start();
  seconds(20);
  EXPECT_EQ(driver->statistics().keep_alives, 20u);
  EXPECT_EQ(driver->statistics().rx_drops, 11u);
  EXPECT_EQ(driver->statistics().tx_drops, 22u | 1ull << 32);
  EXPECT_EQ(driver->statistics().rx_overruns, 33u);
  EXPECT_EQ(device->events_posted(), 21u);  // the ring of 16 has wrapped
  device->keep_alive = false;
  seconds(5);
  EXPECT_EQ(device->reset_reasons, Reasons{0});
  device->keep_alive = true;
  seconds(1.9);
  if (device->reset_reasons.size() == 1) {
    device->keep_alive = false;
    seconds(8);
    device->keep_alive = true;
  }
  expect_recovery(1);
}

TEST_F(EnaFaults, HintsSetTheKeepAliveWatchdog) {
  make();
  device->hints = {0, 0, 0xffff};
  device->keep_alive = false;
  start_well();
  seconds(30);
  EXPECT_EQ(device->reset_reasons, Reasons{0});
  // A notification changes it: 2000 ms.
  device->post_event(3, 2, std::array<std::uint32_t, 5>{0, 2000, 0, 0, 0});
  seconds(3.5);
  EXPECT_EQ(device->reset_reasons, (Reasons{0, 1, 0}));
}

TEST_F(EnaFaults, WithoutTheGroupThereIsNoWatchdog) {
  make();
  device->event_groups = 1;
  start_well();
  seconds(30);
  EXPECT_EQ(device->reset_reasons, Reasons{0});
  EXPECT_EQ(driver->statistics().keep_alives, 0u);
}

TEST_F(EnaFaults, TheCarrierFollowsLinkEvents) {
  make();
  device->link_events = false;
  ASSERT_FALSE(start());
  EXPECT_FALSE(result(driver->wait_carrier({10, sc_core::SC_MS})));
  const std::array<std::uint32_t, 1> up{1}, down{0};
  device->post_event(0, 0, up);
  EXPECT_TRUE(result(driver->wait_carrier({10, sc_core::SC_MS})));
  device->post_event(0, 0, down);
  pass(1);
  EXPECT_FALSE(driver->carrier());
  device->post_event(0, 0, up);
  device->post_event(1, 0, down);  // not enabled groups are not posted; unknown ones do no harm
  pass(1);
  EXPECT_TRUE(driver->carrier());
}

TEST_F(EnaFaults, AnEventFromTheMiddleOfTheStartIsSeen) {
  make();
  start_well();  // the device posts its link event as soon as there is credit, long before the driver runs
  EXPECT_TRUE(driver->carrier());
  EXPECT_LT(sim.scheduler.now().to_seconds(), 0.9);  // before the first keep-alive
}

TEST_F(EnaFaults, ADeviceMayAskForAReset) {
  make();
  device->event_groups = 0x99;
  device->capabilities = 1 << 3;  // reasons above 15
  start_well();
  device->post_event(7, 0, {});
  expect_recovery(19);
}

TEST_F(EnaFaults, ReasonsAbove15NeedTheCapability) {
  make();
  device->event_groups = 0x99;
  start_well();
  device->post_event(7, 0, {});
  seconds(1);
  EXPECT_EQ(device->reset_reasons, (Reasons{0, 13, 0}));
}

TEST_F(EnaFaults, AnAdminCommandWithoutAnswer) {
  make_and_start();
  device->swallow = [](unsigned, unsigned feature) { return feature == 14; };
  const sc_core::sc_time before = sim.scheduler.now();
  EXPECT_NE(result(driver->set_mtu(1000)).text.find("no answer"), std::string::npos);
  EXPECT_NEAR((sim.scheduler.now() - before).to_seconds(), 3, 0.01);
  device->swallow = nullptr;
  expect_recovery(2);
}

TEST_F(EnaFaults, AnAdminCompletionWithoutInterrupt) {
  make_and_start({.keep_alive_timeout = {}});
  device->keep_alive = false;
  device->admin_interrupts = false;
  EXPECT_TRUE(result(driver->set_mtu(1000)));
  device->admin_interrupts = true;
  expect_recovery(2);
}

struct EnaBadId : EnaFaults, testing::WithParamInterface<std::uint16_t> {};
INSTANTIATE_TEST_SUITE_P(, EnaBadId, testing::Values(3, 31, 32, 0xfff));
TEST_P(EnaBadId, OfAnAdminCompletion) {
  make_and_start();
  device->complete_admin(GetParam(), 0);
  expect_recovery(2);
}

TEST_F(EnaFaults, AnAdminTimeoutDuringTheStart) {
  make();
  device->caps = 0x303f | 2 << 16;  // 200 ms
  device->swallow = [](unsigned, unsigned feature) { return feature == 11; };
  const sc_core::sc_time before = sim.scheduler.now();
  EXPECT_NE(start().text.find("GET offloads: no answer"), std::string::npos);
  EXPECT_NEAR((sim.scheduler.now() - before).to_seconds(), 0.2, 0.02);
  device->swallow = nullptr;
  start_well();
}

TEST_F(EnaFaults, FewMissingCompletionsAreBorneManyAreNot) {
  make_and_start({.queues = 1});
  device->completes_tx = false;
  for (unsigned n = 0; n < 128; ++n) EXPECT_TRUE(driver->try_transmit(0, {.frame = bytes(60)}));
  seconds(12);
  EXPECT_EQ(device->reset_reasons, Reasons{0});
  run(driver->drain());  // what is overdue is not waited for
  EXPECT_TRUE(driver->try_transmit(0, {.frame = bytes(60)}));
  seconds(4);
  EXPECT_EQ(device->reset_reasons, Reasons{0});
  device->completes_tx = true;
  seconds(3);
  expect_recovery(3);
}

TEST_F(EnaFaults, MissingCompletionsByHint) {
  make({.queues = 1});
  device->hints = {0, 0, 0, 500, 4};  // 500 ms, 4 packets
  start_well();
  device->completes_tx = false;
  for (unsigned n = 0; n < 5; ++n) EXPECT_TRUE(driver->try_transmit(0, {.frame = bytes(60)}));
  pass(450);
  EXPECT_EQ(device->reset_reasons, Reasons{0});
  pass(250);
  device->completes_tx = true;
  expect_recovery(3);
}

TEST_F(EnaFaults, ARingThatStaysFull) {
  make_and_start({.queues = 1, .tx_entries = 64, .completion_timeout = {}});
  device->completes_tx = false;
  while (driver->try_transmit(0, {.frame = bytes(60)})) {
  }
  bool sent = true;
  scope.spawn([](ena::Driver& d, bool& done) -> Task<> {
    const auto frame = bytes(60);
    const ena::TxPacket packet{.frame = frame};
    done = co_await d.transmit(0, packet);
  }(*driver, sent));
  seconds(4);
  EXPECT_EQ(device->reset_reasons, Reasons{0});
  seconds(3);
  device->completes_tx = true;
  EXPECT_FALSE(sent);
  expect_recovery(10);
}

TEST_F(EnaFaults, CompletionsWithoutInterrupts) {
  make_and_start({.queues = 1});
  device->io_interrupts = false;
  device->deliver(bytes(60));
  seconds(2);
  EXPECT_EQ(device->reset_reasons, Reasons{0});
  seconds(2.5);
  device->io_interrupts = true;
  expect_recovery(14);
}

TEST_F(EnaFaults, SentPacketsWhoseInterruptIsMissing) {
  make_and_start({.queues = 1});
  device->io_interrupts = false;
  EXPECT_TRUE(driver->try_transmit(0, {.frame = bytes(60)}));
  seconds(4.5);
  device->io_interrupts = true;
  expect_recovery(14);
}

// Completions that a device must not make; `act` is done after 5 packets have been received and 5 were sent.
struct Fault {
  const char* name;
  unsigned reason;
  std::function<void(FakeEna&)> act;
  friend std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.name; }
};
constexpr std::uint32_t kFirst = 1u << 26, kLast = 1u << 27;
std::array<std::byte, 16> rx(std::uint32_t status, std::uint16_t id, std::uint16_t length = 60,
                             std::uint8_t offset = 0) {
  std::array<std::byte, 16> entry{};
  std::memcpy(&entry[0], &status, 4);
  std::memcpy(&entry[4], &length, 2);
  std::memcpy(&entry[6], &id, 2);
  entry[14] = std::byte{offset};
  return entry;
}
std::array<std::byte, 8> tx(std::uint16_t id, std::uint8_t flags = 0) {
  std::array<std::byte, 8> entry{};
  std::memcpy(entry.data(), &id, 2);
  entry[3] = std::byte{flags};
  return entry;
}
struct EnaCompletionFaults : EnaFaults, testing::WithParamInterface<Fault> {};
INSTANTIATE_TEST_SUITE_P(
    , EnaCompletionFaults,
    testing::Values(Fault{"rx_id_beyond_the_ring", 4, [](FakeEna& d) { d.complete_rx(0, rx(kFirst | kLast, 1024)); }},
                    Fault{"rx_id_twice", 4,
                          [](FakeEna& d) {
                            const std::uint16_t id = d.posted_id(0);
                            for (unsigned n = 0; n < 2; ++n) d.complete_rx(0, rx(kFirst | kLast, id));
                          }},
                    Fault{"tx_id_beyond_the_ring", 5, [](FakeEna& d) { d.complete_tx(0, tx(1024)); }},
                    Fault{"tx_id_not_in_flight", 5, [](FakeEna& d) { d.complete_tx(0, tx(7)); }},
                    Fault{"too_many_buffers", 6,
                          [](FakeEna& d) {
                            for (unsigned n = 0; n < 20; ++n)
                              d.complete_rx(0, rx((n == 0 ? kFirst : 0) | (n == 19 ? kLast : 0), d.posted_id(0, n)));
                          }},
                    // Without the capability of extended reasons it is the generic one that is heard.
                    Fault{"first_twice", 13,
                          [](FakeEna& d) {
                            d.complete_rx(0, rx(kFirst, d.posted_id(0)));
                            d.complete_rx(0, rx(kFirst | kLast, d.posted_id(0, 1)));
                          }},
                    Fault{"no_first", 13, [](FakeEna& d) { d.complete_rx(0, rx(kLast, d.posted_id(0))); }},
                    Fault{"longer_than_its_buffer", 13,
                          [](FakeEna& d) { d.complete_rx(0, rx(kFirst | kLast, d.posted_id(0), 2049)); }},
                    Fault{"offset_beyond_its_buffer", 13,
                          [](FakeEna& d) { d.complete_rx(0, rx(kFirst | kLast, d.posted_id(0), 2000, 49)); }}));
TEST_P(EnaCompletionFaults, ResetTheDevice) {
  make_and_start();
  for (unsigned n = 0; n < 5; ++n) {
    device->deliver(bytes(60));
    EXPECT_TRUE(send({.frame = bytes(60)}));
  }
  pass(1);
  GetParam().act(*device);
  pass(1);
  EXPECT_EQ(driver->statistics().bad_completions, 1u);
  const unsigned reason = GetParam().reason;
  seconds(2);
  EXPECT_EQ(device->reset_reasons, (Reasons{0, reason, 0}));
  EXPECT_TRUE(driver->running());
  EXPECT_TRUE(send({.frame = bytes(60)}));
}

struct EnaReservedBits : EnaFaults, testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(, EnaReservedBits, testing::Bool());
TEST_P(EnaReservedBits, AreCheckedIfTheDeviceSaysTheyAreZero) {
  make({.queues = 1});
  device->capabilities = GetParam() ? 1 << 3 | 1 << 4 : 0;
  start_well();
  device->deliver(bytes(60), 0, 1 << 17);
  seconds(1);
  device->on_tx_completion = [](std::array<std::byte, 8>& entry) { entry[3] |= std::byte{0x40}; };
  EXPECT_TRUE(send({.frame = bytes(60)}));
  pass(1);
  device->on_tx_completion = nullptr;
  seconds(1);
  EXPECT_EQ(device->reset_reasons, GetParam() ? (Reasons{0, 16, 0, 17, 0}) : Reasons{0});
}

TEST_F(EnaFaults, WithoutRecoveryTheDriverStaysDown) {
  make_and_start({.recover = false});
  device->complete_tx(0, tx(7));
  seconds(1);
  EXPECT_EQ(device->reset_reasons, Reasons{0});
  EXPECT_FALSE(driver->running());
  EXPECT_FALSE(send({.frame = bytes(60)}));
  const ena::Error error = result(driver->reset(5));
  EXPECT_FALSE(error) << error.text;
  EXPECT_EQ(device->reset_reasons, (Reasons{0, 5, 0}));
  EXPECT_TRUE(driver->running());
}

TEST_F(EnaFaults, ARecoveryThatFailsLeavesTheDeviceAlone) {
  make_and_start();
  device->begins_reset = false;
  device->complete_tx(0, tx(7));
  seconds(10);
  EXPECT_FALSE(driver->running());
  EXPECT_FALSE(driver->alive());
  EXPECT_EQ(device->reset_reasons, (Reasons{0, 5}));
}

TEST_F(EnaFaults, AnotherMacAfterAResetIsAnotherDevice) {
  make_and_start();
  device->mac[5] = 0x55;
  const ena::Error error = result(driver->reset(12));
  EXPECT_NE(error.text.find("MAC address has changed"), std::string::npos) << error.text;
  EXPECT_FALSE(driver->running());
}

TEST_F(EnaFaults, ASmallerMtuAfterAResetIsAFailure) {
  make_and_start();
  device->max_mtu = 1400;
  EXPECT_NE(result(driver->reset(12)).text.find("MTU of 1500"), std::string::npos);
}

TEST_F(EnaFaults, ResetWithTrafficInFlightEndsWhoWaits) {
  make_and_start({.queues = 1, .tx_entries = 64});
  device->completes_tx = false;
  while (driver->try_transmit(0, {.frame = bytes(60)})) {
  }
  bool waiting = true;
  scope.spawn([](ena::Driver& d, bool& waits) -> Task<> {
    co_await d.drain();
    waits = false;
  }(*driver, waiting));
  pass(1);
  EXPECT_TRUE(waiting);
  device->completes_tx = true;
  const ena::Error error = result(driver->reset(12));
  EXPECT_FALSE(error) << error.text;
  EXPECT_FALSE(waiting);
  EXPECT_EQ(device->reset_reasons, (Reasons{0, 12, 0}));
  EXPECT_TRUE(send({.frame = bytes(60)}));
}

TEST_F(EnaFaults, AFunctionThatGoesAwayAndComesBack) {
  make_and_start();
  EXPECT_TRUE(driver->try_transmit(0, {.frame = bytes(60)}));
  device->vanish();
  pass(1);
  EXPECT_FALSE(driver->running());
  EXPECT_FALSE(driver->carrier());
  EXPECT_FALSE(send({.frame = bytes(60)}));
  EXPECT_TRUE(result(driver->set_mtu(1000)));
  device->come_back();
  function = result(root.wait_function(0, {10, sc_core::SC_MS}));
  ASSERT_TRUE(function);
  start_well();
  EXPECT_TRUE(send({.frame = bytes(60)}));
}

TEST_F(EnaFaults, ALinkThatGoesDown) {
  make_and_start();
  link.enable(false);
  pass(1);
  EXPECT_FALSE(driver->running());
  link_up();
  device->vanish();
  device->come_back();
  function = result(root.wait_function(0, {10, sc_core::SC_MS}));
  ASSERT_TRUE(function);
  start_well();
  EXPECT_TRUE(send({.frame = bytes(60)}));
}

TEST_F(EnaFaults, StartsThatAreCancelledLeaveADriverThatCanStart) {
  make();
  for (const double ms : {0.05, 0.2, 0.5, 0.8, 1.1, 1.4}) {
    {
      TaskScope interrupted(sim.scheduler);
      interrupted.spawn([](ena::Driver& d, PciFunction f) -> Task<> { co_await d.start(f); }(*driver, *function));
      pass(ms);
    }
    EXPECT_FALSE(driver->running());
    pass(5);
  }
  start_well();
  EXPECT_TRUE(send({.frame = bytes(60)}));
}

}  // namespace
}  // namespace cardvp::host
