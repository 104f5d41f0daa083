// A port that keeps what is sent.
#pragma once

#include <algorithm>

#include "test/unit/wire/harness.h"

namespace cardvp::wire {

struct FakePort : Port {
  explicit FakePort(Sim& s) : sim(s) {}

  void connect(PortClient& c) override { client = &c; }
  sc_core::sc_time send(FramePtr frame, sc_core::sc_time at) override {
    calls.push_back(sim.scheduler.now());
    times.push_back(std::max(at, free));
    sent.emplace_back(frame->bytes().begin(), frame->bytes().end());
    return free = times.back() + frame_time;
  }
  sc_core::sc_time free_at() const override { return free; }
  bool up() const override { return true; }

  Sim& sim;
  PortClient* client = nullptr;
  sc_core::sc_time frame_time;  // that each takes
  sc_core::sc_time free;
  Frames sent;
  std::vector<sc_core::sc_time> calls, times;  // of send(), and when the line began to send
};

}  // namespace cardvp::wire
