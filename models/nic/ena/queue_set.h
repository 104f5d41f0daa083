// The I/O queues of one function: the firmware creates and destroys them, the host rings their doorbells, frames for
// the host find theirs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/nic/ena/completion_queue.h"
#include "models/nic/ena/interrupt_vector.h"
#include "models/nic/ena/llq_memory.h"
#include "models/nic/ena/packet_unit.h"
#include "models/nic/ena/rss.h"
#include "models/nic/ena/rx_queue.h"
#include "models/nic/ena/tx_queue.h"

namespace cardvp::nic::ena {

class QueueSet {
 public:
  struct Config {
    unsigned queues = 0;
    unsigned queue_entries = 0;
    unsigned llq_entries = 0;
  };
  // `control`: the function's page of nic_control.def.
  QueueSet(Sim& sim, const std::string& name, const Config& config, const RegisterBank& control,
           pcie::Function& function, PacketUnit& unit);

  // QUEUE_COMMAND: performs what was written, by the other QUEUE registers; gives QUEUE_RESULT.
  std::uint64_t command(std::uint64_t written);
  void drop_all();

  // The host's side: BAR 0 behind the registers, and BAR 2.
  void write(std::uint32_t offset, std::uint32_t value);
  std::uint32_t read(std::uint32_t offset) const;
  LlqMemory& llq() { return llq_; }

  void deliver(wire::FramePtr frame, sc_core::sc_time ready);
  void rss_key_changed() { rss_.key_changed(); }

 private:
  // QUEUE_RESULT.CODE.
  enum Code : std::uint8_t { kDone, kBadShape, kExists, kMissing, kInUse, kNoCompletionQueue };

  Code create_tx(std::size_t index);
  Code create_rx(std::size_t index);
  Code create_completion(std::size_t index);
  Code destroy_completion(std::size_t index);
  std::optional<TxQueue::Shape> tx_shape(std::size_t index);
  Code completion_for(Direction direction, std::uint32_t entries, CompletionQueue*& queue);
  bool ring_fits(std::uint64_t entry_bytes) const;
  void ring(std::uint32_t doorbell, std::uint32_t value);

  Config config_;
  const RegisterBank& control_;
  pcie::Function& function_;
  PacketUnit& unit_;
  Rss rss_;
  LlqMemory llq_;
  Counter& lost_completions_;
  Counter& ignored_doorbells_;
  std::vector<std::unique_ptr<InterruptVector>> vectors_;
  // By index. Submission queues go first: they use completion queues, which use vectors.
  std::vector<std::unique_ptr<CompletionQueue>> completion_;
  std::vector<std::unique_ptr<TxQueue>> tx_;
  std::vector<std::unique_ptr<RxQueue>> rx_;
};

}  // namespace cardvp::nic::ena
