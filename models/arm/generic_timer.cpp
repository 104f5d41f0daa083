#include "models/arm/generic_timer.h"

#include <algorithm>

namespace cardvp::arm {

using sc_core::sc_time;

namespace {
using Wide = unsigned __int128;
constexpr std::uint64_t kPicosecondsPerSecond = 1'000'000'000'000;
}  // namespace

GenericTimer::GenericTimer(Scheduler& scheduler, std::uint64_t hz, std::array<Line*, kTimers> outputs)
    : scheduler_(scheduler), hz_(hz) {
  for (unsigned id = 0; id < kTimers; ++id) timers_[id].output = outputs[id];
}

void GenericTimer::reset() {
  offset_ = 0;
  latest_ = scheduler_.now();
  for (Timer& timer : timers_) timer = {.output = timer.output};
  update(latest_);
}

std::uint64_t GenericTimer::count(sc_time at) const {
  return static_cast<std::uint64_t>(Wide{at.value()} * hz_ / kPicosecondsPerSecond);
}

void GenericTimer::set_virtual_offset(std::uint64_t offset, sc_time at) {
  offset_ = offset;
  update(at);
}

std::uint64_t GenericTimer::control(Id id, sc_time at) const {
  const Timer& timer = timers_[id];
  return std::uint64_t{timer.enabled} | std::uint64_t{timer.masked} << 1 |
         std::uint64_t{timer.enabled && met(id, at)} << 2;
}

void GenericTimer::set_control(Id id, std::uint64_t value, sc_time at) {
  timers_[id].enabled = value & 1;
  timers_[id].masked = value >> 1 & 1;
  update(at);
}

void GenericTimer::set_compare(Id id, std::uint64_t value, sc_time at) {
  timers_[id].compare = value;
  update(at);
}

std::uint64_t GenericTimer::value(Id id, sc_time at) const {
  return (timers_[id].compare - (count(at) - offset_of(id))) & 0xffffffff;
}

void GenericTimer::set_value(Id id, std::uint64_t value, sc_time at) {
  const auto distance = static_cast<std::uint64_t>(static_cast<std::int32_t>(value));
  set_compare(id, count(at) - offset_of(id) + distance, at);
}

void GenericTimer::update(sc_time at) {
  latest_ = std::max(latest_, at);
  const sc_time next = next_expiry(latest_);
  expiry_.cancel();
  if (next != sc_core::sc_max_time()) expiry_.call_at(std::max(next, scheduler_.now()));
  for (unsigned id = 0; id < kTimers; ++id) {
    const Timer& timer = timers_[id];
    timer.output->set(timer.enabled && !timer.masked && met(static_cast<Id>(id), latest_));
  }
}

sc_time GenericTimer::next_expiry(sc_time after) const {
  sc_time next = sc_core::sc_max_time();
  for (unsigned i = 0; i < kTimers; ++i) {
    const Id id = static_cast<Id>(i);
    const Timer& timer = timers_[id];
    if (!timer.enabled || timer.masked || met(id, after)) continue;
    // The first picosecond at which the counter shows it, unless that is beyond the end of time.
    const std::uint64_t now = count(after);
    const Wide due = Wide{now} + (timer.compare - (now - offset_of(id)));
    const Wide ps = (due * kPicosecondsPerSecond + hz_ - 1) / hz_;
    if (ps < next.value()) next = sc_time::from_value(static_cast<std::uint64_t>(ps));
  }
  return next;
}

void GenericTimer::expire() { update(scheduler_.now()); }

}  // namespace cardvp::arm
