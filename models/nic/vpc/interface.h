// One interface of the data path: its page of registers, its allowances, its counters, and the packets of its host that
// wait for an allowance.
#pragma once

#include <deque>
#include <optional>

#include "models/base/model.h"
#include "models/base/registers.h"
#include "models/nic/data_path.h"
#include "models/nic/vpc/allowance.h"
#include "models/nic/vpc/drops.h"
#include "models/nic/vpc/flow_cache.h"

namespace cardvp::nic {

enum class InterfaceMode : std::uint8_t { kOff = 0, kVpc = 1, kBridged = 2 };

// A packet of the host's on its way out.
struct Departure {
  wire::FramePtr frame;
  std::optional<FlowAction> action;  // nothing: bridged
  std::uint64_t hash = 0;            // of the flow
  sc_core::sc_time at;               // not before
};

class Interface;

class InterfaceClient {
 public:
  virtual ~InterfaceClient() = default;
  // A packet that has waited for an allowance may go now.
  virtual void depart(Interface& from, Departure departure) = 0;
  virtual void mode_changed(Interface& interface) = 0;
  virtual std::uint32_t connections_of(const Interface& interface) = 0;
};

class Interface {
 public:
  // What waits for an allowance for longer than this is dropped.
  static inline const sc_core::sc_time kMostDelay{5, sc_core::SC_MS};

  Interface(Sim& sim, const std::string& name, std::uint16_t function, HostSide& host, InterfaceClient& client);

  const std::uint16_t function;
  RegisterBank registers;
  DropCounters drops;

  InterfaceMode mode() const { return mode_; }
  std::uint32_t vni() const;
  // Zero: not known to the data path.
  const net::MacAddress& mac() const { return mac_; }
  std::uint32_t most_connections() const;

  // When a packet that has passed all else may go out; nothing: it was dropped, and counted.
  std::optional<sc_core::sc_time> admit_out(std::size_t bytes, sc_core::sc_time at);
  bool waits() const { return !waiting_.empty(); }
  // When the last of those that wait may go; zero: none waits.
  sc_core::sc_time last_departure() const { return waiting_.empty() ? sc_core::SC_ZERO_TIME : waiting_.back().at; }
  // Leaves at its time.
  void wait(Departure departure);
  // Whether a packet for the card's own services, or a fragment, may go on; if not it was dropped, and counted.
  bool admit_slow(sc_core::sc_time at);
  // A frame for the host: at `ready`, or when its allowance lets it.
  void deliver(wire::FramePtr frame, sc_core::sc_time ready);
  void count_out(std::size_t bytes);
  // Counts the drop, and what else it means.
  void drop(Drop reason);

  void device_reset();
  // What waits is dropped.
  void flush(Drop reason);
  void reset();

 private:
  // Counted since device reset, as registers say.
  struct Exceeded {
    std::uint64_t in = 0, out = 0, packets = 0, connections = 0, slow = 0;
  };
  void hang_hooks();
  void configure();
  std::optional<sc_core::sc_time> admit(Allowance& bandwidth, std::uint64_t& exceeded, Drop reason, std::size_t bytes,
                                        sc_core::sc_time at);
  void release();

  Scheduler& scheduler_;
  HostSide& host_;
  InterfaceClient& client_;
  InterfaceMode mode_ = InterfaceMode::kOff;
  net::MacAddress mac_;
  Allowance bandwidth_in_, bandwidth_out_, packet_rate_, slow_rate_;
  Exceeded exceeded_;
  std::deque<Departure> waiting_;  // in order of their times
  Callback<&Interface::release> timer_;
  sc_core::sc_time last_delivery_;
  Counter& packets_in_;
  Counter& bytes_in_;
  Counter& packets_out_;
  Counter& bytes_out_;
};

}  // namespace cardvp::nic
