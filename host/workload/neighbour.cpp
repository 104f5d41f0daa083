#include "host/workload/neighbour.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "models/net/build.h"
#include "models/net/parse.h"

namespace cardvp::host {

namespace {

constexpr net::MacAddress kBroadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

// ARP (RFC 826), offsets in the packet behind the Ethernet header.
constexpr std::size_t kArpBytes = 28;
constexpr std::uint16_t kArpEthernet = 1, kArpRequest = 1, kArpReply = 2;
constexpr std::size_t kArpOperation = 6, kArpSenderMac = 8, kArpSender = 14, kArpTargetMac = 18, kArpTarget = 24;
constexpr std::size_t kArpFrameBytes = net::kEthernetBytes + kArpBytes;

// Neighbor Solicitation and Advertisement (RFC 4861, 4.3 and 4.4), offsets in the ICMPv6 message.
constexpr std::byte kSolicitation{135}, kAdvertisement{136};
constexpr std::size_t kDiscoveryFlags = 4, kDiscoveryTarget = 8, kDiscoveryOption = 24, kDiscoveryBytes = 32;
constexpr std::byte kSourceOption{1}, kTargetOption{2};
constexpr std::uint32_t kSolicitedAndOverride = 3u << 29;
constexpr std::uint8_t kDiscoveryHops = 255;

std::vector<std::byte> arp(std::uint16_t operation, const net::MacAddress& sender_mac, const net::IpAddress& sender,
                           const net::MacAddress& target_mac, const net::IpAddress& target) {
  std::vector<std::byte> frame(kArpFrameBytes);
  net::store_mac(frame.data(), operation == kArpRequest ? kBroadcast : target_mac);
  net::store_mac(frame.data() + 6, sender_mac);
  net::store16(frame.data() + 12, net::kEtherArp);
  std::byte* const packet = frame.data() + net::kEthernetBytes;
  net::store16(packet, kArpEthernet);
  net::store16(packet + 2, net::kEtherIpv4);
  net::store16(packet + 4, 6 << 8 | 4);
  net::store16(packet + kArpOperation, operation);
  net::store_mac(packet + kArpSenderMac, sender_mac);
  std::memcpy(packet + kArpSender, sender.v4_bytes(), 4);
  if (operation == kArpReply) net::store_mac(packet + kArpTargetMac, target_mac);
  std::memcpy(packet + kArpTarget, target.v4_bytes(), 4);
  return frame;
}

// To the multicast groups of RFC 2464, 7 and RFC 4291, 2.7.1: 33:33 and the last four bytes.
net::MacAddress multicast_mac(const net::IpAddress& group) {
  net::MacAddress mac{{0x33, 0x33}};
  std::copy_n(group.bytes.begin() + 12, 4, mac.bytes.begin() + 2);
  return mac;
}
// RFC 1112, 6.4: the last 23 bits.
net::MacAddress multicast_mac_v4(const net::IpAddress& group) {
  const std::uint32_t value = group.v4_value();
  return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(value >> 16 & 0x7f), static_cast<std::uint8_t>(value >> 8),
           static_cast<std::uint8_t>(value)}};
}
net::IpAddress solicited_node(const net::IpAddress& target) {
  net::IpAddress group{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}};
  std::copy_n(target.bytes.begin() + 13, 3, group.bytes.begin() + 13);
  return group;
}

std::vector<std::byte> discovery(std::byte type, const net::IpAddress& target, const net::FrameSpec& addresses) {
  std::array<std::byte, kDiscoveryBytes> message{};
  message[0] = type;
  if (type == kAdvertisement) net::store32(&message[kDiscoveryFlags], kSolicitedAndOverride);
  std::memcpy(&message[kDiscoveryTarget], target.bytes.data(), 16);
  message[kDiscoveryOption] = type == kSolicitation ? kSourceOption : kTargetOption;
  message[kDiscoveryOption + 1] = std::byte{1};  // in units of 8 bytes
  net::store_mac(&message[kDiscoveryOption + 2], addresses.source);
  net::FrameSpec spec = addresses;
  spec.protocol = net::kProtocolIcmpv6;
  spec.ttl = kDiscoveryHops;
  return net::build(spec, message);
}

}  // namespace

Neighbour::Neighbour(ena::Driver& driver, const net::IpAddress& address)
    : driver_(driver), address_(address), learned_(driver.scheduler()) {
  driver_.add_sink(*this);
}

Neighbour::~Neighbour() { driver_.remove_sink(*this); }

std::vector<std::byte> Neighbour::request(const net::IpAddress& target) const {
  const net::MacAddress own = driver_.info().mac;
  if (address_.is_v4()) return arp(kArpRequest, own, address_, {}, target);
  const net::IpAddress group = solicited_node(target);
  net::FrameSpec spec;
  spec.destination = multicast_mac(group);
  spec.source = own;
  spec.source_ip = address_;
  spec.destination_ip = group;
  return discovery(kSolicitation, target, spec);
}

