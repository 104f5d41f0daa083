// Another process: one Ethernet frame, without FCS, a datagram. Who is not there yet is no error: what is for it is
// dropped, and counted, as on a cable that nobody has plugged in.
#pragma once

#include "models/wire/attachment.h"
#include "models/wire/datagram_socket.h"

namespace cardvp::wire {

class DatagramAttachment final : public Attachment {
 public:
  DatagramAttachment(sc_core::sc_module_name name, Sim& sim, const AttachmentConfig& config, Port& port,
                     FramePool& frames);

  bool external() const override { return true; }
  void poll() override;

  std::string local() const { return socket_.local(); }

 private:
  void receive(FramePtr frame, sc_core::sc_time /*at*/) override;

  DatagramSocket socket_;
};

}  // namespace cardvp::wire
