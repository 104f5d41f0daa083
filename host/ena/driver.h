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
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/ena/admin_queue.h"
#include "host/ena/event_queue.h"
#include "host/ena/packet.h"
#include "host/ena/queue_pair.h"
#include "host/ena/registers.h"
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
  sc_core::sc_time completion_timeout{5, sc_core::SC_SEC};  // of a sent packet; zero: none. HW hints change it,
  unsigned missing_completions = 128;                       // and this: more that are overdue are a fault
  sc_core::sc_time transmit_timeout{5, sc_core::SC_SEC};    // of a ring that stays full
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

struct Statistics {
  std::uint64_t tx_packets = 0, tx_bytes = 0, rx_packets = 0, rx_bytes = 0;
  std::uint64_t tx_drops = 0, rx_drops = 0, rx_overruns = 0;  // as keep-alives said, since the last reset
  std::uint64_t interrupts = 0, resets = 0, keep_alives = 0;
  std::uint64_t bad_completions = 0;
};

// GET_STATS of type ENI: how often an allowance was exceeded.
struct EniStatistics {
  std::uint64_t bandwidth_in = 0, bandwidth_out = 0, packet_rate = 0, conntrack = 0, link_local = 0;
};

class Driver : public Model, private QueueOwner {
 public:
  // When the function goes away, orderly or not (hot-plug), or the link does, the driver stops running at once; start()
  // takes the device up again once it is back and has been probed.
  Driver(sc_core::sc_module_name name, Sim& sim, RootComplex& root, const DriverConfig& config = {});
  ~Driver() override;

  // Takes the device from any state to traffic: reset, admin queue, features, MSI-X, I/O queues, buffers. Returns when
  // packets can be sent; the carrier comes with the device's link event: wait_carrier().
  Task<Error> start(PciFunction function);
  // Destroys the queues in order and resets the device (reason: shutdown).
  Task<Error> stop();
  // Device reset with traffic in flight, then as start(). `reason`: of DEV_CTL.
  Task<Error> reset(unsigned reason);

  bool running() const { return state_ == State::kRunning; }
  // It runs, or is on its way there by itself.
  bool alive() const { return running() || state_ == State::kStarting || state_ == State::kRecovering; }
  bool carrier() const { return carrier_; }
  Task<bool> wait_carrier(sc_core::sc_time timeout);  // false: it did not come
  const DeviceInfo& info() const { return info_; }
  const DriverConfig& config() const { return config_; }
  Statistics statistics() const;
  const PciFunction& function() const { return *function_; }  // after start() was called
  Memory& memory() const { return root_.memory(); }
  RootComplex& root() const { return root_; }
  using Model::scheduler;

  // Puts a packet into the ring, waits for room if there is none; the doorbell is rung once for all that is put in
  // within one instant. False: the driver is not running (any longer), or the packet is larger than it can be, or asks
  // for what neither device nor driver can do.
  Task<bool> transmit(unsigned queue, TxPacket packet);
  // The same without waiting: false also if there is no room.
  bool try_transmit(unsigned queue, const TxPacket& packet);
  // Whether try_transmit would take it now or later.
  bool fits(unsigned queue, const TxPacket& packet) const;
  // Notified when a completion made room in any ring, when the driver stops running and when it does again.
  Trigger& room() { return room_; }
  // Everything that was sent has been completed, or is overdue; or the driver is not running any longer.
  Task<> drain();

  // Sinks are asked in the order in which they were added; what none takes, the receiver gets.
  void add_sink(PacketSink& sink) { sinks_.push_back(&sink); }
  void remove_sink(PacketSink& sink);
  using Receiver = std::function<void(unsigned queue, const RxPacket& packet)>;
  void on_receive(Receiver receiver) { receiver_ = std::move(receiver); }

  // Management. Error if the device refuses, or the driver is not running.
  Task<Error> set_mtu(unsigned mtu);
  Task<Error> set_rss_table(std::vector<unsigned> queues);  // of 128 entries
  Task<std::optional<EniStatistics>> eni_statistics();
  // Of the last reset that the driver made by itself or was asked for; empty: none.
  std::string last_reset_reason() const { return last_reset_reason_; }

 private:
  enum class State : std::uint8_t { kStopped, kStarting, kRunning, kRecovering, kStopping, kLost };

  // A state on the way to another, which is reached even if the task on the way is cancelled.
  class Transition {
   public:
    Transition(State& state, State now, State otherwise) : state_(state), end_(otherwise) { state_ = now; }
    Transition(const Transition&) = delete;
    Transition& operator=(const Transition&) = delete;
    ~Transition() { state_ = end_; }
    void settle(State end) { end_ = end; }

