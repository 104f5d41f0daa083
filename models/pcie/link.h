// A PCIe link between one host port and one card: delay, bandwidth and order of what crosses it.
//
// Each direction is a resource that is busy until some time: a packet waits for those before it, is serialised at the
// link's rate with its overhead, and arrives a latency later. Nothing overtakes within a direction; only the
// completions of the card's reads, which take the wire when the request has reached the host, let what is sent
// meanwhile go first.
//
// Posted writes that arrive shortly one after another are delivered together, with the last of them: within half the
// latency, at most 100 ns. Who reads sees what was posted before, as ever.
//
// What is charged for a packet (PCIe 4.0, 2.2 and 3.6; lengths in bytes):
//   header     16 for a memory request to an address of 4 GiB and above, else 12; 12 for configuration requests and
//              completions. Bulk data counts as above 4 GiB, where nearly all of a host's memory is.
//   framing    8: start, sequence number, LCRC, end (generation 1 and 2: 1 + 2 + 4 + 1; 3 to 5: token of 4, LCRC of 4)
//   payload    rounded up to 4
// Line coding is 8b/10b in generations 1 and 2, 128b/130b in 3 to 5. Generation 6 sends flits of 256 bytes, 236 of
// which carry packets, without framing of their own; its headers are taken to be as long as those of the others. Not
// charged: acknowledgements and flow control (DLLPs, about 2 %), the packets that a start in the middle of a page adds,
// and credits: receivers are never the limit.
#pragma once

#include <cstdint>
#include <deque>
#include <span>

#include "models/base/model.h"
#include "models/pcie/direction.h"
#include "models/pcie/posted_queue.h"
#include "models/pcie/types.h"

namespace cardvp::pcie {

struct LinkConfig {
  unsigned generation = 4;                        // 1 to 6: 2.5, 5, 8, 16, 32, 64 GT/s a lane
  unsigned lanes = 16;                            // 1, 2, 4, 8, 16
  sc_core::sc_time latency{150, sc_core::SC_NS};  // one way, beside serialisation
  sc_core::sc_time training{10, sc_core::SC_US};  // from enable to link up
  unsigned max_payload = 256;                     // bytes of one memory write or completion: 128 to 4096
  unsigned max_read_request = 512;                // bytes asked for by one read request: 128 to 4096
  double picojoules_per_byte = 0;                 // of all that crosses, overhead included
};

class Link : public Model {
 public:
  Link(sc_core::sc_module_name name, Sim& sim, const LinkConfig& config);

  void connect(HostPort& host) { host_ = &host; }
  void connect(DevicePort& device) { device_ = &device; }
  HostPort& host() const { return *host_; }
  const LinkConfig& config() const { return config_; }

  // Usable bytes per second of one direction, line coding taken off, packet overhead not.
  double bytes_per_second() const;

  // The card's switch: trains, or drops, the link. Dropping resets the device and forgets what is in flight. The host
  // is told when it is up or down.
  void enable(bool on);
  bool up() const { return up_; }

  // Requests of the host; awaited reads return when the completion is back. On a link that is down they return
  // kLinkDown and all ones at once; if it goes down meanwhile, at the time at which they would have been served or
  // answered.
  Task<ReadResult> config_read(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size);
  Task<Completion> config_write(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size,
                                std::uint32_t value);
  Task<ReadResult> memory_read(std::uint64_t address, unsigned size);
  // Posted: returns at once and arrives in order. Up to 64 bytes, not across a 64-byte boundary.
  void memory_write(std::uint64_t address, std::span<const std::byte> data);

  // Requests of the card. Each reserves its direction and says when it arrives.
  //   bulk write: `bytes` of payload, cut into packets of max_payload
  sc_core::sc_time reserve_write(std::uint64_t bytes);
  //   read: request packets up, the host's memory latency is none of ours, completion packets down
  sc_core::sc_time reserve_read(std::uint64_t bytes);
  //   a posted write of up to 64 bytes, delivered to the host when it arrives
  void post(RequesterId requester, std::uint64_t address, std::span<const std::byte> data);
  //   a hot-plug message: tells the host when it arrives, in order with what is posted. Nothing while the link is down.
  void announce_presence(std::uint8_t function, bool present);

 private:
  struct Lane {  // one direction and its figures
    Counter& bytes;
    Counter& packets;
    Direction wire{};
    PostedQueue posted{};
  };

  sc_core::sc_time serialisation(std::uint64_t bytes) const;
  sc_core::sc_time count(Lane& lane, std::uint64_t bytes, std::uint64_t packets);
  sc_core::sc_time send(Lane& lane, std::uint64_t bytes, std::uint64_t packets = 1);

  template <class Serve>
  Task<ReadResult> request(std::uint64_t bytes, Serve serve);

  void trained();
  void deliver_to_host();
  void deliver_to_device();
  template <class Delivery>
  void arm(const PostedQueue& queue, Delivery& delivery);
  void deliver_presence();

  struct Presence {
    sc_core::sc_time arrival;
    std::uint8_t function;
    bool present;
  };

  const LinkConfig config_;
  const std::uint64_t framing_;  // bytes a packet
  const double ticks_per_byte_;  // of the SystemC time resolution
  const sc_core::sc_time together_;
  HostPort* host_ = nullptr;
  DevicePort* device_ = nullptr;
  bool enabled_ = false;
  bool up_ = false;
  std::uint64_t sessions_ = 0;  // how many times the link went down: what began before is void

  Lane to_host_;
  Lane to_device_;
  std::deque<Presence> presence_;  // to the host, by arrival
  Counter& dropped_;
  Callback<&Link::trained> training_{scheduler(), *this};
  Callback<&Link::deliver_to_host> host_delivery_{scheduler(), *this};
  Callback<&Link::deliver_to_device> device_delivery_{scheduler(), *this};
  Callback<&Link::deliver_presence> presence_delivery_{scheduler(), *this};
};

}  // namespace cardvp::pcie
