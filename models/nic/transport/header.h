// What the transport of one card says to that of another: the bytes of its option in the outer frame.
//
// Two packets. Data carries an inner frame. An acknowledgement carries none, and belongs to no virtual network (VNI 0);
// it says what has come, and when, which is all that the sender's congestion control lives on. Integers are in network
// order.
//
//   Data: 16 bytes
//     0  type: 1
//     1  reserved: 0, ignored
//     2  after: how many packets before this one its flow's last one was; 0: none that is unacknowledged
//     4  stream: a number that the sender draws anew whenever it starts from nothing
//     8  receiver: the number of the receiver, as its acknowledgements told it; 0: none has come yet
//    12  sequence: of all packets of the stream, from kFirstSequence on
//
//   Acknowledgement: 32 bytes, and 4 for each arrival
//     0  type: 2
//     1  arrivals: 0 to 8
//     2  map base: what the first bit of the map stands for, in packets from `next` on
//     4  receiver: a number that the receiver draws anew whenever it has forgotten the peer
//     8  stream: whose packets this is about
//    12  next: every packet before this sequence number has come
//    16  map: 128 bits, the first in the highest bit of the first byte; 1: the packet has come
//    32  arrivals since the last acknowledgement: the low half of a sequence number (2 bytes), and how long ago it
//        came, in units of 16 ns (2 bytes; 0xffff: at least that)
//
// Why so. A lost packet is sent again as it was, byte for byte: it is sealed, and the sender keeps no other form of it.
// So nothing in Data may depend on when or by which path it is sent; both are the sender's own knowledge, and the
// arrivals tell it which packet to apply them to. `after` orders a flow's packets without the receiver keeping any
// state of flows, however many there are or a hostile sender claims: a packet is delivered behind its predecessor.
//
// The two numbers are the incarnations of the halves of a connection. A new stream makes the receiver start anew; an
// unknown receiver makes the sender start a new stream, since what the old receiver held is lost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

namespace cardvp::nic::transport {

inline constexpr std::size_t kDataBytes = 16;
inline constexpr std::size_t kAckBytes = 32;  // without arrivals
inline constexpr std::size_t kArrivalBytes = 4;
inline constexpr unsigned kMostArrivals = 8;
inline constexpr unsigned kMapBits = 128;
inline constexpr std::size_t kMostOptionBytes = kAckBytes + kMostArrivals * kArrivalBytes;
// Shortly before sequence numbers wrap, so that every stream does it early.
inline constexpr std::uint32_t kFirstSequence = 0xffffff00;

struct Data {
  std::uint32_t stream = 0;
  std::uint32_t receiver = 0;
  std::uint32_t sequence = 0;
  std::uint16_t after = 0;
};

struct Arrival {
  std::uint16_t sequence = 0;  // its low half
  std::uint16_t age = 0;       // units of 16 ns
};

struct Ack {
  std::uint32_t receiver = 0;
  std::uint32_t stream = 0;
  std::uint32_t next = 0;
  std::uint16_t map_base = 0;
  std::array<std::uint64_t, kMapBits / 64> map{};  // bit n of the map: bit 63 - n % 64 of word n / 64
  unsigned arrivals = 0;
  std::array<Arrival, kMostArrivals> arrival{};

  bool bit(unsigned n) const { return map[n / 64] >> (63 - n % 64) & 1; }
  void set_bit(unsigned n) { map[n / 64] |= 1ull << (63 - n % 64); }
};

class EncodedOption {
 public:
  explicit EncodedOption(const Data& data);
  explicit EncodedOption(const Ack& ack);
  std::span<const std::byte> bytes() const { return {bytes_.data(), size_}; }

 private:
  std::array<std::byte, kMostOptionBytes> bytes_{};
  std::size_t size_;
};

// monostate: no option of this format. Lengths must be exact.
std::variant<std::monostate, Data, Ack> decode(std::span<const std::byte> option);

}  // namespace cardvp::nic::transport
