// PL011 UART (Arm DDI 0183G), registers in pl011.def.
//
// Transmission takes no time, whatever the baud rate: a byte is with the sink when its write ends, at the write's
// simulated time, and the transmit FIFO is always empty again. So the transmit interrupt, which the real one raises
// when the FIFO drains to its level, is raised by every write of a byte; software ends it by ICR, or by its mask. As on
// QEMU, bytes are transmitted even while the UART is disabled; that is logged once, for real ones would not.
//
// What is typed at the other end of the line waits there until the guest's receiver is on and its FIFO has room, as if
// there were flow control, and then comes at the guest's baud rate: a frame of 10 bits for each byte.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string_view>

#include "models/base/bus_target.h"

namespace cardvp::arm {

struct Pl011Config {
  double clock_hz = 24e6;  // UARTCLK; for the receive timeout
};

class Pl011 : public RegisterTarget {
 public:
  Pl011(sc_core::sc_module_name name, Sim& sim, const Pl011Config& config = {});

  // Who gets what the guest transmits, with its simulated time, which may lie ahead of the kernel's.
  void on_transmit(std::function<void(char, sc_core::sc_time at)> sink) { sink_ = std::move(sink); }
  // Whole lines may be typed at any time: none of it is lost on its way to the FIFO, not even by a card reset. (What
  // the guest or a reset drops from the FIFO is.)
  void type(std::string_view text);
  // A byte arrives on the line, now. False if it is lost: FIFO full (an overrun, for the guest to see) or receiver off.
  bool receive(std::uint8_t byte);

  Line interrupt;

  // Card reset: empties the FIFO, disables the receiver.
  void reset();

 private:
  bool access(const BusAccess& access) override;
  std::uint64_t read_data();
  void write_data(const RegisterWrite& write);
  bool takes_typed() const;  // the next typed byte may come
  void arrive();
  void await_arrival();
  void timeout();
  sc_core::sc_time bit_time() const;
  std::size_t depth() const;
  std::size_t level() const;  // of the receive interrupt
  void empty_fifo();
  void update_interrupt();

  Pl011Config config_;
  std::function<void(char, sc_core::sc_time)> sink_;
  std::deque<std::uint8_t> received_;
  bool overrun_ = false;  // since there last was room
  bool warned_disabled_ = false;
  sc_core::sc_time timeout_at_;  // 32 bit times after the last byte
  Callback<&Pl011::timeout> timeout_;
  std::deque<char> typed_;
  Callback<&Pl011::arrive> arrival_;  // of the first typed byte
  Counter& transmitted_bytes_;
  Counter& received_bytes_;
  Counter& lost_bytes_;
};

}  // namespace cardvp::arm
