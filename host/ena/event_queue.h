// The asynchronous event notification queue: events that the device posts as far as it has credit.
#pragma once

#include "host/ena/registers.h"

namespace cardvp::host::ena {

class EventQueue {
 public:
  static constexpr unsigned kDepth = 16;

  EventQueue(Memory& memory, Registers& registers) : registers_(registers), ring_(memory, kDepth * sizeof(Event)) {}

  // A new ring, told to the device: without credit until enable().
  void open();
  void enable() { registers_.write(reg::kAenqHead, kDepth); }
  // Gives each event to `handle(const Event&)`, then its place back to the device.
  template <class Handle>
  void reap(Handle&& handle) {
    const std::uint16_t before = head_;
    while ((ring_.as<Event>()[head_ % kDepth].flags & 1) != (head_ / kDepth & 1)) {
      const Event event = ring_.as<Event>()[head_ % kDepth];
      ++head_;
      handle(event);
    }
    if (head_ != before) registers_.write(reg::kAenqHead, static_cast<std::uint16_t>(head_ + kDepth));
  }

 private:
  Registers& registers_;
  Buffer ring_;
  std::uint16_t head_ = 0;  // free-running
};

}  // namespace cardvp::host::ena
