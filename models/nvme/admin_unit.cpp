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

AdminUnit::Pending* AdminUnit::find(std::uint32_t tag) {
  const auto found =
      std::find_if(pending_.begin(), pending_.end(), [&](const Pending& pending) { return pending.tag == tag; });
  return found == pending_.end() ? nullptr : &*found;
}

bool AdminUnit::send(const auto& message) {
  memory::Message words;
  static_assert(sizeof message <= sizeof words.words);
  std::memcpy(words.words.data(), &message, sizeof message);
  return channel_.send(words);
}

void AdminUnit::begin(SubmissionQueue& queue, const SubmissionEntry& entry) {
  commands_.add();
  const Pending pending{next_tag_++, entry, &queue};
  nvme_message_admin message{};
  message.header = {NVME_MESSAGE_ADMIN, function_, pending.tag};
  static_assert(sizeof message.command == sizeof entry);
  std::memcpy(message.command, &entry, sizeof entry);
  if (send(message))
    pending_.push_back(pending);
  else
    queue.tasks().spawn(finish(pending, status::kInternalError, 0, {}, sc_core::SC_ZERO_TIME));
}

Task<Status> AdminUnit::place(const SubmissionEntry& entry, std::uint32_t bytes, Segments& segments) {
  if ((entry.flags & 0xc0) != 0) co_return status::kInvalidField;  // SGLs: PSDT is in flags 7:6
  if (!needs_prp_list(entry.prp1, bytes)) co_return resolve_prps(entry.prp1, entry.prp2, bytes, segments);
  co_return co_await resolve_prp_list(host_, entry.prp1, entry.prp2, bytes, segments);
}

// ---- Data that a command brings

void AdminUnit::fetch(const nvme_message_fetch& message, CardMemory& card) {
  Pending* const pending = find(message.header.tag);
  if (!pending || pending->fetching) {
    ignored_.add();
    log_.info("fetch for no command, or while one runs, ignored", {{"tag", message.header.tag}});
    return;
  }
  pending->fetching = true;
  pending->queue->tasks().spawn(bring(*pending, message, card));
}

Task<> AdminUnit::bring(Pending pending, nvme_message_fetch message, CardMemory& card) {
  Status status = status::kInternalError;
  Segments segments;
  if (message.size > 0 && message.size <= kMaxTransfer)
    status = co_await place(pending.entry, message.size, segments);
  else
    log_.warning("firmware wants more or less than a transfer can be", {{"bytes", message.size}});
  std::vector<std::byte> data;
  if (status == status::kSuccess) {
    data.resize(message.size);
    if (co_await host_.read(segments.view(), data.data()) != DmaStatus::kOk) status = status::kDataTransferError;
  }
  // The firmware may have ended the command meanwhile: then its memory is its own again.
  sc_core::sc_time delay;
  if (status == status::kSuccess && find(pending.tag) && !card.write(message.address, data, delay)) {
    log_.warning("data for the firmware cannot be written", {{"address", hex(message.address)}});
    status = status::kInternalError;
  }
  co_await sim_.scheduler.until(sim_.scheduler.now() + delay);
  Pending* const still = find(pending.tag);
  if (!still) co_return;
  still->fetching = false;
  nvme_message_fetched answer{};
  answer.header = {NVME_MESSAGE_FETCHED, function_, pending.tag};
  answer.status = status;
  send(answer);
}

// ---- Answers

void AdminUnit::complete(const nvme_message_complete& message, CardMemory& card) {
  Pending* const found = find(message.header.tag);
  if (!found) {
    ignored_.add();
    log_.info("completion of no command ignored", {{"tag", message.header.tag}});
    return;
  }
  const Pending pending = *found;
  pending_.erase(pending_.begin() + (found - pending_.data()));

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
    Status placed = co_await place(entry, bytes, segments);
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
