#include "host/ena/admin_queue.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cardvp::host::ena {

using sc_core::sc_time;

namespace {
constexpr std::size_t kEntry = 64;
}

std::string AdminResponse::text() const {
  return answered ? fmt::format("status {}", status) : std::string("no answer");
}

AdminQueue::AdminQueue(Scheduler& scheduler, Memory& memory, Registers& registers)
    : scheduler_(scheduler),
      registers_(registers),
      submission_(memory, kDepth * kEntry),
      completion_(memory, kDepth * kEntry),
      changed_(scheduler),
      expire_(scheduler, *this) {}

void AdminQueue::open(sc_time timeout) {
  close();
  std::ranges::fill(submission_.bytes(), std::byte{0});
  std::ranges::fill(completion_.bytes(), std::byte{0});
  slots_.fill({});
  tail_ = head_ = 0;
  timeout_ = timeout;
  polled_ = true;
  running_ = true;
  registers_.write_address(reg::kAqBase, submission_.address());
  registers_.write_address(reg::kAcqBase, completion_.address());
  registers_.write(reg::kAqCaps, kEntry << 16 | kDepth);
  registers_.write(reg::kAcqCaps, kEntry << 16 | kDepth);
}

void AdminQueue::close() {
  running_ = false;
  ++session_;
  expire_.cancel();
  changed_.notify();
}

Task<AdminResponse> AdminQueue::get(FeatureId id, std::uint8_t version, const Buffer* buffer) {
  FeatureCommand command{};
  command.header.opcode = kGetFeature;
  command.id = id;
  command.version = version;
  if (buffer) {
    command.header.flags = kCommandBuffer;
    command.buffer = {static_cast<std::uint32_t>(buffer->size()), Address48(buffer->address())};
  }
  return execute(command);
}

Task<AdminResponse> AdminQueue::set(FeatureId id, const FeatureData& data, const Buffer* buffer) {
  FeatureCommand command{};
  command.header.opcode = kSetFeature;
  command.id = id;
  command.data = data;
  if (buffer) {
    command.header.flags = kCommandBuffer;
    command.buffer = {static_cast<std::uint32_t>(buffer->size()), Address48(buffer->address())};
  }
  return execute(command);
}

unsigned AdminQueue::submit(Bytes& command) {
  const auto free = std::ranges::find_if(slots_, [](const Slot& slot) { return !slot.taken; });
  const auto index = static_cast<unsigned>(free - slots_.begin());
  *free = {};
  free->taken = true;
  free->deadline = scheduler_.now() + timeout_;
  command.bytes[0] = static_cast<std::byte>(index);
  command.bytes[1] = std::byte{0};
  if (!(tail_ / kDepth & 1)) command.bytes[3] |= std::byte{kCommandPhase};
  std::memcpy(submission_.data() + tail_ % kDepth * kEntry, command.bytes.data(), command.size);
  ++tail_;
  registers_.write(reg::kAqDoorbell, tail_);
  if (!polled_ && !expire_.pending()) expire_.call_at(free->deadline);
  return index;
}

Task<AdminResponse> AdminQueue::run(Bytes command) {
  const sc_time kFirstPause(100, sc_core::SC_US);
  const sc_time kLongestPause(5, sc_core::SC_MS);
  const std::uint64_t session = session_;
  const auto full = [&] { return std::ranges::all_of(slots_, [](const Slot& slot) { return slot.taken; }); };
  while (running_ && session == session_ && full()) co_await changed_;
  if (!running_ || session != session_) co_return AdminResponse{};
  Slot& slot = slots_[submit(command)];
  const Claim claim{*this, slot, session};
  // A completion wakes this task by changed_; while there are no interrupts, it looks by itself.
  for (sc_time pause = kFirstPause; session == session_ && !slot.done; pause = std::min(2 * pause, kLongestPause)) {
    if (!polled_) {
      co_await changed_;
      continue;
    }
    co_await scheduler_.delay(pause);
    if (session != session_) break;
    reap();
    if (session == session_ && !slot.done && scheduler_.now() >= slot.deadline) fail("a command timed out");
  }
  if (session != session_) co_return AdminResponse{};
  co_return slot.response;
}

AdminQueue::Claim::~Claim() {
  if (session != queue.session_) return;
  // The device still owes a completion to a task that was cancelled.
  if (slot.done) {
    slot.taken = false;
  } else {
    slot.abandoned = true;
  }
  queue.changed_.notify();
}

// Whether there was anything.
bool AdminQueue::reap() {
  bool found = false;
  while (running_) {
    const std::byte* const entry = completion_.data() + head_ % kDepth * kEntry;
    const bool phase = (entry[3] & std::byte{kCommandPhase}) != std::byte{0};
    if (phase == (head_ / kDepth & 1)) break;
    found = true;
    ++head_;
    std::uint16_t id;
    std::memcpy(&id, entry, sizeof id);
    id &= 0xfff;
    if (id >= kDepth || !slots_[id].taken || slots_[id].done) {
      fail(fmt::format("a completion names command {}, which is not in flight", id));
      break;
    }
    Slot& slot = slots_[id];
    slot.done = true;
    if (slot.abandoned) slot.taken = false;
    slot.response.answered = true;
    slot.response.status = std::to_integer<std::uint8_t>(entry[2]);
    std::memcpy(slot.response.data.data(), entry + 8, slot.response.data.size());
  }
  if (found) changed_.notify();
  return found;
}

void AdminQueue::expire() {
  const auto waiting = [](const Slot& slot) { return slot.taken && !slot.done; };
  sc_time next = sc_core::sc_max_time();
  for (const Slot& slot : slots_)
    if (waiting(slot)) next = std::min(next, slot.deadline);
  if (next == sc_core::sc_max_time()) return;
  if (next > scheduler_.now()) return expire_.call_at(next);
  fail(reap() ? "a completion came without its interrupt" : "a command timed out");
}

void AdminQueue::fail(const std::string& why) {
  if (!running_) return;
  close();
  if (failed_) failed_(why);
}

}  // namespace cardvp::host::ena