Task<std::optional<net::MacAddress>> Neighbour::resolve(net::IpAddress target) {
  if (target.is_v4() != address_.is_v4()) co_return std::nullopt;
  if (target.is_multicast()) co_return target.is_v4() ? multicast_mac_v4(target) : multicast_mac(target);
  constexpr unsigned kTries = 3;
  const sc_core::sc_time kRetry(1, sc_core::SC_SEC);
  Scheduler& scheduler = driver_.scheduler();
  for (unsigned tries = 0; tries < kTries && !known_.contains(target); ++tries) {
    const std::vector<std::byte> frame = request(target);
    const ena::TxPacket packet{.frame = frame};
    if (!co_await driver_.transmit(0, packet)) co_return std::nullopt;
    const sc_core::sc_time deadline = scheduler.now() + kRetry;
    TaskScope timer(scheduler);
    timer.spawn([](Scheduler& s, Trigger& trigger, sc_core::sc_time time) -> Task<> {
      co_await s.until(time);
      trigger.notify();
    }(scheduler, learned_, deadline));
    while (!known_.contains(target) && scheduler.now() < deadline) co_await learned_;
  }
  const auto found = known_.find(target);
  if (found == known_.end()) co_return std::nullopt;
  co_return found->second;
}

void Neighbour::learn(const net::IpAddress& address, const net::MacAddress& mac) {
  if (mac.is_multicast() || mac.is_zero()) return;
  known_[address] = mac;
  learned_.notify();
}

bool Neighbour::receive(unsigned queue, const ena::RxPacket& packet) {
  const std::span<const std::byte> frame = packet.frame;
  if (frame.size() < net::kEthernetBytes) return false;
  const std::uint16_t type = net::load16(frame.data() + 12);
  if (type == net::kEtherArp && address_.is_v4()) return receive_arp(queue, frame);
  return type == net::kEtherIpv6 && !address_.is_v4() && receive_discovery(queue, frame);
}

bool Neighbour::receive_arp(unsigned queue, std::span<const std::byte> frame) {
  if (frame.size() < kArpFrameBytes) return false;
  const std::byte* const packet = frame.data() + net::kEthernetBytes;
  if (net::load16(packet) != kArpEthernet || net::load16(packet + 2) != net::kEtherIpv4) return false;
  const std::uint16_t operation = net::load16(packet + kArpOperation);
  const auto sender = net::IpAddress::v4(net::load32(packet + kArpSender));
  const auto target = net::IpAddress::v4(net::load32(packet + kArpTarget));
  const net::MacAddress sender_mac = net::load_mac(packet + kArpSenderMac);
  if (target != address_) return false;
  if (operation == kArpReply) {
    learn(sender, sender_mac);
    return false;  // others behind the same driver may have asked
  }
  if (operation != kArpRequest) return false;
  const auto reply = arp(kArpReply, driver_.info().mac, address_, sender_mac, sender);
  const ena::TxPacket answer{.frame = reply};
  if (driver_.try_transmit(queue, answer)) ++answered_;  // else who asks asks again
  return true;
}

bool Neighbour::receive_discovery(unsigned queue, std::span<const std::byte> frame) {
  const net::Parsed parsed = net::parse(frame);
  if (parsed.fault != net::Fault::kNone || parsed.protocol != net::kProtocolIcmpv6 || parsed.l4 == 0) return false;
  if (parsed.end < parsed.l4 + kDiscoveryOption) return false;
  const std::byte* const message = frame.data() + parsed.l4;
  const auto* const ip = reinterpret_cast<const std::uint8_t*>(frame.data() + parsed.l3);
  const auto target = net::IpAddress::v6(reinterpret_cast<const std::uint8_t*>(message + kDiscoveryTarget));
  if (message[0] == kAdvertisement) {
    if (parsed.end < parsed.l4 + kDiscoveryBytes || message[kDiscoveryOption] != kTargetOption) return false;
    learn(target, net::load_mac(message + kDiscoveryOption + 2));
    return false;
  }
  if (message[0] != kSolicitation || target != address_) return false;
  net::FrameSpec spec;
  spec.destination = net::source_mac(frame);
  spec.source = driver_.info().mac;
  spec.source_ip = address_;
  spec.destination_ip = net::IpAddress::v6(ip + 8);
  const auto reply = discovery(kAdvertisement, address_, spec);
  const ena::TxPacket answer{.frame = reply};
  if (driver_.try_transmit(queue, answer)) ++answered_;
  return true;
}

}  // namespace cardvp::host
