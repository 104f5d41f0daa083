#include "rtl/bridges/axi_stream_source.h"

#include <algorithm>
#include <utility>

namespace cardvp::rtl {

AxiStreamSource::Sending::Sending(AxiStreamSource& source, const StreamPacket& packet_to_send)
    : packet(packet_to_send), done(source.sim_.scheduler), source_(source) {}

AxiStreamSource::Sending::~Sending() {
  if (!done.done()) source_.give_up(*this);
}

AxiStreamSource::AxiStreamSource(Sim& sim, Block& block, const InterfaceDescription& description, const Stalls& stalls)
    : sim_(sim),
      block_(block),
      pins_(block, description),
      stream_(pins_),
      bus_(data_bytes(pins_, "tdata")),
      stall_(stalls),
      track_(block.add_track(description.name)),
      packets_(sim.stats.counter(fmt::format("{}.{}.packets", block.name(), description.name), "packets")),
      bytes_(sim.stats.counter(fmt::format("{}.{}.bytes", block.name(), description.name), "bytes")) {
  block.domain(description.clock)->add(*this);
}

// Without TKEEP every beat is full.
bool AxiStreamSource::fits(const StreamPacket& packet) const {
  return stream_.keep || (!packet.data.empty() && packet.data.size() % bus_ == 0);
}

void AxiStreamSource::start(Sending& sending) {
  if (!fits(sending.packet)) return answer(sending, Response::kRefused);
  queue_.push_back({&sending, &sending.packet});
  begin_work();
}

Response AxiStreamSource::send_now(Sending& sending) {
  start(sending);
  if (!sending.done.done() && !domain()->run_until(sending.done)) {
    give_up(sending);
    answer(sending, Response::kBusy);
  }
  return sending.response;
}

Task<Response> AxiStreamSource::send(const StreamPacket& packet) {
  Sending sending(*this, packet);
  start(sending);
  co_await sending.done;
  co_return sending.response;
}

void AxiStreamSource::drive() {
  if (std::exchange(fresh_, false)) return;
  if (!offered_ && !queue_.empty() && !stall_.now()) present();
  stream_.handshake.valid.set(offered_);
}

void AxiStreamSource::present() {
  const StreamPacket& packet = *queue_.front().packet;
  if (sent_ == 0 && block_.has_waves()) block_.note(track_, fmt::format("send {} bytes", packet.data.size()));
  beat_ = std::min<std::size_t>(packet.data.size() - sent_, bus_);
  stream_.data.set_bytes(std::span(packet.data).subspan(sent_, beat_));
  const Strobes bytes = Strobes::of(Lanes{0, static_cast<unsigned>(beat_)});
  bytes.put(stream_.keep);
  bytes.put(stream_.strb);
  set_if(stream_.last, sent_ + beat_ == packet.data.size());
  set_if(stream_.id, packet.id);
  set_if(stream_.dest, packet.dest);
  set_if(stream_.user, packet.user);
  offered_ = true;
}

void AxiStreamSource::sample() {
  if (!offered_ || !stream_.transfer()) return;
  made_progress();
  offered_ = false;
  sent_ += beat_;
  bytes_.add(beat_);
  if (sent_ == queue_.front().packet->data.size()) finish_packet();
}

void AxiStreamSource::finish_packet() {
  Sending* const sending = queue_.front().sending;
  queue_.pop_front();
  sent_ = 0;
  packets_.add();
  if (sending) answer(*sending, Response::kOkay);
  if (!queue_.empty()) return;
  if (block_.has_waves()) block_.note(track_, "");
  end_work();
}

void AxiStreamSource::answer(Sending& sending, Response response) {
  sending.response = response;
  sending.done.complete(domain() ? domain()->edge_time() : sim_.scheduler.now());
}

void AxiStreamSource::give_up(const Sending& sending) {
  const auto entry = std::ranges::find(queue_, &sending, &Entry::sending);
  if (entry == queue_.end()) return;
  if (entry != queue_.begin() || (sent_ == 0 && !offered_)) {
    queue_.erase(entry);
    if (queue_.empty()) end_work();
    return;
  }
  orphan_ = sending.packet;
  *entry = {nullptr, &orphan_};
}

void AxiStreamSource::fail(Response response) {
  for (std::size_t i = queue_.size(); i-- > 0;) {
    Sending* const sending = queue_[i].sending;
    if (!sending) continue;
    give_up(*sending);
    answer(*sending, response);
  }
}

void AxiStreamSource::reset() {
  fail(Response::kReset);
  queue_.clear();
  sent_ = 0;
  offered_ = false;
  fresh_ = true;
  stream_.handshake.valid.set(0);
}

std::string AxiStreamSource::pending() const {
  if (queue_.empty()) return "";
  return fmt::format("packet of {} bytes, of which {} were taken", queue_.front().packet->data.size(), sent_);
}

}  // namespace cardvp::rtl
