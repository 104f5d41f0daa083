#include "models/nic/ena/admin_unit.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cardvp::nic::ena {

namespace {

// Command and completion begin with the command's id, in 11:0 of dword 0, above which 4 bits are reserved; the status
// is in 23:16, the phase in 24.
constexpr std::uint32_t kCommandId = 0xfff;
constexpr std::uint32_t kCommandField = 0xffff;
constexpr std::uint32_t kStatusShift = 16;
constexpr std::uint32_t kPhase = 1u << 24;

}  // namespace

AdminUnit::AdminUnit(Sim& sim, const std::string& name, std::uint16_t function, DmaPort& host,
                     memory::Mailbox::Channel& channel, std::function<void()> posted)
    : sim_(sim),
      log_(sim.log, name),
      function_(function),
      host_(host),
      channel_(channel),
      posted_(std::move(posted)),
      commands_(sim.stats.counter(name + ".admin_commands", "commands")),
      ignored_(sim.stats.counter(name + ".ignored_messages", "messages")),
      lost_(sim.stats.counter(name + ".lost_admin_completions", "entries")),
      work_(sim.scheduler),
      tasks_(sim.scheduler) {}

void AdminUnit::forget() {
  tasks_.cancel();
  pending_.clear();
  submissions_ = completions_ = {};
  head_ = tail_ = completed_ = 0;
  open_ = 0;
}

// ---- The host's rings

void AdminUnit::set_submissions(const HostRing& ring) {
  const HostRing completions = completions_;
  forget();
  completions_ = completions;
  submissions_ = ring;
  if (ring.live()) tasks_.spawn(run());
}

void AdminUnit::set_completions(const HostRing& ring) {
  completions_ = ring;
  completed_ = 0;
  work_.notify();
}

bool AdminUnit::announce(std::uint16_t tail) {
  if (!submissions_.live() || static_cast<std::uint16_t>(tail - head_) > submissions_.entries) return false;
  tail_ = tail;
  work_.notify();
  return true;
}

// Commands that may be open: what the firmware is ready for, and what the completion ring holds.
std::uint32_t AdminUnit::limit() const { return std::min<std::uint32_t>(NIC_ADMIN_LIMIT, completions_.entries); }

Task<> AdminUnit::run() {
  while (true) {
    while (head_ == tail_ || open_ >= limit()) co_await work_;
    const std::uint32_t waiting = static_cast<std::uint16_t>(tail_ - head_);
    const std::uint32_t to_wrap = submissions_.entries - submissions_.index(head_);
    const std::uint32_t count = std::min({waiting, to_wrap, limit() - open_, kBatch});
    const DmaSegment from{submissions_.address(head_), count * kAdminEntry};
    const DmaStatus status = co_await host_.read(from, reinterpret_cast<std::byte*>(fetched_.data()));
    if (status != DmaStatus::kOk) {
      // Nothing can be answered, as no command is known. The host times out and resets.
      log_.warning("admin queue cannot be read: it stops", {{"status", static_cast<unsigned>(status)}});
      submissions_ = {};
      co_return;
    }
    open_ += count;
    for (std::uint32_t i = 0; i < count; ++i) begin(fetched_[i], phase_of(head_++, submissions_.entries));
  }
}

void AdminUnit::begin(const Entry& entry, bool phase) {
  commands_.add();
  const auto command = static_cast<std::uint16_t>(entry[0] & kCommandId);
  if (((entry[0] & kPhase) != 0) != phase) return fail(command, kMalformedRequest);
  const Pending pending{.tag = next_tag_++, .command = command};
  nic_message_admin message{};
  message.header = {NIC_MESSAGE_ADMIN, function_, pending.tag};
  static_assert(sizeof message.command == sizeof entry);
  std::memcpy(message.command, entry.data(), sizeof entry);
  if (send(message))
    pending_.push_back(pending);
  else
    fail(command, kResourceBusy);
}

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

