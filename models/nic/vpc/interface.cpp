#include "models/nic/vpc/interface.h"

#include <algorithm>

#include "models/nic/registers.h"

namespace cardvp::nic {

namespace regs = interface_regs;
using sc_core::sc_time;

namespace {

// Of the slow rate: its packets come a few at a time (fragments of one datagram, a resolver's questions), so its burst
// is a tenth of a second's packets, whatever BURST says.
const sc_time kSlowBurst{100, sc_core::SC_MS};

net::MacAddress mac_of(std::uint64_t value) {
  net::MacAddress mac;
  for (unsigned i = 0; i < 6; ++i) mac.bytes[i] = static_cast<std::uint8_t>(value >> 8 * i);
  return mac;
}

}  // namespace

Interface::Interface(Sim& sim, const std::string& name, std::uint16_t number, HostSide& host, InterfaceClient& client)
    : function(number),
      registers(regs::kBank),
      drops(sim.stats, name),
      scheduler_(sim.scheduler),
      host_(host),
      client_(client),
      timer_(sim.scheduler, *this),
      packets_in_(sim.stats.counter(name + ".packets_in", "packets")),
      bytes_in_(sim.stats.counter(name + ".bytes_in", "bytes")),
      packets_out_(sim.stats.counter(name + ".packets_out", "packets")),
      bytes_out_(sim.stats.counter(name + ".bytes_out", "bytes")) {
  hang_hooks();
  configure();
}

void Interface::hang_hooks() {
  for (const auto id : {regs::MODE, regs::MAC, regs::BANDWIDTH_IN, regs::BANDWIDTH_OUT, regs::PACKET_RATE,
                        regs::SLOW_RATE, regs::BURST})
    registers.on_write(id, [this](const RegisterWrite&) { configure(); });
  const auto shows = [this](RegisterBank::Id id, std::uint64_t& count) {
    registers.on_read(id, [&count](std::uint32_t) { return count; });
  };
  shows(regs::BANDWIDTH_IN_EXCEEDED, exceeded_.in);
  shows(regs::BANDWIDTH_OUT_EXCEEDED, exceeded_.out);
  shows(regs::PACKET_RATE_EXCEEDED, exceeded_.packets);
  shows(regs::CONNECTIONS_EXCEEDED, exceeded_.connections);
  shows(regs::SLOW_RATE_EXCEEDED, exceeded_.slow);
  registers.on_read(regs::CONNECTIONS_NOW, [this](std::uint32_t) { return client_.connections_of(*this); });
}

void Interface::configure() {
  const auto value = registers.get(regs::MODE_VALUE);
  const auto mode = value == 1 ? InterfaceMode::kVpc : value == 2 ? InterfaceMode::kBridged : InterfaceMode::kOff;
  mac_ = mac_of(registers.get(regs::MAC_ADDRESS));
  const auto burst = sc_time::from_value(registers.get(regs::BURST_TIME) * 1'000'000);
  bandwidth_in_.set(registers.get(regs::BANDWIDTH_IN_RATE), burst);
  bandwidth_out_.set(registers.get(regs::BANDWIDTH_OUT_RATE), burst);
  packet_rate_.set(registers.get(regs::PACKET_RATE_RATE), burst);
  slow_rate_.set(registers.get(regs::SLOW_RATE_RATE), kSlowBurst);
  if (mode == mode_) return;
  mode_ = mode;
  flush(Drop::kInterfaceOff);
  client_.mode_changed(*this);
}

std::uint32_t Interface::vni() const { return static_cast<std::uint32_t>(registers.get(regs::VNI_VALUE)); }
std::uint32_t Interface::most_connections() const {
  return static_cast<std::uint32_t>(registers.get(regs::CONNECTIONS_MOST));
}

std::optional<sc_time> Interface::admit(Allowance& bandwidth, std::uint64_t& exceeded, Drop reason, std::size_t bytes,
                                        sc_time at) {
  const sc_time by_bytes = bandwidth.when(at);
  const sc_time by_packets = packet_rate_.when(at);
  if (by_bytes > at) ++exceeded;
  if (by_packets > at) ++exceeded_.packets;
  const sc_time when = std::max(by_bytes, by_packets);
  if (when > at + kMostDelay) {
    drop(by_bytes >= by_packets ? reason : Drop::kPacketRate);
    return std::nullopt;
  }
  bandwidth.take(when, bytes);
  packet_rate_.take(when, 1);
  return when;
}

std::optional<sc_time> Interface::admit_out(std::size_t bytes, sc_time at) {
  auto when = admit(bandwidth_out_, exceeded_.out, Drop::kBandwidthOut, bytes, at);
  // A rate that was raised meanwhile lets nobody overtake.
  if (when && !waiting_.empty()) when = std::max(*when, waiting_.back().at);
  return when;
}

void Interface::wait(Departure departure) {
  waiting_.push_back(std::move(departure));
  if (waiting_.size() == 1) timer_.call_at(waiting_.front().at);
}

void Interface::release() {
  while (!waiting_.empty() && waiting_.front().at <= scheduler_.now()) {
    Departure departure = std::move(waiting_.front());
    waiting_.pop_front();
    client_.depart(*this, std::move(departure));
  }
  if (!waiting_.empty()) timer_.call_at(waiting_.front().at);
}

bool Interface::admit_slow(sc_time at) {
  if (slow_rate_.when(at) > at) {
    ++exceeded_.slow;
    drop(Drop::kSlowRate);
    return false;
  }
  slow_rate_.take(at, 1);
  return true;
}

void Interface::deliver(wire::FramePtr frame, sc_time ready) {
  if (mode_ == InterfaceMode::kOff) return drop(Drop::kInterfaceOff);
  const auto when = admit(bandwidth_in_, exceeded_.in, Drop::kBandwidthIn, frame->size(), ready);
  if (!when) return;
  packets_in_.add();
  bytes_in_.add(frame->size());
  last_delivery_ = std::max(last_delivery_, *when);
  host_.deliver(std::move(frame), last_delivery_);
}

void Interface::count_out(std::size_t bytes) {
  packets_out_.add();
  bytes_out_.add(bytes);
}

void Interface::drop(Drop reason) {
  if (reason == reason_of(VPC_REASON_CONNECTIONS)) ++exceeded_.connections;
  drops.count(reason);
}

void Interface::device_reset() { exceeded_ = {}; }

void Interface::flush(Drop reason) {
  for (; !waiting_.empty(); waiting_.pop_front()) drop(reason);
  timer_.cancel();
}

void Interface::reset() {
  flush(Drop::kReset);
  registers.reset();
  for (Allowance* each : {&bandwidth_in_, &bandwidth_out_, &packet_rate_, &slow_rate_}) each->reset();
  exceeded_ = {};
  last_delivery_ = sc_core::SC_ZERO_TIME;
  configure();
}

}  // namespace cardvp::nic
