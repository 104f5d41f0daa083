#include "rtl/bridges/axi_stream_sink.h"

#include <algorithm>

namespace cardvp::rtl {

AxiStreamSink::Receiving::Receiving(AxiStreamSink& sink) : done(sink.sim_.scheduler), sink_(sink) {}

AxiStreamSink::Receiving::~Receiving() {
  std::erase(sink_.receivers_, this);
  if (sink_.receivers_.empty() && sink_.open_.empty()) sink_.end_work();
}

AxiStreamSink::AxiStreamSink(Sim& sim, Block& block, const InterfaceDescription& description,
                             const AxiStreamSinkConfig& config)
    : sim_(sim),
      block_(block),
      pins_(block, description),
      stream_(pins_),
      bus_(data_bytes(pins_, "tdata")),
      config_(config),
      stall_(config.stalls),
      track_(block.add_track(description.name)),
      received_(sim.stats.counter(fmt::format("{}.{}.packets", block.name(), description.name), "packets")),
      bytes_(sim.stats.counter(fmt::format("{}.{}.bytes", block.name(), description.name), "bytes")),
      lost_(sim.stats.counter(fmt::format("{}.{}.lost", block.name(), description.name), "bytes")) {
  block.domain(description.clock)->add(*this);
}

void AxiStreamSink::start(Receiving& receiving) {
  receivers_.push_back(&receiving);
  hand_over();
  update_work();
}

Response AxiStreamSink::receive_now(Receiving& receiving) {
  start(receiving);
  if (!receiving.done.done() && !domain()->run_until(receiving.done)) {
    std::erase(receivers_, &receiving);
    receiving.response = Response::kBusy;
    receiving.done.complete(sim_.scheduler.now());
  }
  return receiving.response;
}

Task<Response> AxiStreamSink::receive(StreamPacket& packet) {
  Receiving receiving(*this);
  start(receiving);
  co_await receiving.done;
  packet = std::move(receiving.packet);
  co_return receiving.response;
}

void AxiStreamSink::drive() { set_if(stream_.handshake.ready, !full() && !stall_.now()); }

void AxiStreamSink::sample() {
  if (!stream_.transfer()) return;
  made_progress();
  StreamPacket* const packet = full() ? nullptr : open_packet();
  if (packet) {
    append(*packet);
    if (get_or(stream_.last, 1) != 0) close(*packet);
  } else {
    lost_.add(bus_);
  }
  update_work();
}

// The one that the beat on the pins belongs to; null if there are too many.
StreamPacket* AxiStreamSink::open_packet() {
  const std::uint64_t id = get_or(stream_.id, 0), dest = get_or(stream_.dest, 0);
  for (StreamPacket& packet : open_)
    if (packet.id == id && packet.dest == dest) return &packet;
  if (open_.size() == kMaxOpen) return nullptr;
  open_.push_back({{}, id, dest, 0});
  return &open_.back();
}

void AxiStreamSink::append(StreamPacket& packet) {
  std::array<std::uint8_t, kMaxDataBytes> data;
  stream_.data.get_bytes(std::span(data).first(bus_));
  const Strobes keep = Strobes::of(stream_.keep, bus_);
  unsigned count = 0;
  for (unsigned lane = 0; lane < bus_; ++lane)
    if (keep[lane]) data[count++] = data[lane];
  const std::size_t taken = std::min<std::size_t>(count, config_.max_packet - packet.data.size());
  packet.data.insert(packet.data.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(taken));
  lost_.add(count - taken);
  packet.user = get_or(stream_.user, 0);
}

void AxiStreamSink::close(StreamPacket& packet) {
  StreamPacket whole = std::move(packet);
  open_.erase(open_.begin() + (&packet - open_.data()));
  received_.add();
  bytes_.add(whole.data.size());
  if (block_.has_waves()) block_.note(track_, fmt::format("received {} bytes", whole.data.size()));
  const sc_core::sc_time at = domain()->edge_time();
  if (sink_) return sink_(std::move(whole), at);
  packets_.push_back({std::move(whole), at});
  hand_over();
}

void AxiStreamSink::hand_over() {
  while (!receivers_.empty() && !packets_.empty()) {
    Receiving& receiving = *receivers_.front();
    receiving.packet = std::move(packets_.front().packet);
    receiving.done.complete(packets_.front().at);
    receivers_.pop_front();
    packets_.pop_front();
  }
}

// There is something to wait for: a packet, or the rest of one.
void AxiStreamSink::update_work() {
  if (!receivers_.empty() || (!open_.empty() && !full()))
    begin_work();
  else
    end_work();
}

void AxiStreamSink::fail(Response response) {
  while (!receivers_.empty()) {
    Receiving& receiving = *receivers_.front();
    receivers_.pop_front();
    receiving.response = response;
    receiving.done.complete(domain()->edge_time());
  }
}

void AxiStreamSink::reset() {
  fail(Response::kReset);
  open_.clear();
  set_if(stream_.handshake.ready, 0);
}

std::string AxiStreamSink::pending() const {
  return open_.empty() ? "a packet is waited for"
                       : fmt::format("packet of which {} bytes came", open_.front().data.size());
}

}  // namespace cardvp::rtl