// ---- Data that a command brings

void AdminUnit::fetch(const nic_message_fetch& message, CardMemory& card) {
  Pending* const pending = find(message.header.tag);
  if (!pending || pending->fetching) {
    ignored_.add();
    log_.info("fetch for no command, or while one runs, ignored", {{"tag", message.header.tag}});
    return;
  }
  pending->fetching = true;
  tasks_.spawn(bring(pending->tag, message, card));
}

Task<> AdminUnit::bring(std::uint32_t tag, nic_message_fetch message, CardMemory& card) {
  std::uint32_t status = NIC_FETCH_OK;
  std::vector<std::byte> data;
  if (message.size == 0 || message.size > NIC_MOST_TRANSFER) {
    status = NIC_FETCH_BAD_SIZE;
  } else {
    data.resize(message.size);
    const DmaSegment from{message.host_address, message.size};
    if (co_await host_.read(from, data.data()) != DmaStatus::kOk) status = NIC_FETCH_HOST_ERROR;
  }
  // The firmware may have ended the command meanwhile: then its memory is its own again.
  sc_core::sc_time delay;
  if (status == NIC_FETCH_OK && find(tag) && !card.write(message.address, data, delay)) {
    log_.warning("data for the firmware cannot be written", {{"address", hex(message.address)}});
    status = NIC_FETCH_CARD_ERROR;
  }
  co_await sim_.scheduler.until(sim_.scheduler.now() + delay);
  Pending* const still = find(tag);
  if (!still) co_return;
  still->fetching = false;
  nic_message_fetched answer{};
  answer.header = {NIC_MESSAGE_FETCHED, function_, tag};
  answer.status = status;
  send(answer);
}

// ---- Answers

void AdminUnit::complete(const nic_message_complete& message, CardMemory& card) {
  Pending* const found = find(message.header.tag);
  if (!found) {
    ignored_.add();
    log_.info("completion of no command ignored", {{"tag", message.header.tag}});
    return;
  }
  const std::uint16_t command = found->command;
  pending_.erase(pending_.begin() + (found - pending_.data()));

  std::vector<std::byte> data;
  sc_core::sc_time delay;
  if (message.data_size > NIC_MOST_TRANSFER) {
    log_.warning("firmware's data is longer than a transfer may be", {{"bytes", message.data_size}});
    return fail(command, kUnknownError);
  }
  if (message.data_size > 0) {
    data.resize(message.data_size);
    if (!card.read(message.data_address, data, delay)) {
      log_.warning("firmware's data cannot be read", {{"address", hex(message.data_address)}});
      return fail(command, kUnknownError);
    }
  }
  Entry response;
  static_assert(sizeof message.response == sizeof response);
  std::memcpy(response.data(), message.response, sizeof response);
  tasks_.spawn(finish(command, response, message.host_address, std::move(data), delay));
}

Task<> AdminUnit::finish(std::uint16_t command, Entry response, std::uint64_t to, std::vector<std::byte> data,
                         sc_core::sc_time delay) {
  co_await sim_.scheduler.until(sim_.scheduler.now() + delay);
  if (!data.empty()) host_.write(to, data);  // what cannot be written cannot be completed either: Bus Master Enable
  post(command, response);
}

void AdminUnit::fail(std::uint16_t command, std::uint8_t status) {
  Entry response{};
  response[0] = std::uint32_t{status} << kStatusShift;
  post(command, response);
}

void AdminUnit::post(std::uint16_t command, Entry response) {
  --open_;
  work_.notify();
  if (!completions_.live()) return lost_.add();
  response[0] = (response[0] & ~(kCommandField | kPhase)) | command;
  if (phase_of(completed_, completions_.entries)) response[0] |= kPhase;
  const std::uint64_t address = completions_.address(completed_++);
  if (!host_.post(address, std::as_bytes(std::span(response)))) return lost_.add();
  posted_();
}

}  // namespace cardvp::nic::ena
