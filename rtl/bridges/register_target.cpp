#include "rtl/bridges/register_target.h"

namespace cardvp::rtl {

RegisterTarget::RegisterTarget(Sim& sim, Block& block, const InterfaceDescription& description,
                               const RegisterTargetConfig& config)
    : TargetBridge(sim, block, description),
      cs_(pins()["cs"]),
      we_(pins()["we"]),
      address_(pins()["address"]),
      write_data_(pins()["write_data"]),
      read_data_(pins()["read_data"]),
      ready_(pins()["ready"]),
      error_(pins()["error"]),
      bus_(data_bytes(pins(), "write_data")),
      read_latency_(config.read_latency),
      queue_({.bus = bus_}) {
  block.domain(description.clock)->add(*this);
}

void RegisterTarget::drive() {
  if (!presented_) {
    queue_.cut();
    if (!queue_.parts().empty()) present(queue_.parts().front());
  }
  const bool select = presented_ && (ready_ || waited_ == 0);
  cs_.set(select);
  if (!select) we_.set(0);
}

void RegisterTarget::present(const Part& part) {
  const bool write = part.transaction->write;
  address_.set(part.burst.address / bus_);
  we_.set(write);
  std::array<std::uint8_t, kMaxDataBytes> data{};
  if (write) part.fill(0, std::span(data).first(bus_));
  write_data_.set_bytes(std::span(data).first(bus_));
  presented_ = true;
  waited_ = 0;
  show(*part.transaction);
}

void RegisterTarget::sample() {
  if (!presented_) return;
  const bool over = ready_ ? ready_.high() : we_.high() || waited_ == read_latency_;
  ++waited_;
  if (over) finish();
}

void RegisterTarget::finish() {
  Part& part = queue_.parts().front();
  std::array<std::uint8_t, kMaxDataBytes> data;
  read_data_.get_bytes(std::span(data).first(bus_));
  if (!we_.high()) part.take(0, std::span(data).first(bus_));
  if (get_or(error_, 0) != 0) part.response = Response::kSlvErr;
  made_progress();
  presented_ = false;
  queue_.finish(0);
  if (!queue_.empty()) return;
  show_nothing();
  end_work();
}

void RegisterTarget::reset() {
  queue_.clear(Response::kReset);
  presented_ = false;
  cs_.set(0);
  we_.set(0);
  show_nothing();
}

}  // namespace cardvp::rtl
