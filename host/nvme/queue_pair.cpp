#include "host/nvme/queue_pair.h"

#include <cassert>
#include <cstring>

#include "host/nvme/prp.h"
#include "host/root_complex.h"

namespace cardvp::host::nvme {

using sc_core::sc_time;

void Request::submit() { queue_->submit(*this); }
void Request::abandon() { queue_->abandon(*this); }

QueuePair::QueuePair(Scheduler& scheduler, const PciFunction& function, const QueueConfig& config,
                     const QueueCounters& counters)
    : scheduler_(scheduler),
      function_(function),
      config_(config),
      counters_(counters),
      submission_(function.root().memory(), config.entries * sizeof(Command)),
      completion_(function.root().memory(), config.entries * sizeof(CompletionEntry)),
      list_pages_(prp_list_pages(config.max_transfer)),
      submission_doorbell_(reg::kDoorbells + 2ull * config.id * config.doorbell_stride),
      completion_doorbell_(submission_doorbell_ + config.doorbell_stride),
      slots_(config.entries - 1),
      pump_later_(scheduler, *this),
      ring_later_(scheduler, *this),
      handle_later_(scheduler, *this) {
  assert(config.entries >= 2 && config.entries <= kMaxEntries);
  lists_ = Buffer(function.root().memory(), slots_.size() * list_pages_ * kPageSize);
  // Phase tags start at 0 (4.6), and the memory may have been used before.
  std::memset(completion_.data(), 0, completion_.size());
  for (std::size_t slot = slots_.size(); slot-- > 0;) {
    slots_[slot].cid = static_cast<std::uint16_t>(slot);
    free_slots_.push_back(static_cast<std::uint16_t>(slot));
  }
  interrupt_ = function.root().allocate_interrupt([this] { on_interrupt(); });
}

QueuePair::~QueuePair() {
  fail_all(Status::kAborted);
  function_.root().free_interrupt(interrupt_);
}

void QueuePair::append(Request& request) {
  request.before_ = last_;
  request.after_ = nullptr;
  (last_ ? last_->after_ : first_) = &request;
  last_ = &request;
}

void QueuePair::unlink(Request& request) {
  if (first_ == &request) cpu_charged_ = false;
  (request.before_ ? request.before_->after_ : first_) = request.after_;
  (request.after_ ? request.after_->before_ : last_) = request.before_;
}

void QueuePair::submit(Request& request) {
  ++outstanding_;
  request.since_ = scheduler_.now();
  request.state_ = Request::State::kWaiting;
  append(request);
  if (first_ == &request) pump();
}

void QueuePair::abandon(Request& request) {
  --outstanding_;
  if (request.state_ == Request::State::kWaiting) {
    unlink(request);
  } else {
    slots_[request.slot_].request = nullptr;
  }
}

// Sends what waits, as far as there are slots and the CPU has had the time.
void QueuePair::pump() {
  while (first_ && !free_slots_.empty()) {
    if (config_.software_cost != sc_core::SC_ZERO_TIME) {
      const sc_time now = scheduler_.now();
      if (!cpu_charged_) {
        cpu_free_ = std::max(cpu_free_, now) + config_.software_cost;
        cpu_charged_ = true;
      }
      if (cpu_free_ > now) {
        if (!pump_later_.pending()) pump_later_.call_at(cpu_free_);
        return;
      }
    }
    Request& request = *first_;
    unlink(request);
    send(request);
  }
}

void QueuePair::send(Request& request) {
  const std::uint16_t index = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[index];
  slot.request = &request;
  slot.taken = true;
  slot.cid = static_cast<std::uint16_t>(slot.cid + (1u << kSlotBits));

  request.state_ = Request::State::kInFlight;
  request.slot_ = index;
  request.since_ = scheduler_.now();
  request.command_.cid = slot.cid;
  if (request.bytes_ > 0) {
    build_prps(function_.root().memory(), lists_.address() + index * list_pages_ * kPageSize, request.address_,
               request.bytes_, request.command_);
  }
  std::memcpy(submission_.data() + tail_ * sizeof(Command), &request.command_, sizeof(Command));
  if (++tail_ == config_.entries) tail_ = 0;
  counters_.commands.add();
  // One doorbell for all that is submitted in this activation.
  if (!ring_later_.pending()) ring_later_.call_soon();
}

void QueuePair::ring() { function_.write32(0, submission_doorbell_, tail_); }

void QueuePair::on_interrupt() {
  if (handle_later_.pending()) return;
  if (config_.interrupt_latency == sc_core::SC_ZERO_TIME) {
    handle_later_.call_soon();
  } else {
    handle_later_.call_at(scheduler_.now() + config_.interrupt_latency);
  }
}

void QueuePair::handle_interrupt() {
  if (!reap()) counters_.spurious_interrupts.add();
}

bool QueuePair::reap() {
  const auto* const entries = completion_.as<CompletionEntry>();
  bool found = false;
  while ((entries[head_].status & 1) == (phase_ ? 1 : 0)) {
    found = true;
    accept(entries[head_]);
    if (++head_ == config_.entries) {
      head_ = 0;
      phase_ = !phase_;
    }
  }
  if (!found) return false;
  function_.write32(0, completion_doorbell_, head_);
  pump();
  return true;
}

void QueuePair::accept(const CompletionEntry& entry) {
  const unsigned index = entry.cid & kSlotMask;
  if (entry.sq_id != config_.id || index >= slots_.size() || !slots_[index].taken || slots_[index].cid != entry.cid ||
      entry.sq_head >= config_.entries) {
    counters_.malformed.add();
    return;
  }
  Slot& slot = slots_[index];
  slot.taken = false;
  free_slots_.push_back(static_cast<std::uint16_t>(index));
  counters_.completions.add();
  if (!slot.request) {
    counters_.late.add();
    return;
  }
  --outstanding_;
  std::exchange(slot.request, nullptr)->finish({entry.dw0, Status(entry.status >> 1)});
}

namespace {

// It completes when there is an event to report, and not before.
bool may_take_forever(std::uint16_t queue, const Command& command) {
  return queue == 0 && command.opcode == kAsyncEventRequest;
}

}  // namespace

std::optional<sc_time> QueuePair::oldest() const {
  std::optional<sc_time> oldest;
  const auto look = [&](const Request& request) {
    if (may_take_forever(config_.id, request.command_)) return;
    if (!oldest || request.since_ < *oldest) oldest = request.since_;
  };
  for (const Slot& slot : slots_)
    if (slot.request) look(*slot.request);
  for (const Request* request = first_; request; request = request->after_) look(*request);
  return oldest;
}

unsigned QueuePair::expire(sc_time since) {
  const auto due = [&] { return oldest().value_or(sc_core::sc_max_time()) <= since; };
  if (!due()) return 0;
  if (!handle_later_.pending() && reap()) counters_.lost_interrupts.add();
  unsigned expired = 0;
  const auto end = [&](Request& request) {
    --outstanding_;
    ++expired;
    counters_.timeouts.add();
    request.finish({0, Status::kTimeout});
  };
  for (Slot& slot : slots_) {
    if (!slot.request || slot.request->since_ > since || may_take_forever(config_.id, slot.request->command_)) continue;
    end(*std::exchange(slot.request, nullptr));
  }
  for (Request* next = first_; next;) {
    Request& request = *std::exchange(next, next->after_);
    if (request.since_ > since || may_take_forever(config_.id, request.command_)) continue;
    unlink(request);
    end(request);
  }
  return expired;
}

void QueuePair::fail_all(Status status) {
  outstanding_ = 0;
  while (first_) {
    Request& request = *first_;
    unlink(request);
    request.finish({0, status});
  }
  for (Slot& slot : slots_)
    if (slot.request) std::exchange(slot.request, nullptr)->finish({0, status});
}

}  // namespace cardvp::host::nvme
