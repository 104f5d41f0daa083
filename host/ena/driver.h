// The host's ENA driver, written against the device interface alone (docs/nic.md). One driver, one function.
//
//   if (Error error = co_await driver.start(function)) ...
//   driver.on_receive([](unsigned queue, RxPacket packet) { ... });
//   co_await driver.transmit(queue, packet);
//
// Packets that are sent stand in buffers of the driver's own in host memory, one slot per ring entry, so that the
// caller's bytes are free on return. Received packets are handed over as views into the receive buffers, which go back
// to the ring when the handler returns.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/root_complex.h"
#include "models/base/model.h"
#include "models/net/address.h"

namespace cardvp::host::ena {

struct DriverConfig {
  unsigned queues = 4;         // pairs, asked for; fewer if the device or its vectors say so
  unsigned tx_entries = 1024;  // of each ring: 32 to 32768, a power of two
  unsigned rx_entries = 1024;
  unsigned rx_buffer_bytes = 2048;  // of each receive buffer: 256 to 65536
  enum class Placement : std::uint8_t { kAuto, kHostMemory, kDeviceMemory };
  Placement placement = Placement::kAuto;  // of TX queues: device memory (LLQ) if it is offered
  unsigned mtu = 1500;                     // 128 to what the device allows
  bool checksum_offload = true;            // what the device offers, of all three
  bool segmentation_offload = true;
  bool receive_checksums = true;
  unsigned tx_delay_us = 0, rx_delay_us = 0;              // interrupt moderation
  sc_core::sc_time interrupt_latency{1, sc_core::SC_US};  // from the message's arrival to the handler
  sc_core::sc_time software_cost{};                       // CPU time of each packet, each way; a queue is a CPU
  sc_core::sc_time admin_timeout{3, sc_core::SC_SEC};
  sc_core::sc_time keep_alive_timeout{6, sc_core::SC_SEC};  // zero: no watchdog. HW hints change it
  sc_core::sc_time completion_timeout{5, sc_core::SC_SEC};  // of a sent packet
  bool recover = true;  // resets and sets up again by itself when the device misbehaves, as real drivers do
};

struct Error {
  std::string text;  // empty: no error
  explicit operator bool() const { return !text.empty(); }
};

struct DeviceInfo {
  net::MacAddress mac;
  std::uint32_t version = 0, controller_version = 0;
  std::uint32_t features = 0, capabilities = 0;  // as the device attributes have them
  unsigned max_mtu = 0;
  unsigned queues = 0, tx_entries = 0, rx_entries = 0;
  bool llq = false;
  unsigned llq_entry_bytes = 0;
  std::uint32_t tx_offloads = 0, rx_offloads = 0;
  std::uint32_t speed_mbit = 0;
  bool readless = false;
};

// A packet to be sent: the frame without FCS, in one or more pieces (each at least a byte, together up to 64 KiB of
// payload with segmentation, else MTU and headers).
struct TxPacket {
  std::span<const std::byte> frame;
  bool checksum = false;  // the L4 checksum field holds the pseudo-header sum: the device does the rest
  unsigned mss = 0;       // segmentation: payload bytes of a segment; 0: none
};

struct RxPacket {
  std::span<const std::byte> frame;  // valid until the handler returns; copied together if it came in several buffers
  unsigned buffers = 1;
  bool ip_good = false, ip_bad = false;  // checksums as the device reported them
  bool l4_good = false, l4_bad = false;
  std::uint32_t hash = 0;
  sc_core::sc_time time;  // when the driver saw it
};

struct Statistics {
  std::uint64_t tx_packets = 0, tx_bytes = 0, rx_packets = 0, rx_bytes = 0;
  std::uint64_t tx_drops = 0, rx_drops = 0, rx_overruns = 0;  // as keep-alives said
  std::uint64_t interrupts = 0, resets = 0, keep_alives = 0;
  std::uint64_t bad_completions = 0;
};

// GET_STATS of type ENI: how often an allowance was exceeded.
struct EniStatistics {
  std::uint64_t bandwidth_in = 0, bandwidth_out = 0, packet_rate = 0, conntrack = 0, link_local = 0;
};

// PART OF THE DESIGN: private members, and further public ones that tests and management need, are the
// implementation's.
class Driver : public Model {
 public:
  Driver(sc_core::sc_module_name name, Sim& sim, RootComplex& root, const DriverConfig& config = {});
  ~Driver() override;

  // Takes the device from any state to traffic: reset, admin queue, features, MSI-X, I/O queues, buffers. Returns when
  // packets can be sent; the carrier comes with the device's link event: wait_carrier().
  Task<Error> start(PciFunction function);
  // Destroys the queues in order and resets the device (reason: shutdown).
  Task<Error> stop();
  // Device reset with traffic in flight, then as start(). `reason`: of DEV_CTL.
  Task<Error> reset(unsigned reason);

  bool running() const;
  bool carrier() const;
  Task<bool> wait_carrier(sc_core::sc_time timeout);  // false: it did not come
  const DeviceInfo& info() const;
  const DriverConfig& config() const;
  const Statistics& statistics() const;
  Memory& memory() const;
  using Model::scheduler;

  // Puts a packet into the ring, waits for room if there is none; the doorbell is rung once for all that is put in
  // within one instant. False: the driver is not running (any longer), or the packet is larger than it can be.
  Task<bool> transmit(unsigned queue, TxPacket packet);
  // The same without waiting: false also if there is no room.
  bool try_transmit(unsigned queue, const TxPacket& packet);
  // Notified when a completion made room in any ring, and at a reset.
  Trigger& room();
  // Everything that was sent has been completed.
  Task<> drain();

  using Receiver = std::function<void(unsigned queue, const RxPacket& packet)>;
  void on_receive(Receiver receiver);

  // Management. Error if the device refuses, or the driver is not running.
  Task<Error> set_mtu(unsigned mtu);
  Task<Error> set_rss_table(std::vector<unsigned> queues);  // of 128 entries
  Task<std::optional<EniStatistics>> eni_statistics();
  // What a device's link event or notification said last.
  std::string last_reset_reason() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cardvp::host::ena
