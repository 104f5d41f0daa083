// Where something is plugged into a wire: a card's uplink, or the outside world. Full duplex.
#pragma once

#include <systemc>

#include "models/wire/frame.h"

namespace cardvp::wire {

// How early a frame may be told of.
inline const sc_core::sc_time kAhead{1, sc_core::SC_US};

// What is plugged in.
class PortClient {
 public:
  virtual ~PortClient() = default;
  // A frame arrives, whole, at `at`: now, or up to kAhead later, when that is certain and a frame before it has just
  // arrived. In order of time.
  virtual void receive(FramePtr frame, sc_core::sc_time at) = 0;
  virtual void link_changed(bool /*up*/) {}
};

// The wire's side.
class Port {
 public:
  virtual ~Port() = default;
  virtual void connect(PortClient& client) = 0;
  // Starts to send at `at` (not in the past), or as soon after as the line is free; says when the last bit has left.
  // Frames leave in the order of the calls. Without FCS; the FCS, preamble and gap are charged as time.
  virtual sc_core::sc_time send(FramePtr frame, sc_core::sc_time at) = 0;
  // When the line will have sent all that it was given.
  virtual sc_core::sc_time free_at() const = 0;
  virtual bool up() const = 0;
};

}  // namespace cardvp::wire
