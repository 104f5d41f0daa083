#include "models/security/ring.h"

#include <algorithm>
#include <limits>

namespace cardvp::security {

using sc_core::sc_time;

Ring::Ring(Sim& sim, Operations& operations, CardMemory& memory, unsigned lanes, std::function<void()> changed)
    : scheduler_(sim.scheduler),
      operations_(operations),
      memory_(memory),
      lanes_(lanes),
      changed_(std::move(changed)),
      doorbell_(sim.scheduler, *this),
      may_fetch_(sim.scheduler),
      may_finish_(sim.scheduler),
      tasks_(sim.scheduler) {}

void Ring::enable(std::uint64_t base, std::uint32_t entries) {
  disable();
  enabled_ = true;
  base_ = base;
  entries_ = entries;
  head_ = tail_ = fetched_ = 0;
  error_ = RingError::kNone;
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() - kMostEntries * sizeof(security_descriptor);
  if (base % 8 != 0 || base > most || entries < 2 || entries > kMostEntries) return stop(RingError::kSetup);
  tasks_.spawn(fetch());
  tasks_.spawn(finish());
}

void Ring::disable() {
  ++session_;
  enabled_ = false;
  tasks_.cancel();
  doorbell_.cancel();
  doorbells_.clear();
  under_way_.clear();
}

void Ring::reset() {
  disable();
  head_ = 0;
  error_ = RingError::kNone;
}

void Ring::stop(RingError error) {
  error_ = error;
  changed_();
}

void Ring::announce(std::uint32_t tail, sc_time time) {
  if (!enabled_ || error_ != RingError::kNone) return;
  const auto later = [](const sc_time& at, const Doorbell& other) { return at < other.time; };
  const auto place = std::upper_bound(doorbells_.begin(), doorbells_.end(), time, later);
  if (place == doorbells_.begin()) doorbell_.call_at(time);
  doorbells_.insert(place, {time, tail});
}

void Ring::ring_doorbells() {
  while (!doorbells_.empty() && doorbells_.front().time <= scheduler_.now()) {
    const std::uint32_t tail = doorbells_.front().tail;
    doorbells_.pop_front();
    if (error_ != RingError::kNone) continue;
    if (tail >= entries_ || distance(head_, tail_) + distance(tail_, tail) >= entries_)
      stop(RingError::kSetup);
    else
      tail_ = tail;
    may_fetch_.notify();
  }
  if (!doorbells_.empty()) doorbell_.call_at(doorbells_.front().time);
}

Task<> Ring::fetch() {
  while (true) {
    while (fetched_ == tail_ || under_way_.size() >= lanes_ || error_ != RingError::kNone) co_await may_fetch_;
    const std::uint32_t room = lanes_ - static_cast<std::uint32_t>(under_way_.size());
    const std::uint32_t count = std::min({distance(fetched_, tail_), entries_ - fetched_, room, kBatch});
    const bool read = fetch_batch(count);
    may_finish_.notify();
    if (!read) co_return;
  }
}

bool Ring::fetch_batch(std::uint32_t count) {
  const std::uint64_t session = session_;
  std::array<security_descriptor, kBatch> batch;
  const auto wanted = std::span(batch).first(count);
  sc_time delay;
  const bool read = memory_.read(address(fetched_), std::as_writable_bytes(wanted), delay);
  if (session != session_) return false;
  if (!read && count > 1) return fetch_batch(count / 2);  // those before the one that cannot be read
  const sc_time start = scheduler_.now() + delay;
  for (const security_descriptor& descriptor : wanted) {
    Entry entry{fetched_, {}, !read};
    if (read) {
      entry.job = operations_.begin(descriptor, start);
      if (session != session_) return false;
    }
    under_way_.push_back(entry);
    fetched_ = fetched_ + 1 == entries_ ? 0 : fetched_ + 1;
  }
  return read;
}

Task<> Ring::finish() {
  while (true) {
    while (under_way_.empty()) co_await may_finish_;
    co_await scheduler_.until(under_way_.front().job.time.end);
    const Entry entry = under_way_.front();
    if (!finish_one(entry)) co_return;
  }
}

// What an operation writes may be this engine's own registers, and disable or restart this very ring.
bool Ring::finish_one(const Entry& entry) {
  const std::uint64_t session = session_;
  bool written = false;
  if (!entry.unreadable) {
    const Operations::Result result = operations_.finish(entry.job);
    if (session != session_) return false;
    const std::array<std::uint32_t, 2> ending{result.status, result.size};
    static_assert(offsetof(security_descriptor, result_size) == offsetof(security_descriptor, status) + 4);
    written =
        memory_.write(address(entry.index) + offsetof(security_descriptor, status), std::as_bytes(std::span(ending)));
    if (session != session_) return false;
  }
  if (!written) {
    under_way_.clear();
    stop(RingError::kMemory);
    return false;
  }
  if (under_way_.size() == lanes_) may_fetch_.notify();
  under_way_.pop_front();
  head_ = entry.index + 1 == entries_ ? 0 : entry.index + 1;
  changed_();
  return true;
}

}  // namespace cardvp::security
