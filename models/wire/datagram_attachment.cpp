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
    bool failed = false;
    const auto datagram = socket_.receive(failed);
    if (failed) drop("receive_error");
    if (!datagram) return;
    take(*datagram);
  }
}

void DatagramAttachment::receive(FramePtr frame) {
  switch (socket_.send(frame->bytes())) {
    case DatagramSocket::Sent::kYes: return;
    case DatagramSocket::Sent::kNoPeer: return drop("no_peer");
    case DatagramSocket::Sent::kBusy: return drop("peer_busy");
    case DatagramSocket::Sent::kFailed: return drop("send_error");
  }
}

}  // namespace cardvp::wire
