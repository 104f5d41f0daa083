#include "models/wire/replay.h"

#include <algorithm>

namespace cardvp::wire {

Replay::Replay(sc_core::sc_module_name name, Sim& sim, const AttachmentConfig& config, Port& port, FramePool& frames)
    : Attachment(name, sim, port, frames), start_(config.start), capture_(read_capture(config.replay)) {
  if (!capture_.error.empty()) log_.warning(capture_.error);
  port_.connect(*this);
  schedule();
}

// Frames keep their order: one that is due while the line is taken, or that is older than the one before, is next.
void Replay::schedule() {
  if (next_ == capture_.frames.size()) return;
  timer_.call_at(std::max({start_ + capture_.frames[next_].time, port_.free_at(), now()}));
}

void Replay::send_next() {
  const CapturedFrame& frame = capture_.frames[next_++];
  if (frame.cut())
    drop("cut");
  else
    take(frame.bytes);
  schedule();
}

}  // namespace cardvp::wire
