#include "rtl/clocked.h"

#include <algorithm>

#include "rtl/block.h"

namespace cardvp::rtl {

void Completion::complete(sc_core::sc_time at) {
  done_ = true;
  at_ = std::max(at, scheduler().now());
  if (waiting_) scheduler().schedule(*this, at_);
}

BridgePins::~BridgePins() {
  if (domain_) domain_->remove(*this);
}

void BridgePins::begin_work() {
  if (working_ || !domain_) return;
  working_ = true;
  progress_at_ = domain_->cycles_;
  domain_->block_.work_begins();
}

void BridgePins::end_work() {
  if (!working_) return;
  working_ = false;
  --domain_->block_.working_;
}

void BridgePins::made_progress() {
  if (domain_) progress_at_ = domain_->cycles_;
}

}  // namespace cardvp::rtl
