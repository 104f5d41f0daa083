// An AXI4-Stream interface (IHI 0051) as pins, and what goes over it. A packet ends with TLAST; bytes that TKEEP leaves
// out are not part of it.
#pragma once

#include <vector>

#include "rtl/bridges/axi_channel.h"

namespace cardvp::rtl {

struct StreamPacket {
  std::vector<std::uint8_t> data;
  std::uint64_t id = 0, dest = 0;
  std::uint64_t user = 0;  // in every beat of a packet that is sent; of one that was received, in its last
};

struct StreamPins {
  Handshake handshake;
  Pin data, keep, strb, last, id, dest, user;

  explicit StreamPins(const InterfacePins& pins)
      : handshake(pins, "t"),
        data(pins["tdata"]),
        keep(pins["tkeep"]),
        strb(pins["tstrb"]),
        last(pins["tlast"]),
        id(pins["tid"]),
        dest(pins["tdest"]),
        user(pins["tuser"]) {}

  // TREADY is optional: without it whatever is valid is taken.
  bool transfer() const { return handshake.valid.high() && get_or(handshake.ready, 1) != 0; }
};

}  // namespace cardvp::rtl