   private:
    State& state_;
    State end_;
  };

  // What the device allows (feature 7 or 2).
  struct Limits {
    unsigned queues = 0;
    unsigned tx_entries = 0, rx_entries = 0;
    unsigned header = 0;  // bytes
    unsigned tx_descriptors = 0, rx_descriptors = 0;
  };
  // Of the driver, as the device's hints changed them. Zero: none.
  struct Timeouts {
    sc_core::sc_time keep_alive, completion, transmit, admin;
    unsigned missing_completions = 0;
  };
  struct CreatedQueue {
    std::uint16_t sq = 0, cq = 0;
    Direction direction = kTx;
    bool has_sq = false;
  };
  enum class Creation : std::uint8_t { kDone, kNoResources, kFailed };

  // bring_up.cpp
  Task<Error> restart(ResetReason reason);
  Task<Error> bring_up(ResetReason reason);
  Task<Error> reset_device(ResetReason reason);
  Task<Error> wait_reset(bool in_progress, sc_core::sc_time timeout);
  Task<Error> check_versions();
  Task<Error> set_up();
  Task<Error> listen();
  std::string unusable() const;

  // features.cpp
  Task<Error> negotiate();
  Task<> tell_host();
  Task<Error> get_attributes();
  Task<Error> get_limits();
  Task<Error> get_offloads();
  Task<Error> get_hints();
  Task<Error> configure_events();
  Task<Error> configure_llq();
  Task<Error> get_moderation();
  Task<> get_link();
  bool offered(FeatureId id) const { return info_.features >> id & 1; }
  void take_hints(const Hints& hints);

  // rss.cpp
  Task<Error> probe_rss();
  Task<Error> write_rss();
  Task<Error> write_rss_table();

  // queues.cpp
  Task<Error> create_queues();
  void make_pairs(unsigned tx_entries, unsigned rx_entries);
  Task<Creation> create_all(Error& error);
  Task<Creation> create_queue(QueuePair& pair, Direction direction, Error& error);
  Task<bool> destroy_all();
  std::string misplaced(Direction direction, const CreateCqResponse& cq, const CreateSqResponse& sq) const;
  std::size_t most_frame() const;
  std::uint32_t delays() const;

  // watch.cpp
  void on_management_interrupt();
  void handle_management();
  void take_event(const Event& event);
  void set_carrier(bool up);
  void watch_health();
  void fail(ResetReason reason, const std::string& why);
  Task<> recover(ResetReason reason);
  Task<> watch_link();
  Task<> watch_presence();
  void lose(const std::string& why);
  void go();
  void halt();
  sc_core::sc_time health_period() const;

  // QueueOwner
  void received(unsigned queue, const RxPacket& packet) override;
  void made_room() override { room_.notify(); }
  void fault(unsigned queue, ResetReason reason) override;

  Task<> notify_at(Trigger& trigger, sc_core::sc_time time);
  Error failure(const std::string& what) const;
  Error refused(const std::string& what, const AdminResponse& response) const;

  RootComplex& root_;
  DriverConfig config_;
  std::optional<PciFunction> function_;
  unsigned removals_ = 0;  // of the function, before this start
  State state_ = State::kStopped;
  DeviceInfo info_;
  Limits limits_;
  LlqLayout llq_;  // entry 0: queues are in host memory
  Timeouts timeouts_;
  std::uint32_t caps_ = 0;
  bool keep_alives_ = false;            // the device sends them
  unsigned moderation_resolution_ = 0;  // us; 0: no moderation
  std::vector<unsigned> rss_table_;     // of queues; empty: in turn
  std::string last_reset_reason_;
  bool carrier_ = false;
  sc_core::sc_time last_keep_alive_;
  std::uint64_t tx_drops_ = 0, rx_drops_ = 0, rx_overruns_ = 0;  // as keep-alives said

  QueueCounters counters_;
  Counter& resets_;
  Counter& keep_alive_count_;
  Registers registers_;
  AdminQueue admin_;
  EventQueue events_;
  Buffer host_info_;
  Interrupt management_;
  std::vector<std::unique_ptr<QueuePair>> pairs_;
  std::vector<CreatedQueue> created_;  // in the order of creation
  std::vector<PacketSink*> sinks_;
  Receiver receiver_;
  Trigger room_;
  Trigger carrier_changed_;
  Callback<&Driver::handle_management> handle_later_;
  Callback<&Driver::watch_health> health_;
  TaskScope tasks_;  // its own: above all, so that they end first
};

}  // namespace cardvp::host::ena
