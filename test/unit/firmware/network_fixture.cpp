#include "test/unit/firmware/network_fixture.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace cardvp {

using namespace nic::vpc_regs;

namespace {

template <std::size_t n>
void put(std::uint8_t (&to)[n], const std::array<std::uint8_t, n>& from) {
  std::copy(from.begin(), from.end(), to);
}

net::IpAddress ip(std::string_view text) { return net::IpAddress::parse(text).value(); }

}  // namespace

NetworkFirmware::NetworkFirmware()
    : network_(std::make_unique<network>()), slots_(VPC_SLOTS * VPC_SLOT_BYTES), made_(NETWORK_FRAME_BYTES) {
  port_.context = this;
  port_.interface_exists = [](void*, unsigned function) -> int { return function < kFunctions; };
  port_.read_register = [](void* context, unsigned page, std::uint32_t offset, unsigned bits) {
    std::uint64_t value = 0;
    EXPECT_TRUE(self(context).page(page).read(offset, bits / 8, value)) << page << " " << offset;
    return value;
  };
  port_.write_register = [](void* context, unsigned page, std::uint32_t offset, unsigned bits, std::uint64_t value) {
    EXPECT_TRUE(self(context).page(page).write(offset, bits / 8, value)) << page << " " << offset;
  };
  port_.time_us = [](void* context) { return self(context).time_us_; };
  port_.slots = slots_.data();
  port_.slots_address = kSlots;
  port_.frame = made_.data();
  port_.verdict = [](void* context, const vpc_message_verdict* verdict) {
    self(context).verdicts_.push_back(*verdict);
  };
  port_.inject = [](void* context, unsigned function, std::uint32_t bytes) {
    ASSERT_LE(bytes, NETWORK_FRAME_BYTES);
    const Bytes& made = self(context).made_;
    self(context).injected_.push_back({function, Bytes(made.begin(), made.begin() + bytes)});
  };
  port_.key_unwrap = [](void* context, unsigned slot, const std::uint8_t* wrapped) {
    NetworkFirmware& card = self(context);
    if (card.keys_.contains(slot)) return SECURITY_BAD_SLOT;  // as the engine
    if (card.unwrap_status_ == SECURITY_OK)
      card.keys_[slot] = {0, Bytes(wrapped, wrapped + CONTROL_WRAPPED_TRANSIT_BYTES)};
    return card.unwrap_status_;
  };
  port_.key_derive = [](void* context, unsigned from, unsigned to, const std::uint8_t* info, std::uint32_t bytes) {
    NetworkFirmware& card = self(context);
    if (!card.keys_.contains(from) || card.keys_.contains(to)) return SECURITY_BAD_SLOT;
    if (card.derive_status_ == SECURITY_OK) card.keys_[to] = {from, Bytes(info, info + bytes)};
    return card.derive_status_;
  };
  port_.key_destroy = [](void* context, unsigned slot) { self(context).keys_.erase(slot); };
  card_.on_write(PEER_COMMAND, [this](const RegisterWrite& write) { peer_command(write.written); });
  card_.on_write(SA_COMMAND, [this](const RegisterWrite& write) { association_command(write.written); });
  network_init(network_.get(), &port_);
}

RegisterBank& NetworkFirmware::of(unsigned function) {
  return interfaces_.try_emplace(function, nic::interface_regs::kBank).first->second;
}

void NetworkFirmware::peer_command(std::uint64_t value) {
  const auto index = static_cast<unsigned>(PEER_COMMAND_INDEX.of(value));
  card_.set(RESULT, refused_);
  if (refused_) return;
  if (PEER_COMMAND_OPERATION.of(value) == 1)
    peers_[index] = static_cast<std::uint32_t>(card_.get(PEER_FLAGS));
  else
    card_.set(RESULT, peers_.erase(index) ? 0 : 2);
}

void NetworkFirmware::association_command(std::uint64_t value) {
  const Association association{.slot = static_cast<unsigned>(card_.get(SA_KEY_SLOT)),
                                .peer = static_cast<unsigned>(card_.get(SA_KEY_PEER)),
                                .spi = static_cast<std::uint32_t>(card_.get(SA_SPI)),
                                .salt = static_cast<std::uint32_t>(card_.get(SA_SALT)),
                                .threshold = card_.get(SA_THRESHOLD)};
  bool done = true;
  switch (SA_COMMAND_OPERATION.of(value)) {
    case 1: sending_[association.peer] = association; break;
    case 2: done = receiving_.emplace(association.spi, association).second; break;
    case 3: done = receiving_.erase(association.spi) != 0; break;
    case 4: done = sending_.erase(association.peer) != 0; break;
    default: done = false;
  }
  card_.set(RESULT, done ? 0 : 2);
}

std::uint32_t NetworkFirmware::control(control_message message, std::uint16_t type, unsigned function) {
  message.header = {type, static_cast<std::uint16_t>(function), 1};
  return network_control(network_.get(), &message);
}

