// Two transports, and a fabric of paths between them, each with its delay, loss, jitter, bandwidth and queue.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "models/nic/transport/transport.h"

namespace cardvp::nic::testing {

using sc_core::SC_MS;
using sc_core::SC_NS;
using sc_core::SC_SEC;
using sc_core::sc_time;
using sc_core::SC_US;

struct TestPath {
  sc_time delay{10, SC_US};
  sc_time jitter{0, SC_US};
  double loss = 0;
  double bytes_per_second = 0;      // 0: no limit
  sc_time longest_queue{1, SC_MS};  // more is dropped
  bool up = true;
};

// What is below one transport: the way out, and what comes in from the other end.
class End : public TransportLower, public TransportUpper {
 public:
  End(const std::string& name, Sim& sim, wire::FramePool& frames, const TransportConfig& config, std::uint64_t seed);

  // Sends a frame that says which of its flow it is, to be checked where it comes out.
  sc_time send(std::uint32_t flow, std::size_t bytes = 100);
  // Everything that the other end has sent was delivered, once and in order.
  bool complete(const End& other) const { return received == other.sent; }

  std::uint64_t count(const std::string& what) const;

  wire::FramePtr encapsulate(std::uint16_t peer, std::uint32_t vni, std::span<const std::byte> option,
                             wire::FramePtr inner, sc_time& ready) override;
  sc_time send(std::uint16_t peer, unsigned path, const wire::Frame& outer, sc_time at) override;
  void deliver(std::uint16_t peer, std::uint32_t vni, wire::FramePtr inner, sc_time ready) override;
  void peer_down(std::uint16_t peer) override { downs.push_back({peer, sc_core::sc_time_stamp()}); }

  static constexpr std::uint16_t kPeer = 3;
  static constexpr std::uint32_t kVni = 0x1234;

  Sim& sim;
  wire::FramePool& frames;
  Transport transport;
  End* other = nullptr;
  std::vector<TestPath> paths;
  std::function<bool(std::span<const std::byte> option)> lose;  // instead of chance
  bool has_key = true;
  bool seals = false;  // what comes a second time is told to be a replay, and not opened

  std::map<std::uint32_t, std::uint32_t> sent;      // of each flow, how many
  std::map<std::uint32_t, std::uint32_t> received;  // in order
  std::vector<std::pair<std::uint16_t, sc_time>> downs;
  std::uint64_t bytes_received = 0;
  std::vector<std::uint64_t> path_packets;
  std::vector<std::byte> last_option;

 private:
  struct Arrival {
    sc_time at;
    std::uint64_t order;
    wire::Frame* frame;
    bool operator>(const Arrival& b) const { return at != b.at ? at > b.at : order > b.order; }
  };
  void arrive();
  void take(wire::FramePtr outer);

  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> under_way_;
  std::vector<sc_time> free_at_;
  std::uint64_t order_ = 0;
  std::uint64_t sealed_ = 0;
  std::set<std::uint64_t> opened_;
  std::map<std::uint32_t, sc_time> last_ready_;
  std::mt19937_64 random_;
  Callback<&End::arrive> arrival_;

 public:
  ~End() override;
};

struct Network : ::testing::Test {
  // Call once.
  void make(unsigned paths, TransportConfig config = {});
  // Both ways.
  void set_path(unsigned path, const TestPath& to);
  void run(sc_time time) { sc_core::sc_start(time); }
  // So many frames from a to b, of `flows` flows in turn; hands over when the transport welcomes them.
  void offer(unsigned count, unsigned flows = 4, std::size_t bytes = 100) { feed(*a, count, flows, bytes); }
  void feed(End& from, unsigned count, unsigned flows, std::size_t bytes);

  Sim sim;
  wire::FramePool frames;
  TaskScope scope{sim.scheduler};
  std::unique_ptr<End> a, b;
};

}  // namespace cardvp::nic::testing
