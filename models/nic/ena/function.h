// One ENA function: its PCIe function, its registers as the host and as the firmware see them, its queues.
//
// Who decides what: the function keeps the rules of the interface that concern registers, rings and packets; the
// firmware decides when the device is ready, which I/O queues exist, and what admin commands answer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "models/base/model.h"
#include "models/memory/mailbox.h"
#include "models/nic/data_path.h"
#include "models/nic/ena/admin_unit.h"
#include "models/nic/ena/event_queue.h"
#include "models/nic/ena/packet_unit.h"
#include "models/nic/ena/queue_set.h"
#include "models/nic/engine.h"
#include "models/pcie/function.h"

namespace cardvp::nic::ena {

// BAR 0: registers, doorbells, MSI-X table, MSI-X pending bits. BAR 2, with LLQs: their memory.
pcie::FunctionConfig function_config(const EnaConfig& config);

class Function : public Model, private pcie::FunctionClient, private HostSide {
 public:
  Function(sc_core::sc_module_name name, Sim& sim, const EnaConfig& config, pcie::Link& link,
           memory::Mailbox::Channel& channel, DataPath& data_path, wire::FramePool& frames, const PacketMath& math);

  pcie::Function& function() { return function_; }

  // The firmware's registers, for an access at a time that may be ahead of now(): they change at once, what the host
  // can see of the device's status and identity changes then.
  RegisterBank& control(sc_core::sc_time at) {
    control_time_ = at;
    return control_;
  }
  void complete_admin(const nic_message_complete& message, CardMemory& card) { admin_.complete(message, card); }
  void fetch_admin(const nic_message_fetch& message, CardMemory& card) { admin_.fetch(message, card); }
  void post_event(const nic_message_aenq& message) { events_.post(message); }

  // Card reset.
  void reset();

 private:
  std::optional<std::uint64_t> bar_read(unsigned bar, std::uint64_t offset, unsigned size) override;
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) override;
  void function_reset() override;
  void deliver(wire::FramePtr frame, sc_core::sc_time ready) override { queues_.deliver(std::move(frame), ready); }

  void hang_host_hooks();
  void hang_control_hooks();
  void set_constants();
  std::uint32_t read_register(std::uint64_t offset);
  void write_register(std::uint64_t offset, std::uint32_t value);
  void answer_register_read(std::uint64_t request);
  void write_device_control(const RegisterWrite& write);
  void begin_reset(std::uint64_t device_control);
  void drop_everything();
  void signal_management();
  HostRing ring_of(std::uint16_t base_low, std::uint64_t caps) const;
  void count_refusal(bool taken) {
    if (!taken) ignored_doorbells_.add();
  }

  void write_status(const RegisterWrite& write);
  void publish();
  std::uint64_t queue_command(std::uint64_t written);
  void raise(Field event, const char* what);

  EnaConfig config_;
  memory::Mailbox::Channel& channel_;
  DataPath& data_path_;
  RegisterBank host_;
  RegisterBank control_;
  pcie::Function function_;
  PacketUnit unit_;
  AdminUnit admin_;
  EventQueue events_;
  QueueSet queues_;
  bool management_pending_ = false;  // posted while INTR_MASK held the interrupt back
  sc_core::sc_time control_time_;    // of the firmware's newest access
  Callback<&Function::publish> publish_;
  Counter& ignored_doorbells_;
  Counter& bad_accesses_;
};

}  // namespace cardvp::nic::ena
