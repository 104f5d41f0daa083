// The NVMe engine: one controller (NVMe 1.4) per PCIe function. I/O queues are served here; admin commands go to the
// firmware and come back (messages.h), and the firmware rules each controller through its page of nvme_control.def.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/base/bus_target.h"
#include "models/memory/mailbox.h"
#include "models/pcie/endpoint.h"
#include "models/storage/volume.h"

namespace cardvp::nvme {

struct ControllerConfig {
  std::uint8_t function = 0;     // PCIe function number
  unsigned queues = 32;          // I/O queue pairs, 1 to 1023; MSI-X vectors are one more
  unsigned queue_entries = 1024; // CAP.MQES + 1: 2 to 65536
  sc_core::sc_time command_overhead{300, sc_core::SC_NS};  // decode and check of one command, pipelined
  double picojoules_per_command = 0;
};

class Controller;

class Engine : public BusTarget {
 public:
  // `card`: for the data that the firmware hands over by card bus address.
  Engine(sc_core::sc_module_name name, Sim& sim, memory::Mailbox::Channel& channel);
  ~Engine() override;

  // The engine's own way to card memory; bind to the bus.
  tlm_utils::simple_initiator_socket<Engine> card{"card"};

  // Adds a controller with its function to the endpoint; the volume outlives the engine. Before simulation only.
  void add(const ControllerConfig& config, pcie::Link& link, pcie::Endpoint& endpoint, storage::Volume& volume);

  // Card reset.
  void reset();
};

}  // namespace cardvp::nvme
