// Data paths of two cards with all that is around them, for the tests of this folder. Mailbox and transport are the
// real ones; the wire is a delay that the test may look at and spoil, hosts are lists of frames, and the firmware
// answers what the test tells it to.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/memory/mailbox.h"
#include "models/net/build.h"
#include "models/net/checksum.h"
#include "models/nic/messages.h"
#include "models/nic/registers.h"
#include "models/nic/vpc/vpc.h"
#include "models/security/crypto.h"
#include "models/security/descriptor.h"

namespace cardvp::nic {

using Bytes = std::vector<std::byte>;

inline sc_core::sc_time us(double value) { return {value, sc_core::SC_US}; }
inline sc_core::sc_time ns(double value) { return {value, sc_core::SC_NS}; }
Bytes pattern(std::size_t size, unsigned seed);
// "0102ff": two digits a byte, blanks ignored.
Bytes from_hex(const std::string& text);

// Card memory from address 0.
class CardRam : public BusTarget {
 public:
  CardRam(sc_core::sc_module_name name, Sim& sim) : BusTarget(name, sim), bytes(1 << 20) {}
  Bytes bytes;

 protected:
  bool access(const BusAccess& access) override;
};

// A way to the registers of one block.
class Core : public sc_core::sc_module {
 public:
  Core(sc_core::sc_module_name name, BusTarget& target) : sc_module(name) { socket_.bind(target.socket); }
  std::uint64_t read(std::uint64_t address, unsigned size = 4);
  void write(std::uint64_t address, std::uint64_t value, unsigned size = 4);

 private:
  bool access(bool write, std::uint64_t address, void* data, unsigned size);
  tlm_utils::simple_initiator_socket<Core> socket_{"socket"};
};

// AES-256-GCM with keys that the test sets: what the security engine is to the data path.
class TestCipher : public security::TransitCipher {
 public:
  void set_key(std::uint16_t slot, std::span<const std::byte> key) { keys_[slot] = crypto_->make_gcm(key); }
  void destroy(std::uint16_t slot) { keys_.erase(slot); }
  sc_core::sc_time latency = ns(300);
  unsigned reservations = 0;

  bool usable_in_transit(security::KeyReference key) const override;
  Result seal(security::KeyReference key, Iv iv, std::span<const std::byte> additional, std::span<std::byte> data,
              std::span<std::byte, kTagBytes> tag) override;
  Result open(security::KeyReference key, Iv iv, std::span<const std::byte> additional, std::span<std::byte> data,
              std::span<const std::byte, kTagBytes> tag) override;
  sc_core::sc_time reserve_transit(std::uint64_t bytes, sc_core::sc_time start) override;

 private:
  std::unique_ptr<security::Crypto> crypto_ = security::make_openssl_crypto();
  std::map<std::uint16_t, std::unique_ptr<security::Crypto::Gcm>> keys_;
};

// One end of the wire.
class TestPort : public wire::Port {
 public:
  TestPort(Sim& sim, std::uint64_t bytes_per_second)
      : sim_(sim), rate_(bytes_per_second), timer_(sim.scheduler, *this) {}
  void join(TestPort& other) { other_ = &other; }

  // What the test sees and does: every frame that was sent; on_send may change one, or lose it by false.
  std::vector<Bytes> sent;
  std::function<bool(wire::Frame&)> on_send;
  bool keep = true;  // in `sent`

  void connect(wire::PortClient& client) override { client_ = &client; }
  sc_core::sc_time send(wire::FramePtr frame, sc_core::sc_time at) override;
  sc_core::sc_time free_at() const override { return free_; }
  bool up() const override { return true; }
  // A frame comes from the wire now.
  void receive(wire::FramePtr frame) { receive(std::move(frame), sim_.scheduler.now()); }
  void receive(wire::FramePtr frame, sc_core::sc_time at) { client_->receive(std::move(frame), at); }

 private:
  struct Flying {
    sc_core::sc_time at;
    wire::FramePtr frame;
  };
  void arrive();

  Sim& sim_;
  std::uint64_t rate_;
  wire::PortClient* client_ = nullptr;
  TestPort* other_ = nullptr;
  sc_core::sc_time free_;
  std::deque<Flying> flying_;
  Callback<&TestPort::arrive> timer_;
};

struct TestHost : HostSide {
  explicit TestHost(Scheduler& scheduler) : scheduler_(scheduler) {}
  void deliver(wire::FramePtr frame, sc_core::sc_time ready) override;
  std::vector<Bytes> frames;
  std::vector<sc_core::sc_time> times;  // when they are there
  std::uint64_t count = 0;
  bool keep = true;

