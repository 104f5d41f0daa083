// One NVMe controller: its PCIe function, its registers as the host and as the firmware see them, its queues.
//
// Who decides what: the controller keeps the rules of NVMe 1.4 that concern queues and registers; the firmware decides
// when the controller is ready, which I/O queues exist, and what admin commands answer.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/base/model.h"
#include "models/memory/mailbox.h"
#include "models/nvme/admin_unit.h"
#include "models/nvme/completion_queue.h"
#include "models/nvme/io_unit.h"
#include "models/nvme/submission_queue.h"
#include "models/pcie/function.h"
#include "models/storage/volume.h"

namespace cardvp::nvme {

struct ControllerConfig {
  std::uint8_t function = 0;                               // PCIe function number
  unsigned queues = 32;                                    // I/O queue pairs, 1 to 1023; MSI-X vectors are one more
  unsigned queue_entries = 1024;                           // CAP.MQES + 1: 2 to 65536
  sc_core::sc_time command_overhead{300, sc_core::SC_NS};  // decode and check of one command, pipelined
  double picojoules_per_command = 0;
};

// BAR 0: registers, doorbells, MSI-X table, MSI-X pending bits, each part at a page of its own.
pcie::FunctionConfig function_config(const ControllerConfig& config);

class Controller : public Model, private pcie::FunctionClient, public CommandSink {
 public:
  Controller(sc_core::sc_module_name name, Sim& sim, const ControllerConfig& config, pcie::Link& link,
             storage::Volume& volume, memory::Mailbox::Channel& channel, security::VolumeCipher* cipher);

  pcie::Function& function() { return function_; }

  // The firmware's registers, for an access at a time that may be ahead of now(): they change at once, what the host
  // can see of it changes then. So does CIPHER act then: until a volume is really gone, it stays encrypted.
  RegisterBank& control(sc_core::sc_time at) {
    control_time_ = at;
    return control_;
  }
  void complete_admin(const nvme_message_complete& message, CardMemory& card) { admin_.complete(message, card); }
  void fetch_admin(const nvme_message_fetch& message, CardMemory& card) { admin_.fetch(message, card); }

  // Card reset.
  void reset();

 private:
  std::optional<std::uint64_t> bar_read(unsigned bar, std::uint64_t offset, unsigned size) override;
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) override;
  void function_reset() override;
  void begin(SubmissionQueue& queue, const SubmissionEntry& entry) override;
  void fetch_failed(SubmissionQueue& queue, DmaStatus status) override;

  void hang_hooks();
  void set_constants();
  void write_cc(const RegisterWrite& write);
  void write_status();
  void publish_status();
  Task<> encrypt_at(sc_core::sc_time time, IoUnit::Encryption encryption);
  void start_admin_queue();
  void drop_queues();
  void raise(Field event, const char* what);
  void ring(std::uint32_t doorbell, std::uint32_t value);

  std::uint32_t queue_command(std::uint64_t written);
  std::uint32_t create_submission_queue(std::size_t id, const QueueShape& shape);
  std::uint32_t create_completion_queue(std::size_t id, const QueueShape& shape);

  ControllerConfig config_;
  storage::Volume& volume_;
  memory::Mailbox::Channel& channel_;
  RegisterBank host_;
  RegisterBank control_;
  pcie::Function function_;
  IoUnit io_;
  AdminUnit admin_;
  sc_core::sc_time control_time_;  // of the firmware's newest access
  Callback<&Controller::publish_status> publish_;
  TaskScope changes_;  // that the firmware, being ahead, has made for later
  Counter& lost_completions_;
  Counter& ignored_doorbells_;
  // By queue id; 0 are the admin queues. Submission queues go first: their tasks wait at completion queues.
  std::vector<std::unique_ptr<CompletionQueue>> completion_;
  std::vector<std::unique_ptr<SubmissionQueue>> submission_;
};

}  // namespace cardvp::nvme
