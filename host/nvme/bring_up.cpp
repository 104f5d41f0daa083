// Driver: the way of a controller to ready (NVMe 1.4, 7.6.1), and its queues (5.3 to 5.6).
#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "host/nvme/driver.h"

namespace cardvp::host::nvme {

using sc_core::SC_MS;
using sc_core::sc_time;

namespace {

// Text of an Identify structure: what a device sends may be anything.
std::string text_field(const std::byte* from, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(from), size);
  for (char& c : text)
    if (c < 0x20 || c > 0x7e) c = '?';
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace

Task<Error> Driver::wait_status(std::string_view what, std::uint32_t mask, std::uint32_t value, sc_time timeout) {
  const sc_time deadline = now() + timeout;
  for (sc_time pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    const std::uint32_t csts = co_await function_->read32(0, reg::kCsts);
    if (csts == ~0u) co_return failure(fmt::format("{}: the controller does not answer", what));
    if ((csts & mask) == value) co_return Error{};
    if ((value & kCstsReady) && (csts & kCstsFatal))
      co_return failure(fmt::format("{}: controller fatal status, CSTS = {:#x}", what, csts));
    if (now() >= deadline)
      co_return failure(fmt::format("{}: not done within {}, CSTS = {:#x}", what, timeout.to_string(), csts));
    co_await scheduler().delay(pause);
  }
}

Task<Error> Driver::bring_up() {
  info_ = {};
  if (function_->class_code != kClassCode)
    co_return failure(fmt::format("not an NVMe controller, its class is {:#08x}", function_->class_code));
  if (function_->bars[0].size <= reg::kDoorbells) co_return failure("BAR 0 is missing or too small");
  if (!function_->msix || function_->msix->vectors < 2) co_return failure("MSI-X with two vectors or more is needed");

  cap_ = co_await function_->read64(0, reg::kCap);
  if (cap_ == ~0ull) co_return failure("the controller does not answer");
  if (!cap_nvm(cap_) || cap_mpsmin(cap_) > 0 || cap_mqes(cap_) == 0)
    co_return failure(
        fmt::format("NVM command set, 4 KiB pages and two entries a queue are needed, CAP = {:#x}", cap_));
  const sc_time ready_timeout(500.0 * std::max(cap_to(cap_), 1u), SC_MS);
  if (Error error = co_await disable(ready_timeout)) co_return error;

  co_await function_->enable_msix(false);
  io_.clear();
  admin_.reset();
  admin_ = make_queue(0, std::clamp(config_.admin_entries, 2u, QueuePair::kMaxEntries));
  co_await function_->enable_msix(true);
  function_->write32(0, reg::kAqa, (admin_->entries() - 1) << 16 | (admin_->entries() - 1));
  function_->write64(0, reg::kAsq, admin_->submission_address());
  function_->write64(0, reg::kAcq, admin_->completion_address());
  function_->write32(0, reg::kCc, kCcEntrySizes | kCcEnable);
  if (Error error = co_await wait_status("enable", kCstsReady, kCstsReady, ready_timeout)) co_return error;
  if (Error error = co_await identify()) co_return error;
  if (Error error = co_await create_queues()) co_return error;
  log_.info("controller ready", {{"function", function_->name()},
                                 {"model", info_.model},
                                 {"blocks", info_.blocks},
                                 {"block_size", info_.block_size},
                                 {"queues", info_.io_queues}});
  co_return Error{};
}

Task<Error> Driver::disable(sc_time timeout) {
  const std::uint32_t cc = co_await function_->read32(0, reg::kCc);
  if (cc & kCcEnable) {
    // CC.EN may be cleared once CSTS.RDY follows it (3.1.5), unless the controller failed on its way.
    const std::uint32_t csts = co_await function_->read32(0, reg::kCsts);
    if (!(csts & (kCstsReady | kCstsFatal))) {
      if (Error error = co_await wait_status("earlier enable", kCstsReady, kCstsReady, timeout))
        log_.warning("disabled while it was being enabled", {{"why", error.text}});
    }
    function_->write32(0, reg::kCc, cc & ~(kCcEnable | kCcShutdownMask));
  }
  co_return co_await wait_status("disable", kCstsReady, 0, timeout);
}

std::unique_ptr<QueuePair> Driver::make_queue(std::uint16_t id, unsigned entries) {
  const bool admin = id == 0;
  auto queue =
      std::make_unique<QueuePair>(scheduler(), *function_,
                                  QueueConfig{.id = id,
                                              .entries = entries,
                                              .doorbell_stride = 4u << cap_dstrd(cap_),
                                              .max_transfer = admin ? kAdminTransfer : info_.max_transfer,
                                              .interrupt_latency = config_.interrupt_latency,
                                              .software_cost = admin ? sc_core::SC_ZERO_TIME : config_.software_cost},
                                  counters_);
  function_->set_vector(id, queue->interrupt());
  return queue;
}

Task<Error> Driver::identify() {
  Buffer page(memory(), kIdentifySize);
  Command command;
  command.opcode = kIdentify;
  command.dw10 = kIdentifyController;
  Completion done = co_await admin(command, page.address(), page.size());
  if (!done.status.ok()) co_return failure("Identify controller: " + done.status.text());
  const std::byte* data = page.data();
  info_.serial = text_field(data + 4, 20);
  info_.model = text_field(data + 24, 40);
  info_.firmware = text_field(data + 64, 8);
  info_.volatile_write_cache = load<std::uint8_t>(data + 525) & 1;
  const unsigned mdts = load<std::uint8_t>(data + 77);  // in pages, as a power of two; 0: no limit
  transfer_limit_ = mdts == 0 || mdts > 40 ? ~0ull : kPageSize << mdts;
  const unsigned fwug = load<std::uint8_t>(data + 319);  // in units of 4 KiB; 0: unknown, 0xff: no restriction
  info_.firmware_granularity = fwug == 0xff ? 4 : std::max(fwug, 1u) * kPageSize;

  command.dw10 = kIdentifyNamespace;
  command.nsid = config_.namespace_id;
  done = co_await admin(command, page.address(), page.size());
  if (!done.status.ok()) co_return failure("Identify namespace: " + done.status.text());
  info_.blocks = load<std::uint64_t>(data);
  const unsigned format = load<std::uint8_t>(data + 26) & 0xf;
  const auto lbaf = load<std::uint32_t>(data + 128 + 4 * format);  // metadata bytes in 15:0, LBADS in 23:16
  block_shift_ = lbaf >> 16 & 0xff;
  if (info_.blocks == 0) co_return failure(fmt::format("namespace {} is not active", config_.namespace_id));
  if (block_shift_ < 9 || block_shift_ > 16 || (lbaf & 0xffff) || info_.blocks > ~0ull >> block_shift_)
    co_return failure(fmt::format("namespace {} is not usable: {} blocks, LBA format {:#x}", config_.namespace_id,
                                  info_.blocks, lbaf));
  info_.block_size = 1u << block_shift_;
  info_.max_transfer = std::min(config_.max_transfer, transfer_limit_) >> block_shift_ << block_shift_;
  if (info_.max_transfer == 0)
    co_return failure(fmt::format("max_transfer of {} bytes is less than a block", config_.max_transfer));
  co_return Error{};
}

Task<Error> Driver::create_queues() {
  // Each queue needs a vector of its own beside the admin queue's, and its doorbells in BAR 0.
  const std::uint64_t doorbells = (function_->bars[0].size - reg::kDoorbells) / (4u << cap_dstrd(cap_));
  const std::uint64_t most = std::min<std::uint64_t>(function_->msix->vectors - 1, doorbells / 2 - 1);
  const auto wanted = static_cast<unsigned>(std::min<std::uint64_t>(std::max(config_.io_queues, 1u), most));
  if (wanted == 0) co_return failure("BAR 0 has no room for an I/O queue's doorbells");

  Command command;
  command.opcode = kSetFeatures;
  command.dw10 = kFeatureQueues;
  command.dw11 = (wanted - 1) << 16 | (wanted - 1);
  const Completion done = co_await admin(command);
  if (!done.status.ok()) co_return failure("Set Features, number of queues: " + done.status.text());
  const unsigned granted = std::min({wanted, (done.dw0 & 0xffff) + 1, (done.dw0 >> 16) + 1});

  info_.queue_entries = std::min(std::clamp(config_.queue_entries, 2u, QueuePair::kMaxEntries), cap_mqes(cap_) + 1);
  for (unsigned id = 1; id <= granted; ++id) {
    io_.push_back(make_queue(static_cast<std::uint16_t>(id), info_.queue_entries));
    if (Error error = co_await create_queue(*io_.back())) co_return error;
  }
  info_.io_queues = granted;
  co_return Error{};
}

Task<Error> Driver::create_queue(QueuePair& queue) {
  const std::uint32_t vector = queue.id();
  Command command;
  command.opcode = kCreateCompletionQueue;
  command.prp1 = queue.completion_address();
  command.dw10 = (queue.entries() - 1) << 16 | queue.id();
  command.dw11 = vector << 16 | kQueueInterruptsEnabled | kQueueContiguous;
  Completion done = co_await admin(command);
  if (!done.status.ok())
    co_return failure(fmt::format("Create I/O Completion Queue {}: {}", queue.id(), done.status.text()));
  command.opcode = kCreateSubmissionQueue;
  command.prp1 = queue.submission_address();
  command.dw11 = std::uint32_t{queue.id()} << 16 | kQueueContiguous;
  done = co_await admin(command);
  if (!done.status.ok())
    co_return failure(fmt::format("Create I/O Submission Queue {}: {}", queue.id(), done.status.text()));
  co_return Error{};
}

Task<Error> Driver::delete_queues() {
  // Submission queues go before the completion queues that they use (7.6.2).
  for (const std::uint8_t opcode : {kDeleteSubmissionQueue, kDeleteCompletionQueue}) {
    for (auto& queue : io_) {
      Command command;
      command.opcode = opcode;
      command.dw10 = queue->id();
      const Completion done = co_await admin(command);
      if (!done.status.ok()) co_return failure(fmt::format("Delete I/O queue {}: {}", queue->id(), done.status.text()));
    }
  }
  io_.clear();
  co_return Error{};
}

}  // namespace cardvp::host::nvme
