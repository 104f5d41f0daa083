#include "rtl/domain.h"

#include <algorithm>

#include "rtl/block_run.h"

namespace cardvp::rtl {

Domain::Domain(Block& block, const ClockDescription& clock, std::uint32_t port, Pin pin)
    : block_(block),
      clock_(clock.port),
      port_(port),
      pin_(pin),
      period_(clock.period_ps),
      low_(clock.period_ps / 2),
      fall_(0),
      rise_(low_) {}

void Domain::add(BridgePins& bridge) {
  bridge.domain_ = this;
  bridges_.push_back(&bridge);
  for (const std::string& port : bridge.wakes_on())
    if (const Pin pin = block_.pin(port)) {
      block_.wakes_.push_back(pin);
      block_.looked_at_.push_back(*block_.plugin().port(port));
    }
  bridge.reset();
}

void Domain::remove(BridgePins& bridge) {
  bridge.end_work();
  bridge.domain_ = nullptr;
  std::erase(bridges_, &bridge);
}

void Domain::skip_to(std::uint64_t time) {
  const std::uint64_t next = std::min(fall_, rise_);
  if (next >= time) return;
  const std::uint64_t shift = (time - next + period_ - 1) / period_ * period_;
  fall_ += shift;
  rise_ += shift;
}

bool Domain::run_until(const Completion& completion) {
  Block& block = block_;
  if (completion.done()) return true;
  if (block.clocking_) return false;
  block.start();
  block.catch_up();
  block.clocking_ = true;
  block.run([&] { return !completion.done() && block.working_ > 0; });
  block.clocking_ = false;
  block.arm();
  return completion.done();
}

}  // namespace cardvp::rtl