std::uint32_t NetworkFirmware::underlay(std::uint16_t node, std::string_view address) {
  control_message message{};
  message.underlay.node = node;
  put(message.underlay.mac, net::MacAddress::parse("02:aa:00:00:00:07")->bytes);
  put(message.underlay.address, ip(address).bytes);
  return control(message, CONTROL_UNDERLAY);
}

std::uint32_t NetworkFirmware::transit_key(std::uint32_t epoch, std::uint32_t rekey_packets) {
  control_message message{};
  message.transit_key.epoch = epoch;
  message.transit_key.rekey_packets = rekey_packets;
  return control(message, CONTROL_TRANSIT_KEY);
}

std::uint32_t NetworkFirmware::peer(std::uint16_t index, std::uint32_t node, std::string_view address,
                                    std::uint16_t flags) {
  control_message message{};
  message.peer.peer = index;
  message.peer.flags = flags;
  message.peer.node = node;
  put(message.peer.mac, {0x02, 0xaa, 0, 0, static_cast<std::uint8_t>(node >> 8), static_cast<std::uint8_t>(node)});
  put(message.peer.address, ip(address).bytes);
  return control(message, CONTROL_PEER);
}

std::uint32_t NetworkFirmware::route(std::string_view prefix, std::uint8_t target, std::uint16_t index,
                                     std::uint32_t vni, std::string_view mac) {
  const net::Prefix to = net::Prefix::parse(prefix).value();
  control_message message{};
  message.route.vni = vni;
  message.route.target = target;
  message.route.prefix_length = static_cast<std::uint8_t>(to.mapped_length());
  message.route.peer = index;
  message.route.interface = index;
  put(message.route.mac, net::MacAddress::parse(mac)->bytes);
  put(message.route.prefix, to.address.bytes);
  return control(message, CONTROL_ROUTE);
}

std::uint32_t NetworkFirmware::address(unsigned function, std::string_view prefix, std::string_view router,
                                       std::string_view dns) {
  const auto slash = prefix.find('/');
  const net::IpAddress own = ip(prefix.substr(0, slash));
  control_message message{};
  message.address.prefix_length =
      static_cast<std::uint8_t>(std::stoi(std::string(prefix.substr(slash + 1))) + (own.is_v4() ? 96 : 0));
  put(message.address.address, own.bytes);
  put(message.address.router, ip(router).bytes);
  put(message.address.dns, ip(dns).bytes);
  return control(message, CONTROL_ADDRESS, function);
}

std::uint32_t NetworkFirmware::remove_address(unsigned function, std::string_view address) {
  control_message message{};
  message.address.remove = 1;
  put(message.address.address, ip(address).bytes);
  return control(message, CONTROL_ADDRESS, function);
}

std::uint32_t NetworkFirmware::rule(unsigned function, std::uint16_t number, bool ingress, std::uint8_t protocol,
                                    std::string_view prefix, std::uint16_t first, std::uint16_t last) {
  const net::Prefix of = net::Prefix::parse(prefix).value();
  control_message message{};
  message.rule.number = number;
  message.rule.ingress = ingress;
  message.rule.protocol = protocol;
  message.rule.prefix_length = static_cast<std::uint8_t>(of.mapped_length());
  message.rule.first_port = first;
  message.rule.last_port = last;
  put(message.rule.prefix, of.address.bytes);
  return control(message, CONTROL_RULE, function);
}

std::uint32_t NetworkFirmware::remove_rule(unsigned function, std::uint16_t number) {
  control_message message{};
  message.rule.number = number;
  message.rule.remove = 1;
  return control(message, CONTROL_RULE, function);
}

void NetworkFirmware::attach(unsigned function, std::string_view mac, std::uint32_t flags, std::uint32_t vni,
                             std::uint16_t mtu) {
  control_attach_interface message{};
  message.header.function = static_cast<std::uint16_t>(function);
  message.flags = flags;
  message.vni = vni;
  message.mtu = mtu;
  put(message.mac, net::MacAddress::parse(mac)->bytes);
  network_attach(network_.get(), function, &message);
}

void NetworkFirmware::interface(unsigned function, std::string_view prefix, std::uint32_t flags, std::uint32_t vni) {
  const net::IpAddress own = ip(prefix.substr(0, prefix.find('/')));
  net::IpAddress router = own;
  if (!own.is_v4()) std::fill(router.bytes.begin() + 8, router.bytes.end(), 0);
  router.bytes[15] = 1;
  ASSERT_EQ(address(function, prefix, router.text()), CONTROL_OK);
  attach(function, mac_of(function).text(), flags, vni);
}

net::MacAddress NetworkFirmware::mac_of(unsigned function) {
  return {{0x06, 0, 0, 0, 0, static_cast<std::uint8_t>(function)}};
}

