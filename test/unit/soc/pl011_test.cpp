#include "models/arm/pl011.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "models/base/registers.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::arm {
namespace {

using sc_core::SC_NS;
using sc_core::sc_start;
using sc_core::sc_time;
using sc_core::SC_US;

namespace pl011_registers {
#define CARDVP_REGISTERS "models/arm/pl011.def"
#include "models/base/declare_registers.h"
}  // namespace pl011_registers
namespace reg = pl011_registers::offset;  // as firmware has them

// Bits of RIS, MIS, IMSC and ICR (DDI 0183G, 3.3.10).
constexpr std::uint64_t kRx = 1 << 4, kTx = 1 << 5, kRt = 1 << 6, kOe = 1 << 10;

struct Uart : testing::Test {
  Sim sim;
  Pl011 uart{"uart", sim};
  Initiator core{"core"};
  std::vector<std::pair<char, sc_time>> sent;

  void SetUp() override {
    uart.on_transmit([this](char byte, sc_time at) { sent.emplace_back(byte, at); });
    core.socket.bind(uart.socket);
    sc_start(sc_core::SC_ZERO_TIME);
    write(reg::IBRD, 13);  // 24 MHz / (16 * 13 1/64): 115200 baud
    write(reg::FBRD, 1);
    write(reg::LCR_H, 0x70);  // 8 bits, FIFOs
    write(reg::CR, 0x301);
  }
  std::uint64_t read(std::uint64_t at) { return core.read(at); }
  void write(std::uint64_t at, std::uint64_t value) { EXPECT_TRUE(core.write(at, value)); }
  bool receive(const std::string& text) {
    bool all = true;
    for (const char byte : text) all = uart.receive(static_cast<std::uint8_t>(byte)) && all;
    return all;
  }
};

TEST_F(Uart, IdentifiesItself) {
  std::uint64_t peripheral = 0, component = 0;
  for (unsigned n = 0; n < 4; ++n) {
    peripheral |= read(reg::PERIPH_ID0 + 4 * n) << (8 * n);
    component |= read(reg::PCELL_ID0 + 4 * n) << (8 * n);
  }
  EXPECT_EQ(peripheral & 0xfffff, 0x41011u);
  EXPECT_EQ(component, 0xb105f00du);
  uart.reset();
  EXPECT_EQ(read(reg::CR), 0x300u);
  EXPECT_EQ(read(reg::IFLS), 0x12u);
  EXPECT_EQ(read(reg::FR), 0x90u);
}

TEST_F(Uart, TransmitsAtTheTimeOfTheWrite) {
  core.ahead = sc_time(250, SC_NS);
  write(reg::DR, 'h');
  core.ahead = sc_time(1, SC_US);
  ASSERT_TRUE(core.write(reg::DR, 0xe9, 1));
  EXPECT_EQ(sent, (std::vector<std::pair<char, sc_time>>{{'h', sc_time(260, SC_NS)},
                                                         {static_cast<char>(0xe9), sc_time(1010, SC_NS)}}));
  EXPECT_EQ(read(reg::FR) & 0xa8, 0x80u);  // TXFE, not TXFF, not BUSY
  ASSERT_TRUE(core.write(reg::DR + 1, 'x', 1));
  EXPECT_EQ(sent.size(), 2u);  // no data in that byte
}

TEST_F(Uart, TransmitInterruptComesOnlyAfterData) {
  write(reg::IMSC, kTx);
  EXPECT_FALSE(uart.interrupt.level());  // enabled before any data was written: nothing has drained
  write(reg::DR, 'a');
  EXPECT_TRUE(uart.interrupt.level());
  EXPECT_EQ(read(reg::MIS), kTx);
  write(reg::ICR, kTx);
  EXPECT_FALSE(uart.interrupt.level());
  write(reg::DR, 'b');
  write(reg::IMSC, 0);  // as Linux stops transmission
  EXPECT_FALSE(uart.interrupt.level());
  EXPECT_EQ(read(reg::RIS), kTx);
  EXPECT_EQ(read(reg::MIS), 0u);
}

TEST_F(Uart, TransmitsWhileDisabledAndSaysSoOnce) {
  std::string text;
  sim.log.set_sink([&](const LogRecord& record) { text += record.text; });
  write(reg::CR, 0x300);
  write(reg::DR, 'a');
  write(reg::DR, 'b');
  EXPECT_EQ(sent.size(), 2u);
  EXPECT_EQ(text, "transmits while disabled: a real UART would not");
}

TEST_F(Uart, ReceivesInOrderThroughTheFifo) {
  EXPECT_TRUE(receive("0123456789abcdef"));
  EXPECT_EQ(read(reg::FR) & 0x50, 0x40u);  // RXFF
  for (const char byte : std::string("0123456789abcdef")) EXPECT_EQ(read(reg::DR), static_cast<unsigned>(byte));
  EXPECT_EQ(read(reg::FR) & 0x50, 0x10u);  // RXFE
  EXPECT_EQ(read(reg::DR), 0u);
}

TEST_F(Uart, ReceiveInterruptFollowsTheLevel) {
  write(reg::IMSC, kRx);
  EXPECT_TRUE(receive("1234567"));
  EXPECT_FALSE(uart.interrupt.level());
  EXPECT_TRUE(receive("8"));  // half of the FIFO
  EXPECT_TRUE(uart.interrupt.level());
  read(reg::DR);
  EXPECT_FALSE(uart.interrupt.level());
  receive("8");
  write(reg::ICR, kRx);
  EXPECT_FALSE(uart.interrupt.level());
  uart.reset();
  write(reg::CR, 0x301);
  write(reg::LCR_H, 0x70);
  write(reg::IFLS, 4 << 3);
  receive("0123456789abc");
  EXPECT_EQ(read(reg::RIS) & kRx, 0u);
  receive("d");
  EXPECT_EQ(read(reg::RIS) & kRx, kRx);  // 14 of 16
}

TEST_F(Uart, ReceiveTimeoutComes32BitTimesAfterTheLastByte) {
  write(reg::IMSC, kRt);
  receive("a");
  sc_start(sc_time(200, SC_US));
  receive("b");
  // 32 bits of 16 * (13 + 1/64) clocks of 24 MHz: 277.667 us
  sc_start(sc_time(277, SC_US));
  EXPECT_FALSE(uart.interrupt.level());
  sc_start(sc_time(1, SC_US));
  EXPECT_TRUE(uart.interrupt.level());
  EXPECT_EQ(read(reg::DR), unsigned{'a'});
  EXPECT_TRUE(uart.interrupt.level());
  EXPECT_EQ(read(reg::DR), unsigned{'b'});
  EXPECT_FALSE(uart.interrupt.level());
  sc_start(sc_time(1, SC_US));
  EXPECT_TRUE(sim.scheduler.idle());
}

TEST_F(Uart, NoTimeoutForAFifoThatWasRead) {
  receive("a");
  read(reg::DR);
  sc_start(sc_time(1000, SC_US));
  EXPECT_EQ(read(reg::RIS), 0u);
}

TEST_F(Uart, OverrunKeepsTheFifoAndIsReported) {
  write(reg::IMSC, kOe);
  EXPECT_TRUE(receive("0123456789abcdef"));
  EXPECT_FALSE(uart.interrupt.level());
  EXPECT_FALSE(receive("X"));
  EXPECT_TRUE(uart.interrupt.level());
  EXPECT_EQ(read(reg::RSR), 8u);
  EXPECT_EQ(read(reg::DR), 0x800u | '0');
  EXPECT_EQ(read(reg::DR), unsigned{'1'});  // there is room again
  EXPECT_EQ(read(reg::RSR), 8u);            // until it is cleared
  write(reg::RSR, 0);
  EXPECT_EQ(read(reg::RSR), 0u);
  write(reg::ICR, kOe);
  EXPECT_FALSE(uart.interrupt.level());
  EXPECT_EQ(sim.stats.counter("uart.lost", "bytes").value(), 1u);
}

TEST_F(Uart, WithoutFifosThereIsOneByte) {
  receive("abc");
  write(reg::LCR_H, 0x60);  // empties it
  EXPECT_EQ(read(reg::FR) & 0x10, 0x10u);
  EXPECT_TRUE(receive("d"));
  EXPECT_EQ(read(reg::RIS) & kRx, kRx);
  EXPECT_FALSE(receive("e"));
  EXPECT_EQ(read(reg::DR) & 0xff, unsigned{'d'});
  EXPECT_EQ(read(reg::RIS) & kRx, 0u);
}

TEST_F(Uart, ReceivesOnlyWhileEnabled) {
  write(reg::CR, 0x101);  // RXE off
  EXPECT_FALSE(receive("a"));
  write(reg::CR, 0x300);
  EXPECT_FALSE(receive("a"));
  EXPECT_EQ(read(reg::FR) & 0x10, 0x10u);
  EXPECT_EQ(read(reg::RIS), 0u);
}

TEST_F(Uart, LoopbackReceivesWhatIsTransmitted) {
  write(reg::CR, 0x381);
  write(reg::DR, 'z');
  EXPECT_TRUE(sent.empty());
  EXPECT_EQ(read(reg::DR), unsigned{'z'});
}

// A frame at 115200 baud: 10 bits of 16 * (13 + 1/64) clocks of 24 MHz are 86.771 us.
TEST_F(Uart, TypedTextComesAtTheBaudRate) {
  write(reg::IMSC, kRx | kRt);
  uart.type("01234567");
  EXPECT_EQ(read(reg::FR) & 0x10, 0x10u);
  sc_start(sc_time(86, SC_US));
  EXPECT_EQ(read(reg::FR) & 0x10, 0x10u);
  sc_start(sc_time(1, SC_US));
  EXPECT_EQ(read(reg::DR), unsigned{'0'});
  sc_start(sc_time(607, SC_US));  // 694: seven frames more end at 694.17
  EXPECT_EQ(read(reg::RIS), 0u);
  write(reg::IFLS, 1 << 3);  // 4 of 16
  sc_start(sc_time(1, SC_US));
  EXPECT_EQ(read(reg::MIS), kRx);
  sc_start(sc_time(278, SC_US));  // 32 bits behind the last one
  EXPECT_EQ(read(reg::MIS), kRx | kRt);
  for (const char byte : std::string("1234567")) EXPECT_EQ(read(reg::DR), static_cast<unsigned>(byte));
  EXPECT_EQ(read(reg::MIS), 0u);
  EXPECT_TRUE(sim.scheduler.idle());
}

TEST_F(Uart, TypedTextIsNeverLost) {
  std::string text;
  for (unsigned n = 0; n < 300; ++n) text += static_cast<char>(n);
  uart.type(text.substr(0, 100));
  uart.type(text.substr(100));
  sc_start(sc_time(10, sc_core::SC_MS));
  EXPECT_EQ(read(reg::FR) & 0x40, 0x40u);  // full: the rest waits
  EXPECT_TRUE(sim.scheduler.idle());
  EXPECT_EQ(read(reg::RIS), kRx | kRt);
  std::string got;
  for (unsigned polls = 0; got.size() < text.size() && polls < 10000; ++polls) {
    if (read(reg::FR) & 0x10)
      sc_start(sc_time(50, SC_US));
    else
      got += static_cast<char>(read(reg::DR));
  }
  EXPECT_EQ(got, text);
  EXPECT_EQ(read(reg::RSR), 0u);
  EXPECT_EQ(sim.stats.counter("uart.lost", "bytes").value(), 0u);
}

TEST_F(Uart, TypedTextWaitsForTheReceiver) {
  write(reg::CR, 0x101);
  uart.type("ab");
  EXPECT_TRUE(sim.scheduler.idle());
  write(reg::CR, 0x381);  // loopback: the line is not connected
  EXPECT_TRUE(sim.scheduler.idle());
  write(reg::CR, 0x301);
  sc_start(sc_time(50, SC_US));
  write(reg::CR, 0x300);  // in the middle of a frame
  sc_start(sc_time(1000, SC_US));
  EXPECT_EQ(read(reg::FR) & 0x10, 0x10u);
  uart.reset();
  write(reg::CR, 0x301);  // no FIFO, no divisor
  sc_start(sc_time(1000, SC_US));
  EXPECT_EQ(read(reg::DR), unsigned{'a'});
  EXPECT_EQ(read(reg::FR) & 0x10, 0x10u);  // one byte at a time
  sc_start(sc_time(1000, SC_US));
  EXPECT_EQ(read(reg::DR), unsigned{'b'});
  EXPECT_TRUE(sim.scheduler.idle());
}

TEST_F(Uart, EnablingFifosMakesRoomForTypedText) {
  write(reg::LCR_H, 0x60);
  uart.type("abc");
  sc_start(sc_time(1000, SC_US));
  write(reg::LCR_H, 0x70);  // drops 'a', as it does
  sc_start(sc_time(1000, SC_US));
  EXPECT_EQ(read(reg::DR), unsigned{'b'});
  EXPECT_EQ(read(reg::DR), unsigned{'c'});
}

// What Linux's driver does to write a line: enables the interrupt behind the first bytes, and sends the rest in it.
TEST_F(Uart, TransmitInterruptKeepsADriverGoing) {
  unsigned left = 20;
  const auto send = [&] {
    for (unsigned n = 0; n < 8 && left > 0; ++n, --left) write(reg::DR, 'x');
  };
  send();
  write(reg::IMSC, kTx);
  unsigned interrupts = 0;
  while (uart.interrupt.level() && ++interrupts < 10) {
    EXPECT_EQ(read(reg::MIS), kTx);
    write(reg::ICR, kTx);
    if (left == 0) write(reg::IMSC, 0);
    send();
  }
  EXPECT_EQ(sent.size(), 20u);
  EXPECT_EQ(interrupts, 3u);
}

TEST_F(Uart, BadAccessesAreBusErrors) {
  std::uint64_t data[2] = {};
  EXPECT_FALSE(core.access(false, reg::DR, data, 16));
  EXPECT_FALSE(core.access(true, reg::CR, data, 3));
  EXPECT_FALSE(core.write(reg::CR + 2, 0, 4));
  EXPECT_FALSE(core.write(0x008, 0));
  EXPECT_FALSE(core.write(0x1000, 0));
  EXPECT_EQ(read(reg::CR), 0x301u);
  write(reg::FR, 0xffffffff);
  write(reg::RIS, 0xffffffff);
  EXPECT_EQ(read(reg::RIS), 0u);
}

TEST_F(Uart, DebuggersTakeNoBytesAway) {
  receive("a");
  std::uint32_t value = 0;
  EXPECT_EQ(core.debug(false, reg::DR, &value, 4), 0u);
  EXPECT_EQ(core.debug(false, reg::CR, &value, 4), 4u);
  EXPECT_EQ(value, 0x301u);
  EXPECT_EQ(read(reg::DR), unsigned{'a'});
}

TEST_F(Uart, ResetEmptiesEverything) {
  write(reg::IMSC, 0x7ff);
  receive("0123456789abcdefgh");
  EXPECT_TRUE(uart.interrupt.level());
  uart.reset();
  EXPECT_FALSE(uart.interrupt.level());
  EXPECT_EQ(read(reg::RIS), 0u);
  EXPECT_EQ(read(reg::RSR), 0u);
  EXPECT_EQ(read(reg::FR), 0x90u);
  sc_start(sc_time(10, SC_US));
  EXPECT_TRUE(sim.scheduler.idle());  // no timeout is left
}

}  // namespace
}  // namespace cardvp::arm
