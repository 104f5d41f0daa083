// Takes the admin commands of one controller to the firmware, their data too if the firmware asks for it, and the
// firmware's answers to the host (messages.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/base/card_memory.h"
#include "models/base/model.h"
#include "models/memory/mailbox.h"
#include "models/nvme/messages.h"
#include "models/nvme/prp.h"
#include "models/nvme/submission_queue.h"

namespace cardvp::nvme {

class AdminUnit {
 public:
  // `name`: of the controller. `function`: its PCIe function number.
  AdminUnit(Sim& sim, const std::string& name, std::uint16_t function, DmaPort& host,
            memory::Mailbox::Channel& channel);

  // Forwards a command.
  void begin(SubmissionQueue& queue, const SubmissionEntry& entry);
  // The firmware's answer. One that fits no command that is with the firmware is ignored and counted.
  void complete(const nvme_message_complete& message, CardMemory& card);
  // The firmware wants a command's data. Ignored and counted if no such command is with the firmware, or while its data
  // is being fetched already. `card` outlives this.
  void fetch(const nvme_message_fetch& message, CardMemory& card);
  // The admin queue is gone: so are its commands, and answers to them are stale.
  void forget() { pending_.clear(); }

 private:
  struct Pending {  // with the firmware
    std::uint32_t tag;
    SubmissionEntry entry;
    SubmissionQueue* queue;
    bool fetching = false;
  };

  Pending* find(std::uint32_t tag);
  bool send(const auto& message);
  // The pieces of host memory that a command's PRPs mean.
  Task<Status> place(const SubmissionEntry& entry, std::uint32_t bytes, Segments& segments);
  Task<> bring(Pending pending, nvme_message_fetch message, CardMemory& card);
  Task<> finish(Pending pending, Status status, std::uint32_t dw0, std::vector<std::byte> data, sc_core::sc_time delay);

  Sim& sim_;
  Logger log_;
  std::uint16_t function_;
  DmaPort& host_;
  memory::Mailbox::Channel& channel_;
  std::uint32_t next_tag_ = 1;  // never starts again: so a stale tag fits nothing
  std::vector<Pending> pending_;
  Counter& commands_;
  Counter& ignored_;
};

}  // namespace cardvp::nvme
