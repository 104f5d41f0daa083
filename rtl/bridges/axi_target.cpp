#include "rtl/bridges/axi_target.h"

#include <algorithm>
#include <utility>

namespace cardvp::rtl {

AxiTarget::AxiTarget(Sim& sim, Block& block, const InterfaceDescription& description, const AxiTargetConfig& config)
    : TargetBridge(sim, block, description),
      aw_(pins(), "aw"),
      ar_(pins(), "ar"),
      w_(pins(), "w"),
      b_(pins(), "b"),
      r_(pins(), "r"),
      wdata_(pins()["wdata"]),
      wstrb_(pins()["wstrb"]),
      wlast_(pins()["wlast"]),
      bid_(pins()["bid"]),
      bresp_(pins()["bresp"]),
      rid_(pins()["rid"]),
      rdata_(pins()["rdata"]),
      rresp_(pins()["rresp"]),
      rlast_(pins()["rlast"]),
      bus_(data_bytes(pins(), w_ ? "wdata" : "rdata")),
      stall_(config.stalls),
      writes_(limits(aw_, config)),
      reads_(limits(ar_, config)) {
  block.domain(description.clock)->add(*this);
}

PartLimits AxiTarget::limits(const AddressPins& address, const AxiTargetConfig& config) const {
  PartLimits limits{.bus = bus_};
  limits.max_beats = address.len ? 1u << address.len.width() : 1;
  limits.narrow = static_cast<bool>(address.size);
  limits.types = address.len && address.burst;
  limits.strobes = static_cast<bool>(wstrb_);
  if (address.len) limits.outstanding = std::max<std::size_t>(config.outstanding, 1);
  return limits;
}

Response AxiTarget::accept(Transaction& transaction) {
  const AddressPins& address = transaction.write ? aw_ : ar_;
  if (!address.handshake) return Response::kRefused;
  return (transaction.write ? writes_ : reads_).push(transaction);
}

void AxiTarget::abandon(Transaction& transaction) { (transaction.write ? writes_ : reads_).abandon(transaction); }

void AxiTarget::drive() {
  if (std::exchange(fresh_, false)) return;
  if (aw_.handshake) {
    writes_.cut();
    offer_address(aw_, writes_, next_aw_, aw_offered_);
    drive_write_data();
    b_.ready.set(!writes_.empty() && !stall_.now());
  }
  if (ar_.handshake) {
    reads_.cut();
    offer_address(ar_, reads_, next_ar_, ar_offered_);
    r_.ready.set(!reads_.empty() && !stall_.now());
  }
}

void AxiTarget::offer_address(AddressPins& address, PartQueue& queue, std::size_t next, bool& offered) {
  if (!offered && next < queue.parts().size() && !stall_.now()) {
    offered = true;
    const Part& part = queue.parts()[next];
    address.set(part.burst);
    if (part.transaction) show(*part.transaction);
  }
  address.handshake.valid.set(offered);
}

void AxiTarget::drive_write_data() {
  // Not ahead of the offer of its address.
  const bool wanted = next_w_ < writes_.parts().size() && (next_w_ < next_aw_ || aw_offered_);
  if (!w_offered_ && wanted && !stall_.now()) {
    w_offered_ = true;
    const Part& part = writes_.parts()[next_w_];
    Strobes::of(part.fill(part.beats_done, lanes())).put(wstrb_);
    wdata_.set_bytes(lanes());
    set_if(wlast_, part.beats_done + 1 == part.burst.beats);
  }
  w_.valid.set(w_offered_);
}

void AxiTarget::sample() {
  if (aw_.handshake) {
    if (aw_.handshake.transfer()) {
      writes_.parts()[next_aw_++].address_done = true;
      aw_offered_ = false;
      made_progress();
    }
    sample_write_data();
    sample_write_response();
  }
  if (!ar_.handshake) return;
  if (ar_.handshake.transfer()) {
    reads_.parts()[next_ar_++].address_done = true;
    ar_offered_ = false;
    made_progress();
  }
  sample_read_data();
}

void AxiTarget::sample_write_data() {
  if (!w_.transfer()) return;
  Part& part = writes_.parts()[next_w_];
  if (++part.beats_done == part.burst.beats) ++next_w_;
  w_offered_ = false;
  made_progress();
}

void AxiTarget::sample_write_response() {
  if (!b_.transfer()) return;
  const std::size_t asked = std::min(next_aw_, next_w_);
  const std::uint64_t id = get_or(bid_, 0);
  for (std::size_t i = 0; i < asked; ++i) {
    Part& part = writes_.parts()[i];
    if (bid_ && (part.burst.id & low_bits(bid_.width())) != id) continue;
    part.response = static_cast<Response>(get_or(bresp_, 0) & 3);
    --next_aw_;
    --next_w_;
    return finish(writes_, i);
  }
  unexpected();
}

void AxiTarget::sample_read_data() {
  if (!r_.transfer()) return;
  const std::uint64_t id = get_or(rid_, 0);
  for (std::size_t i = 0; i < next_ar_; ++i) {
    Part& part = reads_.parts()[i];
    if (rid_ && (part.burst.id & low_bits(rid_.width())) != id) continue;
    made_progress();
    rdata_.get_bytes(lanes());
    part.take(part.beats_done, lanes());
    part.response = std::max(part.response, static_cast<Response>(get_or(rresp_, 0) & 3));
    const bool over = ++part.beats_done == part.burst.beats;
    if (rlast_ && rlast_.high() != over) {
      part.response = std::max(part.response, Response::kSlvErr);
      unexpected();
    }
    if (!over) return;
    --next_ar_;
    return finish(reads_, i);
  }
  unexpected();
}

void AxiTarget::finish(PartQueue& queue, std::size_t index) {
  made_progress();
  queue.finish(index);
  if (!writes_.empty() || !reads_.empty()) return;
  show_nothing();
  end_work();
}

void AxiTarget::reset() {
  writes_.clear(Response::kReset);
  reads_.clear(Response::kReset);
  next_aw_ = next_w_ = next_ar_ = 0;
  aw_offered_ = w_offered_ = ar_offered_ = false;
  fresh_ = true;
  for (Handshake* const channel : {&aw_.handshake, &w_, &ar_.handshake}) set_if(channel->valid, 0);
  for (Handshake* const channel : {&b_, &r_}) set_if(channel->ready, 0);
  show_nothing();
}

void AxiTarget::time_out() {
  writes_.fail(Response::kTimeOut);
  reads_.fail(Response::kTimeOut);
}

std::string AxiTarget::pending() const {
  const std::string writes = pending_text(writes_), reads = pending_text(reads_);
  return writes + (writes.empty() || reads.empty() ? "" : "; ") + reads;
}

}  // namespace cardvp::rtl
