// The NVMe engine: one controller (NVMe 1.4) per PCIe function. I/O queues are served here; admin commands go to the
// firmware and come back (messages.h), and the firmware rules each controller through its page of nvme_control.def.
#pragma once

#include <array>
#include <memory>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/base/bus_target.h"
#include "models/base/card_memory.h"
#include "models/memory/mailbox.h"
#include "models/nvme/controller.h"
#include "models/pcie/endpoint.h"
#include "models/security/volume_cipher.h"
#include "models/storage/volume.h"

namespace cardvp::nvme {

class Engine : public BusTarget {
 public:
  // `cipher`: of encrypted volumes; null if the card has none, which leaves such volumes inaccessible. It outlives the
  // engine.
  Engine(sc_core::sc_module_name name, Sim& sim, memory::Mailbox::Channel& channel,
         security::VolumeCipher* cipher = nullptr);
  ~Engine() override;

  // The engine's own way to card memory, for the data that the firmware hands over by card bus address; bind to the
  // bus.
  tlm_utils::simple_initiator_socket<Engine> card{"card"};

  // Adds a controller with its function to the endpoint; the volume outlives the engine. Before simulation only.
  void add(const ControllerConfig& config, pcie::Link& link, pcie::Endpoint& endpoint, storage::Volume& volume);

  // Card reset.
  void reset();

 private:
  bool access(const BusAccess& access) override;
  void receive(const memory::Message& message);

  memory::Mailbox::Channel& channel_;
  security::VolumeCipher* cipher_;
  CardMemory card_memory_{card};
  std::array<std::unique_ptr<Controller>, 256> controllers_;  // by function number
  RegisterBank absent_;                                       // the page of a function without a controller
  Counter& bad_messages_;
};

}  // namespace cardvp::nvme
