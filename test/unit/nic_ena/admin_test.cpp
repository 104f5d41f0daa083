// The admin queue and the event queue (3.1, 3.3, 5; items 8 to 12, 17, 18).
#include <algorithm>
#include <cstring>

#include "test/unit/nic_ena/machine.h"

namespace cardvp::nic::ena {
namespace {

namespace hreg = host_regs;
namespace control = control_regs;

struct Admin : Machine {
  void submit(std::uint16_t id) {
    put_command(id);
    ring_admin();
    run(us(3));
  }
  std::vector<unsigned> answered() {
    std::vector<unsigned> ids;
    while (const auto entry = poll_admin()) ids.push_back((*entry)[0] & 0xffff);
    return ids;
  }
};

void many_commands(Admin& machine, std::uint32_t entries, unsigned commands) {
  machine.plug();
  machine.set_admin_rings(entries);
  for (unsigned i = 0; i < commands; ++i) {
    machine.submit(static_cast<std::uint16_t>(i & 0xfff));
    const auto answer = machine.poll_admin();
    ASSERT_TRUE(answer) << i;
    ASSERT_EQ((*answer)[0] & 0xffffff, i & 0xfff) << i;  // its id, status 0
  }
  EXPECT_EQ(machine.count("admin_commands"), commands);
  EXPECT_EQ(machine.reg(hreg::offset::ACQ_TAIL), commands & 0xffff);
}

TEST_F(Admin, Item8_HundredCommandsAtDepth2) { many_commands(*this, 2, 100); }
TEST_F(Admin, Item8_HundredCommandsAtDepth32) { many_commands(*this, 32, 100); }

TEST_F(Admin, Item8_DoorbellWraps) {
  start();
  for (unsigned batch = 0; batch < 65536 / 16 + 3; ++batch) {
    for (unsigned i = 0; i < 16; ++i) put_command(static_cast<std::uint16_t>(i));
    ring_admin();
    run(us(4));
    ASSERT_EQ(answered().size(), 16u) << batch;
    firmware.commands.clear();
    host.writes.clear();
    host.directs.clear();
  }
  EXPECT_EQ(count("admin_commands"), 65536u + 48);
  EXPECT_EQ(count("ignored_doorbells"), 0u);
}

TEST_F(Admin, Item9_OneDoorbellForSeveralCompletionsInAnyOrder) {
  start();
  firmware.on_admin = [this](const nic_message_admin&) {
    if (firmware.commands.size() != 5) return;
    for (auto each = firmware.commands.rbegin(); each != firmware.commands.rend(); ++each)
      firmware.complete(each->header);
  };
  for (std::uint16_t id = 10; id < 15; ++id) put_command(id);
  ring_admin();
  run(us(5));
  EXPECT_EQ(answered(), (std::vector<unsigned>{14, 13, 12, 11, 10}));
}

TEST_F(Admin, Item9_AsManyAsTheFirmwareTakesTheRestWaits) {
  plug();
  set_admin_rings(128);
  firmware.on_admin = [](const nic_message_admin&) {};
  for (std::uint16_t id = 0; id < 100; ++id) put_command(id);
  ring_admin();
  run(us(20));
  EXPECT_EQ(firmware.commands.size(), 64u);  // NIC_ADMIN_LIMIT
  for (unsigned i = 0; i < 64; ++i) firmware.complete(firmware.commands[i].header);
  run(us(20));
  EXPECT_EQ(firmware.commands.size(), 100u);
  EXPECT_EQ(answered().size(), 64u);
}

TEST_F(Admin, Item10_TheFirmwareGetsTheWholeEntry) {
  start();
  put_command(3, 11, 0xffffffff);
  ring_admin();
  run(us(3));
  ASSERT_EQ(firmware.commands.size(), 1u);
  EXPECT_EQ(firmware.commands[0].command[0], 3u | 11u << 16 | 1u << 24);
  for (unsigned i = 1; i < 16; ++i) EXPECT_EQ(firmware.commands[0].command[i], 0xffffffffu);
}

TEST_F(Admin, Item11_DoorbellsWithoutARing) {
  plug();
  put_command(1);
  ring_admin();
  run(us(3));
  EXPECT_EQ(count("ignored_doorbells"), 1u);
  set_admin_rings();
  run(us(3));
  EXPECT_TRUE(firmware.commands.empty());
  // Depths and entry sizes that make no ring.
  for (const std::uint32_t caps : {64u << 16 | 33, 32u << 16 | 32, 64u << 16, 0u}) {
    set_reg(hreg::offset::AQ_CAPS, caps);
    set_reg(hreg::offset::AQ_DB, 1);
  }
  EXPECT_EQ(count("ignored_doorbells"), 5u);
  run(us(3));
  EXPECT_TRUE(firmware.commands.empty());
}

TEST_F(Admin, Item11_DoorbellBeyondTheRing) {
  start();
  set_reg(hreg::offset::AQ_DB, 33);
  run(us(3));
  EXPECT_EQ(count("ignored_doorbells"), 1u);
  EXPECT_TRUE(firmware.commands.empty());
  submit(5);
  EXPECT_EQ(answered(), std::vector<unsigned>{5});
}

TEST_F(Admin, Item11_WrongPhaseIsAMalformedRequest) {
  start();
  put_command(6);
  host.store<std::uint8_t>(kAq + 3, 0);
  ring_admin();
  run(us(3));
  const auto answer = poll_admin();
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)[0], 6u | 4u << 16 | 1u << 24);
  EXPECT_TRUE(firmware.commands.empty());
}

