#include "models/memory/mailbox.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "models/base/registers.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::memory {
namespace {

using sc_core::SC_NS;
using sc_core::sc_start;
using sc_core::sc_time;

namespace mailbox_registers {
#define CARDVP_REGISTERS "models/memory/mailbox.def"
#include "models/base/declare_registers.h"
}  // namespace mailbox_registers
namespace offset = mailbox_registers::offset;  // as firmware has them

Message message(std::uint32_t seed) {
  Message made;
  for (std::uint32_t n = 0; n < made.words.size(); ++n) made.words[n] = seed * 1000 + n;
  return made;
}

struct MailboxTest : testing::Test {
  Sim sim;
  Mailbox mailbox{"mailbox", sim, 4};
  Initiator core{"core"};
  std::vector<bool> levels;

  void SetUp() override {
    mailbox.interrupt.connect([this](bool level) { levels.push_back(level); });
    core.socket.bind(mailbox.socket);
    sc_start(sc_core::SC_ZERO_TIME);
  }
  std::uint64_t read(unsigned channel, std::uint64_t at) { return core.read(channel * 0x1000 + at); }
  void write(unsigned channel, std::uint64_t at, std::uint32_t value) {
    EXPECT_TRUE(core.write(channel * 0x1000 + at, value));
  }
  void send(unsigned channel, std::uint32_t seed) {
    const Message sent = message(seed);
    for (std::uint32_t n = 0; n < 32; ++n) write(channel, offset::TX_DATA + 4 * n, sent.words[n]);
    write(channel, offset::TX_SEND, 1);
  }
  std::uint64_t dropped() { return sim.stats.counter("mailbox.dropped", "messages").value(); }
};

TEST_F(MailboxTest, FirmwareReadsMessagesInOrder) {
  EXPECT_EQ(read(1, offset::RX_STATUS), 0u);
  EXPECT_EQ(read(1, offset::RX_DATA), 0u);
  EXPECT_TRUE(mailbox.channel(1).send(message(1)));
  EXPECT_TRUE(mailbox.channel(1).send(message(2)));
  EXPECT_EQ(read(1, offset::RX_STATUS), 2u);
  EXPECT_EQ(read(0, offset::RX_STATUS), 0u);  // its own
  EXPECT_EQ(read(1, offset::RX_DATA), 1000u);
  EXPECT_EQ(read(1, offset::RX_DATA + 31 * 4), 1031u);
  write(1, offset::RX_POP, 0);
  EXPECT_EQ(read(1, offset::RX_STATUS), 2u);
  write(1, offset::RX_POP, 1);
  EXPECT_EQ(read(1, offset::RX_STATUS), 1u);
  EXPECT_EQ(read(1, offset::RX_DATA + 31 * 4), 2031u);
  write(1, offset::RX_POP, 1);
  write(1, offset::RX_POP, 1);  // one too many
  EXPECT_EQ(read(1, offset::RX_STATUS), 0u);
  EXPECT_EQ(read(1, offset::RX_DATA), 0u);
}

TEST_F(MailboxTest, FullChannelDropsAndCounts) {
  for (std::size_t n = 0; n < Mailbox::Channel::kDepth; ++n)
    ASSERT_TRUE(mailbox.channel(2).send(message(static_cast<std::uint32_t>(n))));
  EXPECT_FALSE(mailbox.channel(2).send(message(7)));
  EXPECT_EQ(dropped(), 1u);
  EXPECT_EQ(read(2, offset::RX_STATUS), 65535u);
  EXPECT_EQ(read(2, offset::RX_DATA), 0u);  // the oldest is still the first one
  write(2, offset::RX_POP, 1);
  EXPECT_TRUE(mailbox.channel(2).send(message(7)));
}

TEST_F(MailboxTest, InterruptIsTheLevelOfAllChannels) {
  mailbox.channel(0).send(message(1));
  EXPECT_FALSE(mailbox.interrupt.level());
  write(0, offset::INTERRUPT, 1);
  EXPECT_TRUE(mailbox.interrupt.level());
  write(3, offset::INTERRUPT, 1);
  mailbox.channel(3).send(message(2));
  write(0, offset::RX_POP, 1);
  EXPECT_TRUE(mailbox.interrupt.level());  // channel 3
  write(3, offset::INTERRUPT, 0);
  EXPECT_FALSE(mailbox.interrupt.level());
  EXPECT_EQ(levels, (std::vector<bool>{true, false}));
  mailbox.channel(0).send(message(3));  // nobody accesses: asserted at once
  EXPECT_EQ(levels, (std::vector<bool>{true, false, true}));
}

TEST_F(MailboxTest, DeliversAtTheTimeOfTheWriteInOrder) {
  std::vector<std::pair<sc_time, std::uint32_t>> seen;
  for (unsigned n : {0u, 1u})
    mailbox.channel(n).on_message(
        [&seen](const Message& got) { seen.emplace_back(sc_core::sc_time_stamp(), got.words[31]); });
  core.ahead = sc_time(1000, SC_NS);
  send(0, 1);
  send(0, 2);  // TX_DATA is reused before the first one is delivered
  core.ahead = sc_time(3000, SC_NS);
  send(1, 3);
  core.ahead = sc_time(2000, SC_NS);  // another initiator, less far ahead
  send(1, 4);
  core.ahead = sc_time(500, SC_NS);
  send(0, 5);
  EXPECT_TRUE(seen.empty());
  sc_start();
  const auto at = [](double ns) { return sc_time(ns + 10, SC_NS); };  // 10 ns: the access itself
  EXPECT_EQ(seen, (std::vector<std::pair<sc_time, std::uint32_t>>{
                      {at(500), 5031}, {at(1000), 1031}, {at(1000), 2031}, {at(2000), 4031}, {at(3000), 3031}}));
}

TEST_F(MailboxTest, ReceiversMayAnswerAndResetFromTheCall) {
  std::vector<std::uint32_t> seen;
  mailbox.channel(1).on_message([&](const Message& got) {
    seen.push_back(got.words[0]);
    mailbox.channel(1).send(got);
    if (got.words[0] == 2000) mailbox.reset();
  });
  for (std::uint32_t n = 1; n <= 3; ++n) send(1, n);
  sc_start();
  EXPECT_EQ(seen, (std::vector<std::uint32_t>{1000, 2000}));
  EXPECT_EQ(read(1, offset::RX_STATUS), 0u);
}

TEST_F(MailboxTest, CountsWhatNobodyReceives) {
  send(3, 1);
  sc_start();
  EXPECT_EQ(dropped(), 1u);
}

TEST_F(MailboxTest, ResetDropsBothWays) {
  bool delivered = false;
  mailbox.channel(0).on_message([&](const Message&) { delivered = true; });
  write(0, offset::INTERRUPT, 1);
  mailbox.channel(0).send(message(1));
  core.ahead = sc_time(100, SC_NS);
  send(0, 1);
  mailbox.reset();
  EXPECT_FALSE(mailbox.interrupt.level());
  core.ahead = sc_core::SC_ZERO_TIME;
  EXPECT_EQ(read(0, offset::RX_STATUS), 0u);
  EXPECT_EQ(read(0, offset::INTERRUPT), 0u);
  EXPECT_EQ(read(0, offset::TX_DATA), 0u);
  sc_start();
  EXPECT_FALSE(delivered);
}

TEST_F(MailboxTest, PagesWithoutAChannelAreErrors) {
  EXPECT_FALSE(core.write(4 * 0x1000 + offset::TX_SEND, 1));
  EXPECT_FALSE(core.write(0x1000 + 0x300, 1));
  EXPECT_FALSE(core.write(~0ull - 3, 1));
}

}  // namespace
}  // namespace cardvp::memory
