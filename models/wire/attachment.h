// Something beside the cards that is plugged into a port.
#pragma once

#include <memory>
#include <string_view>

#include "models/base/model.h"
#include "models/wire/config.h"
#include "models/wire/port.h"

namespace cardvp::wire {

class Attachment : public Model, public PortClient {
 public:
  Attachment(sc_core::sc_module_name name, Sim& sim, Port& port, FramePool& frames)
      : Model(name, sim), port_(port), frames_(frames) {}

  // It is another process or the host's network: what comes from it depends on more than the scenario.
  virtual bool external() const = 0;
  // Takes what has come from outside, without waiting, and not more than the port can send soon.
  virtual void poll() {}

 protected:
  static constexpr unsigned kMostPerPoll = 256;  // frames: the simulation goes on, whatever comes

  // The port has sent nearly all that it was given.
  bool port_free() const { return port_.free_at() <= now() + sc_core::sc_time(10, sc_core::SC_US); }
  // Hands a frame from outside to the port, if a frame can be so long or short; else it is dropped and counted.
  void take(std::span<const std::byte> frame);
  // A frame goes no further: "drops.REASON".
  void drop(const char* reason) { counter(std::string("drops.") + reason, "frames").add(); }

  Port& port_;
  FramePool& frames_;
};

// Throws std::runtime_error, with remedy, if it cannot be had.
std::unique_ptr<Attachment> make_attachment(Sim& sim, const AttachmentConfig& config, Port& port, FramePool& frames);

}  // namespace cardvp::wire
