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
    const std::uint64_t now = count(after);
    next = std::min(next, time_of(Wide{now} + (timer.compare - (now - offset_of(id)))));
  }
  return next;
}

sc_time GenericTimer::time_of(Wide count) const {
  const Wide ps = (count * kPicosecondsPerSecond + hz_ - 1) / hz_;
  const sc_time never = sc_core::sc_max_time();
  return ps < never.value() ? sc_time::from_value(static_cast<std::uint64_t>(ps)) : never;
}

sc_time GenericTimer::next_transition(unsigned bit, bool rising, sc_time after) const {
  const std::uint64_t period = std::uint64_t{2} << bit, now = count(after);
  const std::uint64_t phase = (now - offset_) & (period - 1), wanted = rising ? period / 2 : 0;
  const std::uint64_t distance = (wanted - phase) & (period - 1);
  return time_of(Wide{now} + (distance ? distance : period));
}

void GenericTimer::expire() { update(scheduler_.now()); }

}  // namespace cardvp::arm
