// The NIC engine: one ENA function per interface. I/O queues are served here; admin commands go to the firmware and
// come back, and asynchronous events are the firmware's (messages.h), which rules each function through its page of
// nic_control.def. Packets come from and go to a DataPath.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/base/bus_target.h"
#include "models/base/card_memory.h"
#include "models/memory/mailbox.h"
#include "models/nic/data_path.h"
#include "models/nic/packet_math.h"
#include "models/pcie/endpoint.h"

namespace cardvp::nic {

struct EnaConfig {
  std::uint8_t function = 0;      // PCIe function number
  unsigned queues = 32;           // pairs, 1 to 128; MSI-X vectors are one more
  unsigned queue_entries = 4096;  // most of a queue: 256 to 32768, a power of two
  unsigned llq_entries = 1024;    // most of an LLQ, in entries of 128 bytes; 0: no LLQs, no BAR 2
  sc_core::sc_time packet_overhead{50, sc_core::SC_NS};  // of each packet, each way, pipelined
  double picojoules_per_packet = 0;
  double picojoules_per_byte = 0;
  // Of an SR-IOV virtual function: its physical function's number. How many a physical one has is how many are added.
  std::optional<std::uint8_t> physical;
};

namespace ena {
class Function;
}

class Engine : public BusTarget {
 public:
  // `data_path` and `frames` outlive the engine, and so do `toeplitz` and `checksum`; null: models/net calculates.
  Engine(sc_core::sc_module_name name, Sim& sim, memory::Mailbox::Channel& channel, DataPath& data_path,
         wire::FramePool& frames, ToeplitzMath* toeplitz = nullptr, ChecksumMath* checksum = nullptr);
  ~Engine() override;

  // The engine's own way to card memory, for the data that the firmware hands over by card bus address.
  tlm_utils::simple_initiator_socket<Engine> card{"card"};

  // Adds a function to the endpoint, virtual ones as pcie::Endpoint::add() says. Before simulation only.
  void add(const EnaConfig& config, pcie::Link& link, pcie::Endpoint& endpoint);

  // Card reset.
  void reset();

 private:
  bool access(const BusAccess& access) override;
  void receive(const memory::Message& message);

  memory::Mailbox::Channel& channel_;
  DataPath& data_path_;
  wire::FramePool& frames_;
  CardMemory card_memory_{card};
  NetToeplitz net_toeplitz_;
  NetChecksum net_checksum_;
  PacketMath math_;
  std::array<std::unique_ptr<ena::Function>, 256> functions_;  // by function number
  RegisterBank absent_;                                        // the page of a function without ENA
  Counter& bad_messages_;
};

}  // namespace cardvp::nic
