// The card's control plane, as far as a scenario needs it: tells the firmware which volumes there are, and to bring the
// link up (platform/control_messages.h), and keeps what the firmware answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/base/model.h"
#include "models/memory/mailbox.h"
#include "platform/config.h"

namespace cardvp::platform {

class ControlPlane : public Model {
 public:
  // Volume n is PCIe function n.
  ControlPlane(sc_core::sc_module_name name, Sim& sim, memory::Mailbox::Channel& channel,
               const std::vector<VolumeConfig>& volumes);

  // Sends everything, at each reset of the card; the firmware reads it when it is up.
  void start();

  // The firmware has said that it started.
  bool started() const { return started_; }
  // What the firmware refused: "attach volume docs (function 0): no hardware". Empty: nothing.
  const std::vector<std::string>& refusals() const { return refusals_; }

 private:
  void receive(const memory::Message& message);
  // What was asked under a tag, for people. Tag n attaches volume n; the one behind the last volume is the start.
  std::string request(std::uint32_t tag) const;

  memory::Mailbox::Channel& channel_;
  std::vector<VolumeConfig> volumes_;
  std::vector<std::string> refusals_;
  bool started_ = false;
};

}  // namespace cardvp::platform
