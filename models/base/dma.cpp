#include "models/base/dma.h"

namespace cardvp {

DmaRead::DmaRead(DmaPort& port, std::span<const DmaSegment> from, std::byte* to)
    : Resumption(&port.scheduler_of_port()), port_(port), segments_(from), buffer_(to) {}

DmaRead::DmaRead(DmaPort& port, DmaSegment from, std::byte* to)
    : Resumption(&port.scheduler_of_port()), port_(port), single_(from), segments_(&single_, 1), buffer_(to) {}

DmaRead::~DmaRead() {
  if (state_ == State::kOutstanding) port_.abandon(*this);
}

void DmaRead::start() {
  state_ = State::kOutstanding;
  port_.start(*this);
}

void DmaRead::complete(DmaStatus status) {
  state_ = State::kDone;
  status_ = status;
  scheduler().make_ready(*this);
}

void DmaRead::settle_at(sc_core::sc_time time) {
  state_ = State::kSettling;
  scheduler().schedule(*this, time);
}

DmaStatus DmaRead::await_resume() { return state_ == State::kSettling ? port_.settle(*this) : status_; }

}  // namespace cardvp
