// The admin queue of one function: commands go from the host's ring to the firmware, their data too if the firmware
// asks for it, and the firmware's answers to the host's completion ring (messages.h).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/base/card_memory.h"
#include "models/base/dma.h"
#include "models/base/model.h"
#include "models/base/sync.h"
#include "models/memory/mailbox.h"
#include "models/nic/ena/host_ring.h"
#include "models/nic/messages.h"

namespace cardvp::nic::ena {

class AdminUnit {
 public:
  // `name`: of the function. `function`: its PCIe function number. `posted` is called behind each completion.
  AdminUnit(Sim& sim, const std::string& name, std::uint16_t function, DmaPort& host, memory::Mailbox::Channel& channel,
            std::function<void()> posted);

  // AQ_CAPS, ACQ_CAPS were written: the ring starts anew, empty.
  void set_submissions(const HostRing& ring);
  void set_completions(const HostRing& ring);
  // The doorbell. False, without effect, if there is no ring, or it announces more than the ring holds.
  bool announce(std::uint16_t tail);
  std::uint16_t completed() const { return completed_; }

  // The firmware's answer. One that fits no command that is with the firmware is ignored and counted.
  void complete(const nic_message_complete& message, CardMemory& card);
  // The firmware wants host memory. Ignored and counted if no such command is with the firmware, or while another fetch
  // of it runs. `card` outlives this.
  void fetch(const nic_message_fetch& message, CardMemory& card);

  // Reset: rings and commands are gone, answers to them are stale.
  void forget();

 private:
  static constexpr std::uint32_t kBatch = 8;  // entries fetched by one DMA

  using Entry = std::array<std::uint32_t, kAdminEntry / 4>;
  struct Pending {  // with the firmware
    std::uint32_t tag;
    std::uint16_t command;
    bool fetching = false;
  };

  Task<> run();
  void begin(const Entry& entry, bool phase);
  std::uint32_t limit() const;
  Pending* find(std::uint32_t tag);
  bool send(const auto& message);
  Task<> bring(std::uint32_t tag, nic_message_fetch message, CardMemory& card);
  Task<> finish(std::uint16_t command, Entry response, std::uint64_t to, std::vector<std::byte> data,
                sc_core::sc_time delay);
  void post(std::uint16_t command, Entry response);
  void fail(std::uint16_t command, std::uint8_t status);

  Sim& sim_;
  Logger log_;
  std::uint16_t function_;
  DmaPort& host_;
  memory::Mailbox::Channel& channel_;
  std::function<void()> posted_;
  HostRing submissions_;
  HostRing completions_;
  std::uint16_t head_ = 0;  // all three run freely
  std::uint16_t tail_ = 0;
  std::uint16_t completed_ = 0;
  std::uint32_t open_ = 0;      // commands that are not completed
  std::uint32_t next_tag_ = 1;  // never starts again: so a stale tag fits nothing
  std::vector<Pending> pending_;
  std::array<Entry, kBatch> fetched_;
  Counter& commands_;
  Counter& ignored_;
  Counter& lost_;
  Trigger work_;
  TaskScope tasks_;  // last: destroyed before what its tasks use
};

}  // namespace cardvp::nic::ena
