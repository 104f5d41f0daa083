#include "models/nvme/admin_unit.h"

#include <algorithm>
#include <cstring>

namespace cardvp::nvme {

AdminUnit::AdminUnit(Sim& sim, const std::string& name, std::uint16_t function, DmaPort& host,
                     memory::Mailbox::Channel& channel)
    : sim_(sim),
      log_(sim.log, name),
      function_(function),
      host_(host),
      channel_(channel),
      commands_(sim.stats.counter(name + ".admin_commands", "commands")),
      ignored_(sim.stats.counter(name + ".ignored_messages", "messages")) {}

void AdminUnit::begin(SubmissionQueue& queue, const SubmissionEntry& entry) {
  commands_.add();
  const Pending pending{next_tag_++, entry, &queue};
  nvme_message_admin message{};
  message.header = {NVME_MESSAGE_ADMIN, function_, pending.tag};
  static_assert(sizeof message.command == sizeof entry);
  std::memcpy(message.command, &entry, sizeof entry);
  memory::Message words;
  static_assert(sizeof message <= sizeof words.words);
  std::memcpy(words.words.data(), &message, sizeof message);
  if (channel_.send(words))
    pending_.push_back(pending);
  else
    queue.tasks().spawn(finish(pending, status::kInternalError, 0, {}, sc_core::SC_ZERO_TIME));
}

void AdminUnit::complete(const nvme_message_complete& message, CardMemory& card) {
  const auto found = std::find_if(pending_.begin(), pending_.end(),
                                  [&](const Pending& pending) { return pending.tag == message.header.tag; });
  if (found == pending_.end()) {
    ignored_.add();
    log_.info("completion of no command ignored", {{"tag", message.header.tag}});
    return;
  }
  const Pending pending = *found;
  pending_.erase(found);

  Status status = message.status & 0x7fff;
  std::vector<std::byte> data;
  sc_core::sc_time delay;
  if (message.data_size > kMaxTransfer) {
    log_.warning("firmware's data is longer than a transfer may be", {{"bytes", message.data_size}});
    status = status::kInternalError;
  } else if (message.data_size > 0) {
    data.resize(message.data_size);
    if (!card.read(message.data_address, data, delay)) {
      log_.warning("firmware's data cannot be read", {{"address", hex(message.data_address)}});
      status = status::kInternalError;
      data.clear();
    }
  }
  pending.queue->tasks().spawn(finish(pending, status, message.dw0, std::move(data), delay));
}

Task<> AdminUnit::finish(Pending pending, Status status, std::uint32_t dw0, std::vector<std::byte> data,
                         sc_core::sc_time delay) {
  const SubmissionEntry& entry = pending.entry;
  co_await sim_.scheduler.until(sim_.scheduler.now() + delay);
  if (!data.empty()) {
    const auto bytes = static_cast<std::uint32_t>(data.size());
    Segments segments;
    Status placed = status::kInvalidField;  // SGLs: PSDT is in flags 7:6
    if ((entry.flags & 0xc0) == 0) {
      if (needs_prp_list(entry.prp1, bytes))
        placed = co_await resolve_prp_list(host_, entry.prp1, entry.prp2, bytes, segments);
      else
        placed = resolve_prps(entry.prp1, entry.prp2, bytes, segments);
    }
    const std::byte* from = data.data();
    if (placed == status::kSuccess) {
      for (const DmaSegment& segment : segments.view()) {
        if (!host_.write(segment.address, {from, segment.size})) placed = status::kDataTransferError;
        from += segment.size;
      }
    }
    if (placed != status::kSuccess) status = placed;
  }
  co_await pending.queue->completions().room().acquire();
  pending.queue->end(entry.cid, status, dw0);
}

}  // namespace cardvp::nvme
