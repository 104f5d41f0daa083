// A network behind the machine's own, without rights: libslirp answers DHCP and ARP, forwards DNS, and turns the
// guests' connections into sockets of this process (NAT). Of its network a.b.c.0/24 the gateway is a.b.c.2, which is
// also this machine, the DNS server a.b.c.3, and guests get addresses from a.b.c.15 on.
//
// Its clock is simulated time, what it talks to answers in its own.
#pragma once

#include <poll.h>

#include <vector>

#include "models/wire/attachment.h"

struct Slirp;

namespace cardvp::wire {

class UserNetwork final : public Attachment {
 public:
  UserNetwork(sc_core::sc_module_name name, Sim& sim, const AttachmentConfig& config, Port& port, FramePool& frames);
  ~UserNetwork() override;
  UserNetwork(const UserNetwork&) = delete;
  UserNetwork& operator=(const UserNetwork&) = delete;

  bool external() const override { return true; }
  void poll() override;

 private:
  struct Callbacks;  // what libslirp calls

  void receive(FramePtr frame, sc_core::sc_time /*at*/) override;

  Counter& guest_errors_;  // that libslirp complains of
  Slirp* slirp_;
  std::vector<pollfd> sockets_;  // of one look
};

}  // namespace cardvp::wire
