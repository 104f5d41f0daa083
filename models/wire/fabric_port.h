// A port of the fabric: a line in, paths, and an output queue with a line out.
//
// What becomes of a frame on the way in and on its path is decided when it is sent; the output is gone through in order
// of arrival as time passes (settle), so that a frame of a faster path overtakes. Nothing that is sent from now on can
// be at the output sooner than the fastest path takes: so far ahead, at most kAhead, the output is settled, and one
// event delivers all that it will have sent by then.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "models/base/model.h"
#include "models/wire/config.h"
#include "models/wire/drop.h"
#include "models/wire/path.h"
#include "models/wire/port.h"
#include "models/wire/ring.h"
#include "models/wire/serial_line.h"

namespace cardvp::wire {

class FabricPort;

// What stands between the ports.
class Forwarding {
 public:
  virtual ~Forwarding() = default;
  // A frame, of an Ethernet header at least, has come in whole at `at`, which may be in the future.
  virtual void forward(FabricPort& from, FramePtr frame, sc_core::sc_time at) = 0;
};

class FabricPort final : public Port {
 public:
  // `name`: hierarchical, in statistics and as a seed.
  FabricPort(Sim& sim, const std::string& name, const Config& config, std::uint16_t number, Forwarding& forwarding);

  // Port.
  void connect(PortClient& client) override { client_ = &client; }
  sc_core::sc_time send(FramePtr frame, sc_core::sc_time at) override;
  sc_core::sc_time free_at() const override { return in_.free_at(); }
  bool up() const override { return up_; }

  // While it is down nothing comes in, and what arrives for it is dropped.
  void set_up(bool up);

  // The fabric's side.
  std::uint16_t number() const { return number_; }
  Path::Crossing cross(std::size_t path, std::size_t frame_bytes, sc_core::sc_time at) {
    return paths_[path].cross(at, frame_bytes, random_);
  }
  // A frame for this port's output, where it is at `arrival`.
  void put_out(FramePtr frame, sc_core::sc_time arrival);
  void drop(Drop reason) { drops_[static_cast<std::size_t>(reason)]->add(); }

 private:
  struct Arriving {
    sc_core::sc_time at;
    std::uint64_t order;
    FramePtr frame;
    bool operator>(const Arriving& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  struct Leaving {
    sc_core::sc_time at;  // whole
    FramePtr frame;
  };

  void settle(sc_core::sc_time until);
  void deliver();
  void arm();

  Sim& sim_;
  std::uint16_t number_;
  Forwarding& forwarding_;
  PortClient* client_ = nullptr;
  bool up_;

  SerialLine in_, out_;
  std::vector<Path> paths_;
  Random random_;
  sc_core::sc_time ahead_;          // what is at the output by then is known
  sc_core::sc_time queue_;          // to send what waits at most
  std::vector<Arriving> arriving_;  // a heap, earliest first
  std::uint64_t order_ = 0;
  Ring<Leaving> leaving_;
  bool delivering_ = false;
  sc_core::sc_time due_;  // of the timer
  Callback<&FabricPort::deliver> timer_;

  Counter &in_frames_, &in_bytes_, &out_frames_, &out_bytes_;
  std::array<Counter*, kDrops> drops_{};
};

}  // namespace cardvp::wire
