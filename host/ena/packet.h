// Packets as the driver takes and gives them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <systemc>

namespace cardvp::host::ena {

// A packet to be sent: the frame without FCS, at least 14 bytes, at most MTU and headers (14, and 4 for each of two
// VLAN tags), or 65535 with segmentation.
struct TxPacket {
  std::span<const std::byte> frame{};
  std::span<const std::byte> tail{};  // what follows `frame`, if it stands elsewhere; `frame` then holds all headers
  bool checksum = false;              // the L4 checksum field holds the pseudo-header sum: the device does the rest
  unsigned mss = 0;                   // segmentation: payload bytes of a TCP segment; 0: none

  std::size_t size() const { return frame.size() + tail.size(); }
};

struct RxPacket {
  std::span<const std::byte> frame;  // valid until the handler returns; copied together if it came in several buffers
  unsigned buffers = 1;
  bool ip_good = false, ip_bad = false;  // checksums as the device reported them
  bool l4_good = false, l4_bad = false;
  std::uint32_t hash = 0;
  sc_core::sc_time time;  // when the driver was done with it
};

// Who takes received packets.
class PacketSink {
 public:
  // False: not this one's. It may send, but not wait.
  virtual bool receive(unsigned queue, const RxPacket& packet) = 0;

 protected:
  ~PacketSink() = default;
};

}  // namespace cardvp::host::ena
