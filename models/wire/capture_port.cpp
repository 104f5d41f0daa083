#include "models/wire/capture_port.h"

namespace cardvp::wire {

using sc_core::sc_time;

CapturePort::CapturePort(const Scheduler& scheduler, Port& port, const std::filesystem::path& path)
    : scheduler_(scheduler), port_(port), writer_(path) {}

CapturePort::~CapturePort() { write(sc_core::sc_max_time()); }

void CapturePort::connect(PortClient& client) {
  client_ = &client;
  port_.connect(*this);
}

sc_time CapturePort::send(FramePtr frame, sc_time at) {
  const bool sends = port_.up();
  std::vector<std::byte> bytes(frame->bytes().begin(), frame->bytes().end());
  const sc_time sent = port_.send(std::move(frame), at);
  if (sends) sent_.push({sent, std::move(bytes)});
  return sent;
}

std::string CapturePort::flush() {
  write(scheduler_.now());
  return writer_.flush();
}

void CapturePort::receive(FramePtr frame, sc_time at) {
  write(scheduler_.now());
  received_.push({at, {frame->bytes().begin(), frame->bytes().end()}});
  client_->receive(std::move(frame), at);
}

void CapturePort::write(sc_time until) {
  while (!sent_.empty() || !received_.empty()) {
    const bool sent = received_.empty() || (!sent_.empty() && sent_.front().at <= received_.front().at);
    Ring<Passed>& next = sent ? sent_ : received_;
    if (next.front().at > until) return;
    const Passed item = next.pop();
    writer_.write(item.at, item.bytes);
  }
}

}  // namespace cardvp::wire