TEST_F(Admin, Item11_ARingThatCannotBeReadStops) {
  start();
  set_reg(hreg::offset::AQ_BASE_LO, 0xf0000000);
  set_reg(hreg::offset::AQ_CAPS, 64 << 16 | 32);
  host.all_direct = false;  // the fake host refuses what is beyond its memory only on the slow way
  set_reg(hreg::offset::AQ_DB, 1);
  run(us(3));
  EXPECT_TRUE(firmware.commands.empty());
  set_reg(hreg::offset::AQ_DB, 2);
  EXPECT_EQ(count("ignored_doorbells"), 1u);
  host.all_direct = true;
  device_reset();
  set_admin_rings();
  submit(7);
  EXPECT_EQ(answered(), std::vector<unsigned>{7});
}

TEST_F(Admin, Item12_AnEntryArrivesAsOneWrite) {
  start();
  firmware.on_admin = [this](const nic_message_admin& command) { firmware.complete(command.header, 5); };
  host.writes.clear();
  submit(0x123);
  ASSERT_EQ(host.writes.size(), 1u);
  EXPECT_EQ(host.writes[0].address, kAcq);
  ASSERT_EQ(host.writes[0].data.size(), 64u);
  const auto entry = host.writes[0].as<std::array<std::uint32_t, 16>>();
  EXPECT_EQ(entry[0], 0xfe050123u | 1u << 24);
  for (unsigned i = 1; i < 16; ++i) EXPECT_EQ(entry[i], 0x11111111 * i);
}

TEST_F(Admin, ControlBuffersGoBothWays) {
  start();
  const std::uint64_t buffer = allocate(4096);
  firmware.on_admin = [this, buffer](const nic_message_admin& command) {
    firmware.fetch(command.header, buffer, 0x2000, 100);
    firmware.fetch(command.header, buffer, 0x3000, 100);  // while one runs: ignored
  };
  put_command(1);
  ring_admin();
  run(us(3));
  ASSERT_EQ(firmware.fetched.size(), 1u);
  EXPECT_EQ(firmware.fetched[0].status, NIC_FETCH_OK);
  EXPECT_EQ(Bytes(ram.bytes.begin() + 0x2000, ram.bytes.begin() + 0x2064), load(buffer, 100));
  EXPECT_EQ(count("ignored_messages"), 1u);
  const Bytes answer = pattern(512, 9);
  std::copy(answer.begin(), answer.end(), ram.bytes.begin() + 0x4000);
  firmware.complete(firmware.commands[0].header, 0, 0x4000, buffer + 1024, 512);
  run(us(3));
  EXPECT_EQ(load(buffer + 1024, 512), answer);
  EXPECT_EQ(answered(), std::vector<unsigned>{1});
  // The command has ended: what the firmware still says of it is stale.
  firmware.fetch(firmware.commands[0].header, buffer, 0x2000, 100);
  firmware.complete(firmware.commands[0].header);
  run(us(3));
  EXPECT_TRUE(answered().empty());
  EXPECT_EQ(count("ignored_messages"), 3u);
}

TEST_F(Admin, WhatCannotBeFetchedIsSaid) {
  start();
  firmware.on_admin = [](const nic_message_admin&) {};
  submit(1);
  const nic_message_header header = firmware.commands[0].header;
  firmware.fetch(header, 0, 0x2000, 0);
  run(us(3));
  firmware.fetch(header, 0, 0x2000, 65537);
  run(us(3));
  host.all_direct = false;
  firmware.fetch(header, 0xf0000000, 0x2000, 64);
  run(us(3));
  firmware.fetch(header, 0, 0xf0000000, 64);
  run(us(3));
  ASSERT_EQ(firmware.fetched.size(), 4u);
  EXPECT_EQ(firmware.fetched[0].status, NIC_FETCH_BAD_SIZE);
  EXPECT_EQ(firmware.fetched[1].status, NIC_FETCH_BAD_SIZE);
  EXPECT_EQ(firmware.fetched[2].status, NIC_FETCH_HOST_ERROR);
  EXPECT_EQ(firmware.fetched[3].status, NIC_FETCH_CARD_ERROR);
  firmware.complete(header, 0, 0xf0000000, 0x1000, 64);  // its data cannot be read
  run(us(3));
  EXPECT_EQ((*poll_admin())[0] >> 16 & 0xff, 6u);
}

