// Sends the frames of a capture with its own timing. What comes to it goes nowhere.
#pragma once

#include "models/wire/attachment.h"
#include "models/wire/capture.h"

namespace cardvp::wire {

class Replay final : public Attachment {
 public:
  Replay(sc_core::sc_module_name name, Sim& sim, const AttachmentConfig& config, Port& port, FramePool& frames);

  bool external() const override { return false; }

 private:
  void receive(FramePtr, sc_core::sc_time) override {}
  void send_next();
  void schedule();

  sc_core::sc_time start_;
  Capture capture_;
  std::size_t next_ = 0;
  Callback<&Replay::send_next> timer_{scheduler(), *this};
};

}  // namespace cardvp::wire
