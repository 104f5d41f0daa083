// A PCIe link between one host port and one card: delay, bandwidth and order of what crosses it.
//
// Each direction is a resource that is busy until some time: a packet waits for those before it, is serialised at the
// link's rate with its overhead, and arrives a latency later. Nothing overtakes within a direction.
#pragma once

#include <cstdint>
#include <deque>
#include <span>

#include "models/base/model.h"
#include "models/pcie/types.h"

namespace cardvp::pcie {

struct LinkConfig {
  unsigned generation = 4;                                 // 1 to 6: 2.5, 5, 8, 16, 32, 64 GT/s a lane
  unsigned lanes = 16;                                     // 1, 2, 4, 8, 16
  sc_core::sc_time latency{150, sc_core::SC_NS};           // one way, beside serialisation
  sc_core::sc_time training{10, sc_core::SC_US};           // from enable to link up
  unsigned max_payload = 256;                              // bytes of one memory write or completion
  unsigned max_read_request = 512;                         // bytes asked for by one read request
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

  // Requests of the host; awaited reads return when the completion is back. On a link that is down (or goes down
  // meanwhile) they return kLinkDown and all ones.
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
};

}  // namespace cardvp::pcie
