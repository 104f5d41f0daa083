#include "rtl/bridges/axi_master.h"

#include <algorithm>
#include <cstring>

namespace cardvp::rtl {
namespace {

Counter& count(Sim& sim, const Block& block, const InterfaceDescription& description, const char* what,
               const char* unit) {
  return sim.stats.counter(fmt::format("{}.{}.{}", block.name(), description.name, what), unit);
}

std::string text(const char* what, const Burst& burst) {
  return fmt::format("{} {:#x}, {} beats of {} bytes", what, burst.address, burst.beats, burst.bytes);
}

}  // namespace

AxiMaster::Request& AxiMaster::Requests::add(const Burst& burst) {
  if (free_.empty()) free_.push_back(std::make_unique<Request>());
  live_.push_back(std::move(free_.back()));
  free_.pop_back();
  Request& request = *live_.back();
  request.burst = burst;
  request.beats = 0;
  request.response = Response::kOkay;
  request.data.clear();
  request.responses.clear();
  return request;
}

void AxiMaster::Requests::pop() {
  free_.push_back(std::move(live_.front()));
  live_.pop_front();
}

void AxiMaster::Requests::clear() {
  while (!empty()) pop();
}

AxiMaster::AxiMaster(Sim& sim, Block& block, const InterfaceDescription& description, MasterMemory& memory,
                     const AxiMasterConfig& config)
    : pins_(block, description),
      block_(block),
      memory_(memory),
      config_(config),
      aw_(pins_, "aw"),
      ar_(pins_, "ar"),
      w_(pins_, "w"),
      b_(pins_, "b"),
      r_(pins_, "r"),
      wdata_(pins_["wdata"]),
      wstrb_(pins_["wstrb"]),
      wlast_(pins_["wlast"]),
      bid_(pins_["bid"]),
      bresp_(pins_["bresp"]),
      rid_(pins_["rid"]),
      rdata_(pins_["rdata"]),
      rresp_(pins_["rresp"]),
      rlast_(pins_["rlast"]),
      bus_(data_bytes(pins_, w_ ? "wdata" : "rdata")),
      stall_(config.stalls),
      track_(block.add_track(description.name)),
      bytes_read_(count(sim, block, description, "bytes_read", "bytes")),
      bytes_written_(count(sim, block, description, "bytes_written", "bytes")),
      illegal_(count(sim, block, description, "illegal_bursts", "bursts")),
      errors_(count(sim, block, description, "errors", "bursts")) {
  block.domain(description.clock)->add(*this);
}

std::vector<std::string> AxiMaster::wakes_on() const {
  std::vector<std::string> ports;
  for (const char* const signal : {"awvalid", "wvalid", "arvalid"})
    if (pins_[signal]) ports.push_back(pins_.port(signal));
  return ports;
}

sc_core::sc_time AxiMaster::ahead() const {
  const sc_core::sc_time now = sc_core::sc_time_stamp(), edge = domain()->edge_time();
  return edge > now ? edge - now : sc_core::SC_ZERO_TIME;
}

std::uint64_t AxiMaster::due(const sc_core::sc_time& delay, unsigned latency) const {
  const sc_core::sc_time taken = delay - ahead(), period = domain()->period();
  const std::uint64_t cycles = (taken.value() + period.value() - 1) / period.value();
  return domain()->cycles() + std::max<std::uint64_t>({cycles, latency, 1});
}

bool AxiMaster::is_due(const Requests& requests) const {
  return !requests.empty() && domain()->cycles() >= requests.front().due;
}

void AxiMaster::drive() {
  if (aw_.handshake) {
    aw_.handshake.ready.set(writes_.size() + written_.size() < config_.outstanding && !stall_.now());
    w_.ready.set(!writes_.empty() && !stall_.now());
    drive_write_response();
  }
  if (!ar_.handshake) return;
  ar_.handshake.ready.set(reads_.size() < config_.outstanding && !stall_.now());
  drive_read_data();
}

void AxiMaster::drive_write_response() {
  if (!b_offered_ && is_due(written_) && !stall_.now()) {
    b_offered_ = true;
    set_if(bid_, written_.front().burst.id);
    set_if(bresp_, static_cast<std::uint64_t>(written_.front().response));
  }
  b_.valid.set(b_offered_);
}

void AxiMaster::drive_read_data() {
  if (!r_offered_ && is_due(reads_) && !stall_.now()) {
    r_offered_ = true;
    const Request& request = reads_.front();
    set_if(rid_, request.burst.id);
    rdata_.set_bytes(std::span(request.data).subspan(request.beats * bus_, bus_));
    set_if(rresp_, static_cast<std::uint64_t>(request.responses[request.beats]));
    set_if(rlast_, request.beats + 1 == request.burst.beats);
  }
  r_.valid.set(r_offered_);
}

void AxiMaster::sample() {
  if (aw_.handshake) {
    sample_write_data();  // of an address that was taken before
    if (aw_.handshake.transfer()) {
      const Request& request = take(aw_, writes_);
      if (block_.has_waves()) block_.note(track_, text("write", request.burst));
    }
  }
  if (ar_.handshake && ar_.handshake.transfer()) {
    Request& request = take(ar_, reads_);
    if (block_.has_waves()) block_.note(track_, text("read", request.burst));
    read(request);
  }
  sample_responses();
}

AxiMaster::Request& AxiMaster::take(const AddressPins& address, Requests& requests) {
  begin_work();
  made_progress();
  Request& request = requests.add(address.get(bus_));
  request.legal = request.burst.fault(bus_).rule.empty();
  if (!request.legal) {
    illegal_.add();
    request.response = Response::kSlvErr;
  }
  return request;
}

void AxiMaster::read(Request& request) {
  const Burst& burst = request.burst;
  request.data.assign(std::size_t{burst.beats} * bus_, 0);
  request.responses.assign(burst.beats, request.response);
  sc_core::sc_time delay = ahead();
  if (request.legal) read_beats(request, delay);
  request.due = due(delay, config_.read_latency);
  if (std::ranges::any_of(request.responses, [](Response response) { return !is_okay(response); })) errors_.add();
}

void AxiMaster::read_beats(Request& request, sc_core::sc_time& delay) {
  const Burst& burst = request.burst;
  // Beats as wide as the bus, one behind another, lie in the memory as they do in the lanes.
  if (burst.type == BurstType::kIncr && burst.bytes == bus_) {
    const std::size_t skipped = burst.address % bus_;
    sc_core::sc_time whole = delay;
    const std::span<std::uint8_t> bytes = std::span(request.data).subspan(skipped);
    if (is_okay(memory_.read(burst.address, bytes, whole))) {
      bytes_read_.add(bytes.size());
      delay = whole;
      return;
    }
  }
  for (unsigned beat = 0; beat < burst.beats; ++beat) {
    const Lanes lanes = burst.lanes(beat, bus_);
    const std::span<std::uint8_t> bytes = std::span(request.data).subspan(beat * bus_ + lanes.first, lanes.count);
    request.responses[beat] = memory_.read(burst.beat_address(beat), bytes, delay);
    if (is_okay(request.responses[beat]))
      bytes_read_.add(bytes.size());
    else
      std::ranges::fill(bytes, std::uint8_t{0});
  }
}

void AxiMaster::sample_write_data() {
  if (!w_.transfer()) return;
  made_progress();
  Request& request = writes_.front();
  collect(request);
  const bool over = ++request.beats == request.burst.beats;
  if (wlast_ && wlast_.high() != over) {
    if (request.legal) illegal_.add();
    request.legal = false;
    request.response = Response::kSlvErr;
  }
  if (over) write(request);
}

// The bytes of a beat that are to be written.
void AxiMaster::collect(Request& request) {
  if (!request.legal) return;
  const Lanes lanes = request.burst.lanes(request.beats, bus_);
  const std::uint64_t address = request.burst.beat_address(request.beats);
  const Strobes strobes = Strobes::of(wstrb_, bus_);
  std::array<std::uint8_t, kMaxDataBytes> bytes;
  wdata_.get_bytes(std::span(bytes).first(bus_));
  for (unsigned i = 0; i < lanes.count; ++i) {
    if (!strobes[lanes.first + i]) continue;
    if (runs_.empty() || runs_.back().address + runs_.back().size != address + i) runs_.push_back({address + i, 0});
    ++runs_.back().size;
    request.data.push_back(bytes[lanes.first + i]);
  }
}

void AxiMaster::write(Request& request) {
  sc_core::sc_time delay = ahead();
  std::size_t from = 0;
  for (const Run& run : runs_) {
    if (!request.legal) break;
    const Response response = memory_.write(run.address, std::span(request.data).subspan(from, run.size), delay);
    if (is_okay(response)) bytes_written_.add(run.size);
    request.response = std::max(request.response, response);
    from += run.size;
  }
  runs_.clear();
  if (!is_okay(request.response)) errors_.add();
  Request& answer = written_.add(request.burst);
  answer.response = request.response;
  answer.due = due(delay, config_.write_latency);
  writes_.pop();
}

void AxiMaster::sample_responses() {
  if (reads_.empty() && writes_.empty() && written_.empty()) return;
  if (aw_.handshake && b_.transfer()) {
    made_progress();
    b_offered_ = false;
    written_.pop();
  }
  if (ar_.handshake && r_.transfer()) {
    made_progress();
    r_offered_ = false;
    if (++reads_.front().beats == reads_.front().burst.beats) reads_.pop();
  }
  if (!reads_.empty() || !writes_.empty() || !written_.empty()) return;
  if (block_.has_waves()) block_.note(track_, "");
  end_work();
}

void AxiMaster::reset() {
  reads_.clear();
  writes_.clear();
  written_.clear();
  runs_.clear();
  r_offered_ = b_offered_ = false;
  for (Handshake* const channel : {&aw_.handshake, &w_, &ar_.handshake}) set_if(channel->ready, 0);
  for (Handshake* const channel : {&b_, &r_}) set_if(channel->valid, 0);
}

std::string AxiMaster::pending() const {
  if (!reads_.empty()) return text("read", reads_.front().burst);
  if (!writes_.empty()) return text("write", writes_.front().burst);
  return written_.empty() ? "" : text("write", written_.front().burst);
}

}  // namespace cardvp::rtl
