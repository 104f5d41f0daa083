#include "models/wire/fabric_port.h"

#include <algorithm>
#include <functional>

#include "models/net/headers.h"

namespace cardvp::wire {

using sc_core::sc_time;

namespace {

sc_time least_delay(const Config& config) {
  sc_time least = kAhead;
  for (const PathConfig& path : config.paths) least = std::min(least, path.delay);
  return least;
}

}  // namespace

FabricPort::FabricPort(Sim& sim, const std::string& name, const Config& config, std::uint16_t number,
                       Forwarding& forwarding)
    : sim_(sim),
      number_(number),
      forwarding_(forwarding),
      up_(config.type != Config::Type::kNone),
      in_(config.bandwidth),
      out_(config.bandwidth),
      random_(derive_seed(sim.seed, name)),
      ahead_(least_delay(config)),
      queue_(out_.bytes_time(config.queue_bytes)),
      timer_(sim.scheduler, *this),
      in_frames_(sim.stats.counter(name + ".in_frames", "frames")),
      in_bytes_(sim.stats.counter(name + ".in_bytes", "bytes")),
      out_frames_(sim.stats.counter(name + ".out_frames", "frames")),
      out_bytes_(sim.stats.counter(name + ".out_bytes", "bytes")) {
  for (const PathConfig& path : config.paths) paths_.emplace_back(path, config.queue_bytes);
  for (unsigned i = 1; i < kDrops; ++i)
    drops_[i] = &sim.stats.counter(name + ".drops." + name_of(static_cast<Drop>(i)), "frames");
}

sc_time FabricPort::send(FramePtr frame, sc_time at) {
  const bool too_short = frame->size() < net::kEthernetBytes;
  if (!up_ || too_short) {
    drop(too_short ? Drop::kShort : Drop::kLinkDown);
    return std::max(at, in_.free_at());
  }
  in_frames_.add();
  in_bytes_.add(frame->size());
  const sc_time sent = in_.reserve(std::max(at, sim_.scheduler.now()), frame->size());
  forwarding_.forward(*this, std::move(frame), sent);
  return sent;
}

void FabricPort::set_up(bool up) {
  if (up == up_) return;
  up_ = up;
  if (client_) client_->link_changed(up);
}

void FabricPort::put_out(FramePtr frame, sc_time arrival) {
  arriving_.push_back({arrival, order_++, std::move(frame)});
  std::push_heap(arriving_.begin(), arriving_.end(), std::greater<>());
  if (!delivering_) arm();
}

// What has arrived by then has met everything that arrived before it.
void FabricPort::settle(sc_time until) {
  while (!arriving_.empty() && arriving_.front().at <= until) {
    std::pop_heap(arriving_.begin(), arriving_.end(), std::greater<>());
    Arriving item = std::move(arriving_.back());
    arriving_.pop_back();
    if (out_.takes(item.at, item.frame->size(), queue_)) {
      const sc_time whole = out_.reserve(item.at, item.frame->size());
      leaving_.push({whole, std::move(item.frame)});
    } else {
      drop(Drop::kQueueFull);
    }
  }
}

void FabricPort::deliver() {
  const sc_time until = sim_.scheduler.now() + ahead_;
  delivering_ = true;
  settle(until);
  while (!leaving_.empty() && leaving_.front().at <= until) {
    auto [at, frame] = leaving_.pop();
    if (!up_ || !client_) {
      drop(Drop::kLinkDown);
      continue;
    }
    out_frames_.add();
    out_bytes_.add(frame->size());
    client_->receive(std::move(frame), at);
  }
  delivering_ = false;
  arm();
}

void FabricPort::arm() {
  if (leaving_.empty() && arriving_.empty()) return;
  sc_time next;
  if (!leaving_.empty()) {
    next = leaving_.front().at;
  } else {  // then the line is free
    const Arriving& first = arriving_.front();
    next = first.at + out_.duration(first.frame->size());
  }
  if (timer_.pending() && due_ <= next) return;
  due_ = next;
  timer_.call_at(next);
}

}  // namespace cardvp::wire