 private:
  Scheduler& scheduler_;
};

// The firmware: takes each message `latency` after it came, and answers packets by `judge`.
class Firmware {
 public:
  Firmware(Sim& sim, memory::Mailbox& mailbox, CardRam& ram, const std::string& name);

  // What the test sets,
  std::function<std::optional<vpc_message_verdict>(const vpc_message_packet&)> judge;
  sc_core::sc_time latency = us(5);
  bool silent = false;
  // and sees.
  std::vector<vpc_message_packet> packets;
  std::vector<vpc_message_sa> associations;
  std::vector<std::uint32_t> peers_down;

  void send(const auto& message) { send_bytes(std::as_bytes(std::span(&message, 1))); }
  Bytes slot(const vpc_message_packet& packet) const;
  void wake() { timer_.call_at(sim_.scheduler.now() + latency); }

 private:
  void send_bytes(std::span<const std::byte> message);
  void serve();

  Sim& sim_;
  CardRam& ram_;
  Core mailbox_;
  Callback<&Firmware::serve> timer_;
};

// One card: interfaces 0 and 1 are 10.0.N.1 and 10.0.N.2, N the card's number, MAC addresses 02:00:00:00:0N:01 and :02.
struct Card {
  static constexpr std::uint64_t kSlots = 0x10000;
  static constexpr std::uint32_t kVni = 0x123456;

  Card(Sim& sim, unsigned number, const VpcConfig& config, wire::FramePool& frames, std::uint64_t wire_rate,
       bool has_cipher);

  unsigned number;
  std::string name;
  Sim& sim;
  TestCipher cipher;
  memory::Mailbox mailbox;
  CardRam ram;
  Vpc vpc;
  TestPort port;
  TestHost hosts[2];
  Core core;
  Firmware firmware;

  void set(std::uint32_t at, std::uint64_t value, unsigned size = 4) { core.write(at, value, size); }
  std::uint64_t get(std::uint32_t at, unsigned size = 4) { return core.read(at, size); }
  void set_if(unsigned function, std::uint32_t at, std::uint64_t value, unsigned size = 4) {
    core.write(0x1000 * (1 + function) + at, value, size);
  }
  std::uint64_t get_if(unsigned function, std::uint32_t at, unsigned size = 4) {
    return core.read(0x1000 * (1 + function) + at, size);
  }
  static net::MacAddress mac(unsigned card, unsigned function);
  static net::MacAddress underlay_mac(unsigned card);
  static net::IpAddress underlay(unsigned card, bool ipv6 = false);

  void configure(bool ipv6);
  // RESULT. flags: PEER_FLAGS.
  std::uint64_t store_peer(unsigned index, unsigned card, unsigned flags = 0, bool ipv6 = false);
  // RESULT. operation: SA_COMMAND's.
  std::uint64_t association(unsigned operation, std::uint32_t spi, unsigned slot = 20, unsigned peer = 0,
                            std::uint32_t salt = 0x44332211, std::uint64_t threshold = 0);
  std::uint64_t counter(const std::string& what) { return sim.stats.counter(name + "." + what, "").value(); }
  std::uint64_t drops(const std::string& reason) { return counter("drops." + reason); }
  std::uint64_t drops(unsigned function, const std::string& reason) {
    return counter("fn" + std::to_string(function) + ".drops." + reason);
  }
  // Of every reason, at the data path and its interfaces.
  std::uint64_t all_drops() const;

  // The network as the tests have it: 10.0.N.x is on card N, peer 0 is the other card.
  vpc_message_verdict route(const vpc_message_packet& packet) const;
};

struct MachineConfig {
  VpcConfig vpc{};
  bool has_cipher = true;
  bool ipv6 = false;                    // underlay
  std::uint64_t wire = 12'500'000'000;  // bytes per second
};

struct Machine : testing::Test {
  explicit Machine(const MachineConfig& config = {});
  void SetUp() override;

  // From interface `from` of card 0 to interface `to` of card 1; UDP.
  static net::FrameSpec spec(unsigned from = 0, unsigned to = 0, std::uint16_t port = 1000);
  static Bytes frame(const net::FrameSpec& spec, std::size_t payload = 100);
  DataPath::Sent transmit(Card& card, unsigned function, const Bytes& bytes);
  // Both cards encrypt what they send each other, with keys 20 (of card 0) and 21.
  void encrypt(unsigned flags = 1);
  void run(sc_core::sc_time time = us(100)) { sc_core::sc_start(time); }
  wire::FramePtr make(const Bytes& bytes) { return frames.make(bytes); }

  MachineConfig config;
  Sim sim;
  wire::FramePool frames;
  Card a, b;
};

}  // namespace cardvp::nic
