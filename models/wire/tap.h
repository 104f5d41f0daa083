// A TAP device: the network of the machine that runs the simulation.
#pragma once

#include <array>

#include "models/wire/attachment.h"

namespace cardvp::wire {

class Tap final : public Attachment {
 public:
  // `node`: where TAP devices come from.
  Tap(sc_core::sc_module_name name, Sim& sim, const AttachmentConfig& config, Port& port, FramePool& frames,
      const char* node = "/dev/net/tun");
  ~Tap() override;
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  bool external() const override { return true; }
  void poll() override;

 private:
  void receive(FramePtr frame, sc_core::sc_time /*at*/) override;

  int file_;
  std::array<std::byte, Frame::kMostBytes + 1> buffer_;  // one that is longer is known as such
};

}  // namespace cardvp::wire
