// The wire between the cards of a simulation, with what else is plugged into it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/base/model.h"
#include "models/wire/attachment.h"
#include "models/wire/capture_port.h"
#include "models/wire/config.h"
#include "models/wire/fabric.h"
#include "models/wire/port.h"

namespace cardvp::wire {

class Wire : public Model {
 public:
  // `captures`: the folder of capture files, which is there. Throws std::runtime_error, with remedy, if an attachment
  // cannot be had.
  Wire(sc_core::sc_module_name name, Sim& sim, const Config& config, FramePool& frames,
       std::filesystem::path captures = {});
  ~Wire() override;

  // A port for a card; before simulation only. Without a wire (kNone) it is down. Throws std::runtime_error, with
  // remedy, if the name is taken, or its capture cannot be written.
  Port& add_card(const std::string& name);

  // Pulls or plugs the cable of a card or attachment. False: there is none of that name, or no wire.
  bool set_link(const std::string& name, bool up);

  // Something outside of the simulation is attached: results depend on it, and it answers in its own time.
  bool external() const;
  // Takes what has come from there: to be called between slices of simulated time.
  void poll();
  // Captures hold all that has passed by now.
  void flush_captures();

 private:
  struct Named {
    std::string name;
    FabricPort& port;
  };
  FabricPort& add_port(const std::string& name);

  Config config_;
  FramePool& frames_;
  std::filesystem::path captures_;
  Fabric fabric_;
  std::vector<Named> ports_;
  std::vector<std::unique_ptr<CapturePort>> capture_ports_;
  std::vector<std::unique_ptr<Attachment>> attachments_;
};

}  // namespace cardvp::wire
