#include "rtl/bridges/apb_target.h"

namespace cardvp::rtl {

ApbTarget::ApbTarget(Sim& sim, Block& block, const InterfaceDescription& description)
    : TargetBridge(sim, block, description),
      sel_(pins()["psel"]),
      enable_(pins()["penable"]),
      write_(pins()["pwrite"]),
      addr_(pins()["paddr"]),
      wdata_(pins()["pwdata"]),
      strb_(pins()["pstrb"]),
      rdata_(pins()["prdata"]),
      ready_(pins()["pready"]),
      slverr_(pins()["pslverr"]),
      bus_(data_bytes(pins(), "pwdata")),
      queue_({.bus = bus_, .strobes = static_cast<bool>(strb_)}) {
  block.domain(description.clock)->add(*this);
}

void ApbTarget::drive() {
  if (!presented_) {
    queue_.cut();
    if (!queue_.parts().empty()) present(queue_.parts().front());
  }
  sel_.set(presented_);
  enable_.set(access_);
}

void ApbTarget::present(const Part& part) {
  const bool write = part.transaction->write;
  addr_.set(part.burst.address / bus_ * bus_);
  write_.set(write);
  std::array<std::uint8_t, kMaxDataBytes> data{};
  Lanes lanes{0, 0};
  if (write) lanes = part.fill(0, std::span(data).first(bus_));
  wdata_.set_bytes(std::span(data).first(bus_));
  set_if(strb_, ((std::uint64_t{1} << lanes.count) - 1) << lanes.first);
  presented_ = true;
  show(*part.transaction);
}

void ApbTarget::sample() {
  if (!presented_) return;
  if (!access_) {
    access_ = true;
  } else if (get_or(ready_, 1) != 0) {
    finish();
  }
}

void ApbTarget::finish() {
  Part& part = queue_.parts().front();
  std::array<std::uint8_t, kMaxDataBytes> data;
  if (!write_.high()) {
    rdata_.get_bytes(std::span(data).first(bus_));
    part.take(0, std::span(data).first(bus_));
  }
  if (get_or(slverr_, 0) != 0) part.response = Response::kSlvErr;
  made_progress();
  presented_ = access_ = false;
  queue_.finish(0);
  if (!queue_.empty()) return;
  show_nothing();
  end_work();
}

void ApbTarget::reset() {
  queue_.clear(Response::kReset);
  presented_ = access_ = false;
  sel_.set(0);
  enable_.set(0);
  show_nothing();
}

}  // namespace cardvp::rtl
