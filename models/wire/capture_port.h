// Stands between a card and its port, and writes down what passes, in order of time: a frame of the card's when its
// last bit has left, one for the card when it is there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/base/model.h"
#include "models/wire/capture.h"
#include "models/wire/port.h"
#include "models/wire/ring.h"

namespace cardvp::wire {

class CapturePort final : public Port, private PortClient {
 public:
  CapturePort(const Scheduler& scheduler, Port& port, const std::filesystem::path& path);
  ~CapturePort() override;

  // Port.
  void connect(PortClient& client) override;
  sc_core::sc_time send(FramePtr frame, sc_core::sc_time at) override;
  sc_core::sc_time free_at() const override { return port_.free_at(); }
  bool up() const override { return port_.up(); }

  // What has passed by now is in the file. Why it is not; empty: it is.
  std::string flush();

 private:
  struct Passed {
    sc_core::sc_time at;
    std::vector<std::byte> bytes;
  };

  void receive(FramePtr frame, sc_core::sc_time at) override;
  void link_changed(bool up) override { client_->link_changed(up); }
  void write(sc_core::sc_time until);

  const Scheduler& scheduler_;
  Port& port_;
  PortClient* client_ = nullptr;
  CaptureWriter writer_;
  Ring<Passed> sent_, received_;  // not written yet
};

}  // namespace cardvp::wire
