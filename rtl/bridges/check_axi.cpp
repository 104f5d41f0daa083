#include "rtl/bridges/check_axi.h"

#include <algorithm>

namespace cardvp::rtl {
namespace {

constexpr std::size_t kMaxEarly = 4096;  // beats of data without an address

const std::vector<std::string> kAddressPayload = {"id",    "addr", "len", "size",   "burst", "lock",
                                                  "cache", "prot", "qos", "region", "user"};

bool same_id(const Pin& pin, const Burst& burst) { return !pin || (burst.id & low_bits(pin.width())) == pin.get(); }

}  // namespace

AxiChecker::AxiChecker(Sim& sim, const std::string& owner, InterfacePins interface_pins)
    : Checker(sim, owner, std::move(interface_pins)),
      report_([this](std::string_view rule, const std::string& signal, std::string detail) {
        report(rule, signal, std::move(detail));
      }),
      aw_rules_(pins(), "aw", kAddressPayload),
      w_rules_(pins(), "w", {"data", "strb", "last", "user"}),
      b_rules_(pins(), "b", {"id", "resp", "user"}),
      ar_rules_(pins(), "ar", kAddressPayload),
      r_rules_(pins(), "r", {"id", "data", "resp", "last", "user"}),
      aw_(pins(), "aw"),
      ar_(pins(), "ar"),
      awlock_(pins()["awlock"]),
      arlock_(pins()["arlock"]),
      wstrb_(pins()["wstrb"]),
      wlast_(pins()["wlast"]),
      bid_(pins()["bid"]),
      bresp_(pins()["bresp"]),
      rid_(pins()["rid"]),
      rresp_(pins()["rresp"]),
      rlast_(pins()["rlast"]),
      target_(pins().description().role == InterfaceRole::kTarget),
      bus_(data_bytes(pins(), w_rules_ ? "wdata" : "rdata")) {
  if (target_)
    for (const char* const signal : {"bvalid", "rvalid"}) wake_on(signal);
  else
    for (const char* const signal : {"awvalid", "wvalid", "arvalid"}) wake_on(signal);
}

AxiChecker::AxiChecker(Sim& sim, Block& block, const InterfaceDescription& description)
    : AxiChecker(sim, block.name(), InterfacePins(block, description)) {
  block.domain(description.clock)->add(*this);
}

void AxiChecker::drive() {
  const auto before = [](ChannelRules& rules) {
    if (rules) rules.before_inputs();
  };
  if (target_) {
    before(b_rules_);
    before(r_rules_);
  } else {
    before(aw_rules_);
    before(w_rules_);
    before(ar_rules_);
  }
}

void AxiChecker::sample() {
  ++cycle_;
  if (b_rules_) {
    aw_rules_.sample(report_);
    if (aw_rules_.transfer()) check_address(aw_, awlock_, "aw", writes_);
    w_rules_.sample(report_);
    check_write_data();
    b_rules_.sample(report_);
    check_write_response();
  }
  if (!r_rules_) return;
  ar_rules_.sample(report_);
  if (ar_rules_.transfer()) check_address(ar_, arlock_, "ar", reads_);
  r_rules_.sample(report_);
  check_read_data();
}

void AxiChecker::check_address(const AddressPins& address, const Pin& lock, const char* channel,
                               std::deque<Request>& requests) {
  const Burst burst = address.get(bus_);
  if (const BurstFault fault = burst.fault(bus_); !fault.rule.empty())
    report(fault.rule, channel + std::string(fault.signal),
           fmt::format("{} beats of {} bytes at {:#x}", burst.beats, burst.bytes, burst.address));
  requests.push_back({burst, get_or(lock, 0) != 0, 0, cycle_});
}

void AxiChecker::check_write_data() {
  if (w_rules_.transfer() && early_.size() < kMaxEarly)
    early_.push_back({Strobes::of(wstrb_, bus_), get_or(wlast_, 1) != 0});
  while (!early_.empty()) {
    const auto open =
        std::ranges::find_if(writes_, [](const Request& request) { return request.beats < request.burst.beats; });
    if (open == writes_.end()) return;
    check_beat(*open, early_.front());
    early_.pop_front();
  }
}

void AxiChecker::check_beat(Request& request, const WriteBeat& beat) {
  const Burst& burst = request.burst;
  const bool last = request.beats + 1 == burst.beats;
  if (wlast_ && beat.last != last)
    report("WLAST", "wlast", fmt::format("{} in beat {} of {}", beat.last, request.beats + 1, burst.beats));
  if (wstrb_ && burst.bytes <= bus_) {
    const Lanes lanes = burst.lanes(request.beats, bus_);
    for (unsigned lane = 0; lane < bus_; ++lane) {
      if (!beat.strobes[lane] || (lane >= lanes.first && lane < lanes.first + lanes.count)) continue;
      report("WSTRB_LANES", "wstrb", fmt::format("lane {} in beat {}", lane, request.beats + 1));
      break;
    }
  }
  ++request.beats;
  request.complete_at = cycle_;
}

void AxiChecker::check_order(const Request& request, const char* signal) {
  if (request.complete_at == cycle_) report("RESPONSE_SAME_CYCLE", signal, "with the handshake that it answers");
}

void AxiChecker::check_code(const Pin& resp, const char* signal, const Request& request) {
  if (get_or(resp, 0) == static_cast<std::uint64_t>(Response::kExOkay) && !request.exclusive)
    report("RESPONSE_CODE", signal, "EXOKAY to what was not exclusive");
}

void AxiChecker::check_write_response() {
  const bool valid = pins()["bvalid"].high(), transfer = b_rules_.transfer();
  const auto asked = std::ranges::find_if(writes_, [this](const Request& request) {
    return request.beats == request.burst.beats && same_id(bid_, request.burst);
  });
  if (valid && !b_checked_) {
    if (asked == writes_.end())
      report("RESPONSE_UNASKED", "bvalid", fmt::format("ID {}", get_or(bid_, 0)));
    else {
      check_order(*asked, "bvalid");
      check_code(bresp_, "bresp", *asked);
    }
  }
  b_checked_ = valid && !transfer;
  if (transfer && asked != writes_.end()) writes_.erase(asked);
}

void AxiChecker::check_read_data() {
  const bool valid = pins()["rvalid"].high(), transfer = r_rules_.transfer();
  const auto asked =
      std::ranges::find_if(reads_, [this](const Request& request) { return same_id(rid_, request.burst); });
  if (valid && !r_checked_) {
    if (asked == reads_.end()) {
      report("RESPONSE_UNASKED", "rvalid", fmt::format("ID {}", get_or(rid_, 0)));
    } else {
      check_order(*asked, "rvalid");
      check_code(rresp_, "rresp", *asked);
      const bool last = asked->beats + 1 == asked->burst.beats;
      if (rlast_ && rlast_.high() != last)
        report("RLAST", "rlast", fmt::format("{} in beat {} of {}", !last, asked->beats + 1, asked->burst.beats));
    }
  }
  r_checked_ = valid && !transfer;
  if (transfer && asked != reads_.end() && ++asked->beats == asked->burst.beats) reads_.erase(asked);
}

void AxiChecker::reset() {
  for (ChannelRules* const rules : {&aw_rules_, &w_rules_, &b_rules_, &ar_rules_, &r_rules_}) rules->reset();
  writes_.clear();
  reads_.clear();
  early_.clear();
  b_checked_ = r_checked_ = false;
}

}  // namespace cardvp::rtl
