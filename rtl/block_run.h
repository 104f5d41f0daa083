// Block: what is done in each cycle. For its own sources.
#pragma once

#include <algorithm>
#include <exception>

#include "rtl/block.h"

namespace cardvp::rtl {

inline std::uint64_t Block::next_edge() const {
  std::uint64_t next = ~std::uint64_t{0};
  for (const auto& domain : domains_) next = std::min({next, domain->fall_, domain->rise_});
  return next;
}

inline void Block::look_at_outputs(std::uint64_t time, cardvp_rtl_state state) {
  if (state != CARDVP_RTL_RUNNING) has_stopped();
  bool changed = false;
  for (const auto& watch : watches_) changed |= watch->look(time);
  if (config_.clocking.quiet_cycles > 0 && (changed || has_work() || wanted())) stay_awake();
}

inline void Domain::sample() {
  for (BridgePins* const bridge : bridges_) {
    bridge->sample();
    if (bridge->working_ && cycles_ - bridge->progress_at_ >= block_.config_.time_out_cycles) block_.timed_out(*bridge);
  }
}

// Cycles of the only clock, with the bridges: the loop is the plug-in's, which calls back twice a cycle.
template <class More>
void Block::together(const More& more) {
  struct Calls {
    Block& block;
    const More& more;
    std::exception_ptr failure;  // of a bridge; the plug-in has no part in it
  } calls{*this, more, nullptr};
  Domain& domain = *domains_.front();
  domain.drive();
  const cardvp_rtl_run request = {
      .clock = domain.port_,
      .cycles = ~std::uint64_t{0},
      .time = domain.fall_,
      .low = domain.low_,
      .period = domain.period_,
      .watched = nullptr,
      .watched_count = 0,
      .context = &calls,
      .sample =
          [](void* context) {
            auto& [block, ignored, failure] = *static_cast<Calls*>(context);
            Domain& clock = *block.domains_.front();
            block.time_ = clock.fall_;
            clock.edge_ = clock.rise_;
            try {
              clock.sample();
            } catch (...) {
              failure = std::current_exception();
            }
          },
      .next =
          [](void* context, cardvp_rtl_state state) {
            auto& [block, go_on, failure] = *static_cast<Calls*>(context);
            Domain& clock = *block.domains_.front();
            block.time_ = clock.rise_;
            clock.fall_ += clock.period_;
            clock.raise();
            block.look_at_outputs(block.time_, state);
            if (failure || !block.going() || block.waves_due() || !go_on()) return 0;
            clock.drive();
            return 1;
          },
  };
  abi_.run(instance_, &request);
  if (calls.failure) std::rethrow_exception(calls.failure);
  if (running_) look_at_outputs(time_, abi_.state(instance_));  // which broke within a cycle
}

template <class More>
void Block::run(const More& more) {
  const Domain& first = *domains_.front();
  while (going() && more()) {
    if (domains_.size() == 1 && first.fall_ < first.rise_ && !waves_due() && !alone_)
      together(more);
    else
      step();
  }
}

}  // namespace cardvp::rtl
