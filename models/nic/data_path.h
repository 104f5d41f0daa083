// Between an ENA function and what carries its packets.
#pragma once

#include <cstdint>

#include <systemc>

#include "models/wire/frame.h"

namespace cardvp::nic {

// The function, as the data path sees it.
class HostSide {
 public:
  virtual ~HostSide() = default;
  // A frame for the host: in memory of the card from `ready` on, which may be in the future. In order of the calls.
  virtual void deliver(wire::FramePtr frame, sc_core::sc_time ready) = 0;
};

class DataPath {
 public:
  virtual ~DataPath() = default;
  virtual void connect(std::uint16_t function, HostSide& host) = 0;

  struct Sent {
    bool accepted = true;   // false: dropped, and counted with its reason
    sc_core::sc_time next;  // the function is to hand over nothing more before this: the wire, or an allowance, is busy
  };
  // A frame of the host's: complete, checksums included, not padded; there from `ready` on, which may be in the future.
  virtual Sent transmit(std::uint16_t function, wire::FramePtr frame, sc_core::sc_time ready) = 0;
  // The device was reset: its counters start again. What it has sent is on its way and stays.
  virtual void device_reset(std::uint16_t function) = 0;
};

}  // namespace cardvp::nic
