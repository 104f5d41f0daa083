#include "models/wire/datagram_attachment.h"

namespace cardvp::wire {

DatagramAttachment::DatagramAttachment(sc_core::sc_module_name name, Sim& sim, const AttachmentConfig& config,
                                       Port& port, FramePool& frames)
    : Attachment(name, sim, port, frames),
      socket_(config.type == AttachmentConfig::Type::kUdp ? DatagramSocket::udp(config.listen, config.peer)
                                                          : DatagramSocket::unix_domain(config.listen, config.peer)) {
  port_.connect(*this);
  log_.info("listening", {{"local", local()}, {"peer", config.peer}});
}

void DatagramAttachment::poll() {
  for (unsigned i = 0; i < kMostPerPoll && port_free(); ++i) {
    std::span<const std::byte> datagram;
    const DatagramSocket::Result result = socket_.receive(datagram);
    if (result == DatagramSocket::Result::kNothing) return;
    if (result == DatagramSocket::Result::kDone)
      take(datagram);
    else
      drop(result == DatagramSocket::Result::kNoPeer ? "no_peer" : "receive_error");
  }
}

void DatagramAttachment::receive(FramePtr frame, sc_core::sc_time /*at*/) {
  switch (socket_.send(frame->bytes())) {
    case DatagramSocket::Result::kDone:
    case DatagramSocket::Result::kNothing: return;
    case DatagramSocket::Result::kNoPeer: return drop("no_peer");
    case DatagramSocket::Result::kBusy: return drop("peer_busy");
    case DatagramSocket::Result::kFailed: return drop("send_error");
  }
}

}  // namespace cardvp::wire