vpc_message_packet NetworkFirmware::describe(std::span<const std::uint8_t> frame) {
  const auto bytes = std::as_bytes(frame);
  const net::Parsed parsed = net::parse(bytes);
  vpc_message_packet packet{};
  packet.header = {VPC_MESSAGE_PACKET, VPC_NO_FUNCTION, 77};
  packet.slot = 5;
  packet.bytes = static_cast<std::uint16_t>(frame.size());
  packet.ether_type = parsed.ether_type;
  packet.peer = VPC_NO_PEER;
  packet.generation = 3;
  if (frame.size() < net::kEthernetBytes) return packet;
  put(packet.destination_mac, net::destination_mac(bytes).bytes);
  put(packet.source_mac, net::source_mac(bytes).bytes);
  if (net::destination_mac(bytes).is_multicast()) packet.flags |= VPC_PACKET_BROADCAST;
  if (!parsed.ip() || parsed.fault != net::Fault::kNone) return packet;
  packet.flags |= VPC_PACKET_IP;
  if (parsed.fragment) packet.flags |= VPC_PACKET_FRAGMENT;
  const net::FlowKey key = net::flow_key(bytes, parsed);
  packet.protocol = key.protocol;
  put(packet.source, key.source.bytes);
  put(packet.destination, key.destination.bytes);
  packet.source_port = key.source_port;
  packet.destination_port = key.destination_port;
  return packet;
}

vpc_message_verdict NetworkFirmware::judge(vpc_message_packet packet, std::span<const std::uint8_t> frame) {
  const std::size_t bytes = std::min<std::size_t>(frame.size(), VPC_SLOT_BYTES);
  std::copy_n(frame.begin(), bytes, slots_.begin() + packet.slot * VPC_SLOT_BYTES);
  verdicts_.clear();
  network_packet(network_.get(), &packet);
  EXPECT_EQ(verdicts_.size(), 1u);
  const vpc_message_verdict verdict = verdicts_.empty() ? vpc_message_verdict{} : verdicts_[0];
  EXPECT_EQ(verdict.header.type, VPC_MESSAGE_VERDICT);
  EXPECT_EQ(verdict.header.tag, packet.header.tag);
  EXPECT_EQ(verdict.generation, packet.generation);
  return verdict;
}

vpc_message_verdict NetworkFirmware::egress(unsigned function, std::span<const std::uint8_t> frame) {
  vpc_message_packet packet = describe(frame);
  packet.direction = VPC_EGRESS;
  packet.header.function = static_cast<std::uint16_t>(function);
  return judge(packet, frame);
}

vpc_message_verdict NetworkFirmware::ingress(std::uint16_t peer, std::span<const std::uint8_t> frame,
                                             std::uint32_t vni) {
  vpc_message_packet packet = describe(frame);
  packet.direction = VPC_INGRESS;
  packet.peer = peer;
  packet.vni = vni;
  return judge(packet, frame);
}

net::FrameSpec NetworkFirmware::spec(unsigned function, std::string_view from, std::string_view to) {
  net::FrameSpec spec;
  spec.source = mac_of(function);
  spec.destination = {{0x02, 0, 0x5e, 0, 0, 1}};
  spec.source_ip = ip(from);
  spec.destination_ip = ip(to);
  return spec;
}

NetworkFirmware::Bytes NetworkFirmware::udp(unsigned function, std::string_view from, std::string_view to,
                                            std::uint16_t source_port, std::uint16_t destination_port) {
  net::FrameSpec described = spec(function, from, to);
  described.source_port = source_port;
  described.destination_port = destination_port;
  return frame(described, Bytes(24, 0x55));
}

NetworkFirmware::Bytes NetworkFirmware::frame(const net::FrameSpec& spec, std::span<const std::uint8_t> payload) {
  const std::vector<std::byte> built = net::build(spec, std::as_bytes(payload));
  Bytes bytes(built.size());
  std::memcpy(bytes.data(), built.data(), built.size());
  return bytes;
}

NetworkFirmware::Bytes NetworkFirmware::icmp(net::FrameSpec spec, Bytes message) {
  const bool v4 = spec.source_ip.is_v4();
  spec.protocol = v4 ? net::kProtocolIcmp : net::kProtocolIcmpv6;
  Bytes summed;
  if (!v4) {  // RFC 8200, 8.1
    summed.insert(summed.end(), spec.source_ip.bytes.begin(), spec.source_ip.bytes.end());
    summed.insert(summed.end(), spec.destination_ip.bytes.begin(), spec.destination_ip.bytes.end());
    for (const unsigned byte : {0u, 0u, static_cast<unsigned>(message.size() >> 8),
                                static_cast<unsigned>(message.size() & 0xff), 0u, 0u, 0u, 58u})
      summed.push_back(static_cast<std::uint8_t>(byte));
  }
  summed.insert(summed.end(), message.begin(), message.end());
  if (summed.size() % 2) summed.push_back(0);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < summed.size(); i += 2) sum += summed[i] << 8 | summed[i + 1];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  message[2] = static_cast<std::uint8_t>(~sum >> 8);
  message[3] = static_cast<std::uint8_t>(~sum);
  return frame(spec, message);
}

void NetworkFirmware::association(std::uint16_t event, std::uint16_t peer, std::uint32_t spi) {
  const vpc_message_sa message{{VPC_MESSAGE_SA, VPC_NO_FUNCTION, spi}, event, peer};
  network_association(network_.get(), &message);
}

}  // namespace cardvp