TEST_F(Admin, Item17_OneInterruptForWhatCameWhileMasked) {
  start();
  submit(1);
  submit(2);
  EXPECT_TRUE(interrupts().empty());
  set_reg(hreg::offset::INTR_MASK, 0);
  run(us(1));
  EXPECT_EQ(interrupts(), std::vector<unsigned>{0});
  submit(3);  // no mask of its own: one for each
  submit(4);
  EXPECT_EQ(interrupts(), (std::vector<unsigned>{0, 0, 0}));
  set_reg(hreg::offset::INTR_MASK, 1);
  set_reg(hreg::offset::INTR_MASK, 0);
  run(us(1));
  EXPECT_EQ(interrupts().size(), 3u);  // nothing was pending
}

// ---- Events

struct EventRing : Admin {
  // Events that were posted, by their first payload word; phases are checked.
  std::vector<unsigned> seen() {
    std::vector<unsigned> payloads;
    while (true) {
      const auto entry = host.load<std::array<std::uint32_t, 16>>(kAenq + (next & 15) * 64);
      if ((entry[1] & 1) != ((next & 16) == 0)) return payloads;
      EXPECT_EQ(entry[0], 4u);  // group 4, syndrome 0
      ++next;
      payloads.push_back(entry[4]);
    }
  }
  void post(unsigned count) {
    for (unsigned i = 0; i < count; ++i) firmware.post_event(4, posted++);
    run(us(2));
  }
  unsigned next = 0;
  unsigned posted = 0;
};

TEST_F(EventRing, Item18_NoPostBeforeTheHeadDoorbell) {
  plug();
  set_reg(hreg::offset::AENQ_HEAD_DB, 16);  // before there is a ring
  EXPECT_EQ(count("ignored_doorbells"), 1u);
  set_admin_rings();
  EXPECT_EQ(firmware.page.read(control::offset::AENQ), 0u);
  post(1);
  EXPECT_TRUE(seen().empty());
  EXPECT_EQ(count("events_dropped"), 1u);
}

TEST_F(EventRing, Item18_SixteenThenOneForEachCredit) {
  start();
  set_reg(hreg::offset::AENQ_HEAD_DB, 16);
  post(20);
  EXPECT_EQ(seen().size(), 16u);
  EXPECT_EQ(firmware.page.read(control::offset::AENQ), 0u);
  EXPECT_EQ(count("events_dropped"), 4u);
  set_reg(hreg::offset::AENQ_HEAD_DB, 17);
  EXPECT_EQ(firmware.page.read(control::offset::AENQ), 1u);
  post(2);
  EXPECT_EQ(seen(), std::vector<unsigned>{20});
  EXPECT_EQ(reg(hreg::offset::AENQ_TAIL), 17u);
  // More than the ring holds is no credit.
  set_reg(hreg::offset::AENQ_HEAD_DB, 34);
  EXPECT_EQ(count("ignored_doorbells"), 1u);
  EXPECT_EQ(firmware.page.read(control::offset::AENQ), 0u);
}

TEST_F(EventRing, Item18_CountersWrap) {
  start();
  std::uint32_t head = 16;
  for (unsigned i = 0; i < 65536 / 16 + 4; ++i, head += 16) {
    set_reg(hreg::offset::AENQ_HEAD_DB, head & 0xffff);
    post(16);
    ASSERT_EQ(seen().size(), 16u) << i;
    host.writes.clear();
  }
  EXPECT_EQ(count("events_dropped"), 0u);
}

TEST_F(EventRing, Item18_EntriesAndInterrupts) {
  start();
  set_reg(hreg::offset::AENQ_HEAD_DB, 16);
  set_reg(hreg::offset::INTR_MASK, 0);
  run(us(1));
  host.writes.clear();
  nic_message_aenq event{};
  event.header = {NIC_MESSAGE_AENQ, 0, 0};
  event.group = 3;
  event.syndrome = 2;
  for (std::uint32_t i = 0; i < 12; ++i) event.payload[i] = 0xa0 + i;
  firmware.send(event);
  run(us(2));
  ASSERT_EQ(host.writes.size(), 2u);  // all of it, then the interrupt
  ASSERT_EQ(host.writes[0].data.size(), 64u);
  const auto entry = host.writes[0].as<std::array<std::uint32_t, 16>>();
  EXPECT_EQ(entry[0], 3u | 2u << 16);
  EXPECT_EQ(entry[1], 1u);
  for (std::uint32_t i = 0; i < 12; ++i) EXPECT_EQ(entry[4 + i], 0xa0 + i);
  EXPECT_EQ(interrupts(), std::vector<unsigned>{0});
}

}  // namespace
}  // namespace cardvp::nic::ena
