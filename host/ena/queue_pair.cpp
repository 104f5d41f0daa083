#include "host/ena/queue_pair.h"

#include <algorithm>

#include "host/root_complex.h"

namespace cardvp::host::ena {

using sc_core::sc_time;

QueuePair::QueuePair(Scheduler& scheduler, const PciFunction& function, const QueuePairConfig& config,
                     QueueOwner& owner, const QueueCounters& counters)
    : scheduler_(scheduler),
      function_(function),
      config_(config),
      owner_(owner),
      counters_(counters),
      tx_(function, config.tx),
      rx_(function, config.rx),
      refill_(std::min(config.rx.entries / 8, 256u)),
      costs_(config.software_cost != sc_core::SC_ZERO_TIME),
      ready_(costs_ ? config.tx.entries : 0),
      publish_later_(scheduler, *this),
      poll_later_(scheduler, *this) {
  interrupt_ = function.root().allocate_interrupt([this] { on_interrupt(); });
}

QueuePair::~QueuePair() { function_.root().free_interrupt(interrupt_); }

void QueuePair::start() {
  running_ = true;
  rx_.refill();
  poll_later_.call_soon();
}

void QueuePair::stop() {
  running_ = false;
  publish_later_.cancel();
  poll_later_.cancel();
}

// The CPU's time for one packet.
void QueuePair::charge() { cpu_free_ = std::max(cpu_free_, scheduler_.now()) + config_.software_cost; }

TxRing::Put QueuePair::put(const TxPacket& packet) {
  if (!running_) return TxRing::Put::kRefused;
  // A CPU does not make packets far ahead of its time.
  if (costs_ && static_cast<std::uint16_t>(tx_.tail() - tx_.told()) >= kBudget) return TxRing::Put::kNoRoom;
  const std::uint16_t before = tx_.tail();
  const TxRing::Put put = tx_.put(packet, scheduler_.now());
  if (put == TxRing::Put::kNoRoom && !full_since_) full_since_ = scheduler_.now();
  if (put != TxRing::Put::kDone) return put;
  counters_.tx_packets.add();
  counters_.tx_bytes.add(packet.size());
  if (costs_) {
    charge();
    for (std::uint16_t at = before; at != tx_.tail(); ++at) ready_[at % config_.tx.entries] = cpu_free_;
    if (!publish_later_.pending()) publish_later_.call_at(cpu_free_);
  } else if (!publish_later_.pending()) {
    // One doorbell for all that is sent within this instant.
    publish_later_.call_soon();
  }
  return put;
}

void QueuePair::publish() {
  if (!costs_) return tx_.ring_doorbell(tx_.tail());
  std::uint16_t tail = tx_.told();
  const auto made = [&](std::uint16_t at) { return ready_[at % config_.tx.entries]; };
  while (tail != tx_.tail() && made(tail) <= scheduler_.now()) ++tail;
  if (tail != tx_.told()) {
    tx_.ring_doorbell(tail);
    owner_.made_room();
  }
  const unsigned waiting = static_cast<std::uint16_t>(tx_.tail() - tail);
  if (waiting == 0) return;
  publish_later_.call_at(made(static_cast<std::uint16_t>(tail + std::min(waiting, kBatch) - 1)));
}

void QueuePair::on_interrupt() {
  counters_.interrupts.add();
  missed_checks_ = 0;
  if (!running_ || poll_later_.pending()) return;
  poll_later_.call_at(scheduler_.now() + config_.interrupt_latency);
}

void QueuePair::poll() {
  if (costs_ && cpu_free_ > scheduler_.now()) return poll_later_.call_at(cpu_free_);
  const TxRing::Reaped reaped = tx_.reap();
  if (reaped.packets > 0) {
    full_since_.reset();
    overdue_ = 0;
    owner_.made_room();
  }
  if (reaped.fault) {
    counters_.bad_completions.add();
    return owner_.fault(config_.number, *reaped.fault);
  }
  const bool more = poll_receive();
  if (!running_) return;
  rx_.refill(refill_);
  if (more) return poll_later_.call_at(std::max(cpu_free_, scheduler_.now()));
  function_.write32(0, unmask_, config_.delays | kUnmask);
}

// True if the poll's budget is used up.
bool QueuePair::poll_receive() {
  for (unsigned packets = 0; !costs_ || packets < kBudget; ++packets) {
    RxRing::Next next = rx_.next();
    if (next.fault) {
      counters_.bad_completions.add();
      owner_.fault(config_.number, *next.fault);
      return false;
    }
    if (!next.found) return false;
    if (costs_) charge();
    next.packet.time = std::max(cpu_free_, scheduler_.now());
    counters_.rx_packets.add();
    counters_.rx_bytes.add(next.packet.frame.size());
    owner_.received(config_.number, next.packet);
    rx_.release();
  }
  return true;
}

std::optional<ResetReason> QueuePair::check(const Health& health) {
  const sc_time now = scheduler_.now();
  if ((tx_.completion_waits() || rx_.completion_waits()) && !poll_later_.pending()) {
    if (++missed_checks_ >= kMissedChecks) return ResetReason::kMissingInterrupt;
  } else {
    missed_checks_ = 0;
  }
  if (full_since_ && now >= *full_since_ + health.transmit_timeout) return ResetReason::kTransmitWatchdog;
  overdue_ = 0;
  if (health.completion_timeout != sc_core::SC_ZERO_TIME && now >= health.completion_timeout)
    overdue_ = tx_.overdue(now - health.completion_timeout);
  if (overdue_ <= health.missing_completions) return std::nullopt;
  return missed_checks_ > 0 ? ResetReason::kMissingInterrupt : ResetReason::kMissingCompletions;
}

}  // namespace cardvp::host::ena
