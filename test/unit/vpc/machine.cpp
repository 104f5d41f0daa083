#include "test/unit/vpc/machine.h"

#include <algorithm>
#include <cstring>

namespace cardvp::nic {

namespace {
namespace mailbox_regs {
#define CARDVP_REGISTERS "models/memory/mailbox.def"
#include "models/base/declare_registers.h"
}  // namespace mailbox_regs

std::uint64_t value_of(const net::MacAddress& mac) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 6; ++i) value |= std::uint64_t{mac.bytes[i]} << 8 * i;
  return value;
}

std::uint32_t word_of(const net::IpAddress& ip, unsigned word) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= std::uint32_t{ip.bytes[word * 4 + i]} << 8 * i;
  return value;
}

}  // namespace

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes made(size);
  std::uint32_t state = seed * 2654435761u + 1;
  for (std::byte& byte : made) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 24);
  }
  return made;
}

Bytes from_hex(const std::string& text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](unsigned char c) { return std::isxdigit(c); });
  Bytes made;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    made.push_back(static_cast<std::byte>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  return made;
}

bool CardRam::access(const BusAccess& access) {
  if (access.offset + access.size > bytes.size()) return false;
  if (access.write)
    std::memcpy(&bytes[access.offset], access.data, access.size);
  else
    std::memcpy(access.data, &bytes[access.offset], access.size);
  return true;
}

bool Core::access(bool write, std::uint64_t address, void* data, unsigned size) {
  tlm::tlm_generic_payload payload;
  payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(address);
  payload.set_data_ptr(static_cast<unsigned char*>(data));
  payload.set_data_length(size);
  payload.set_streaming_width(size);
  sc_core::sc_time delay;
  socket_->b_transport(payload, delay);
  return payload.is_response_ok();
}

std::uint64_t Core::read(std::uint64_t address, unsigned size) {
  std::uint64_t value = 0;
  EXPECT_TRUE(access(false, address, &value, size)) << std::hex << address;
  return value;
}

void Core::write(std::uint64_t address, std::uint64_t value, unsigned size) {
  EXPECT_TRUE(access(true, address, &value, size)) << std::hex << address;
}

bool TestCipher::usable_in_transit(security::KeyReference key) const {
  return key.owner == SECURITY_OWNER_CARD && keys_.contains(key.slot);
}

TestCipher::Result TestCipher::seal(security::KeyReference key, Iv iv, std::span<const std::byte> additional,
                                    std::span<std::byte> data, std::span<std::byte, kTagBytes> tag) {
  if (!usable_in_transit(key)) return Result::kNoKey;
  keys_.at(key.slot)->seal(iv, additional, data, data, tag);
  return Result::kOk;
}

TestCipher::Result TestCipher::open(security::KeyReference key, Iv iv, std::span<const std::byte> additional,
                                    std::span<std::byte> data, std::span<const std::byte, kTagBytes> tag) {
  if (!usable_in_transit(key)) return Result::kNoKey;
  const auto outcome = keys_.at(key.slot)->open(iv, additional, data, data, tag);
  return outcome.status == SECURITY_OK ? Result::kOk : Result::kForged;
}

sc_core::sc_time TestCipher::reserve_transit(std::uint64_t, sc_core::sc_time start) {
  ++reservations;
  return start + latency;
}

sc_core::sc_time TestPort::send(wire::FramePtr frame, sc_core::sc_time at) {
  EXPECT_GE(at, sim_.scheduler.now());
  if (keep) sent.emplace_back(frame->bytes().begin(), frame->bytes().end());
  const double seconds = static_cast<double>(frame->size()) / static_cast<double>(rate_);
  free_ = std::max(free_, at) + sc_core::sc_time(seconds, sc_core::SC_SEC);
  if (on_send && !on_send(*frame)) return free_;
  if (!other_) return free_;
  flying_.push_back({free_ + us(1), std::move(frame)});
  if (flying_.size() == 1) timer_.call_at(flying_.front().at);
  return free_;
}

void TestPort::arrive() {
  while (!flying_.empty() && flying_.front().at <= sim_.scheduler.now()) {
    wire::FramePtr frame = std::move(flying_.front().frame);
    flying_.pop_front();
    other_->receive(std::move(frame));
  }
  if (!flying_.empty()) timer_.call_at(flying_.front().at);
}

void TestHost::deliver(wire::FramePtr frame, sc_core::sc_time ready) {
  EXPECT_GE(ready, scheduler_.now());
  ++count;
  if (!keep) return;
  frames.emplace_back(frame->bytes().begin(), frame->bytes().end());
  times.push_back(ready);
}

Firmware::Firmware(Sim& sim, memory::Mailbox& mailbox, CardRam& ram, const std::string& name)
    : sim_(sim), ram_(ram), mailbox_((name + "_mailbox_core").c_str(), mailbox), timer_(sim.scheduler, *this) {
  mailbox.interrupt.connect([this](bool level) {
    if (level && !timer_.pending()) wake();
  });
  mailbox_.write(memory::kVpcChannel * 0x1000 + mailbox_regs::offset::INTERRUPT, 1);
}

void Firmware::serve() {
  const std::uint64_t page = memory::kVpcChannel * 0x1000;
  while (!silent && mailbox_.read(page + mailbox_regs::offset::RX_STATUS) != 0) {
    memory::Message message;
    for (unsigned i = 0; i < message.words.size(); ++i)
      message.words[i] = static_cast<std::uint32_t>(mailbox_.read(page + mailbox_regs::offset::RX_DATA + i * 4));
    mailbox_.write(page + mailbox_regs::offset::RX_POP, 1);
    const auto header = FirmwareChannel::content_of<nic_message_header>(message);
    if (header.type == VPC_MESSAGE_SA) associations.push_back(FirmwareChannel::content_of<vpc_message_sa>(message));
    if (header.type == VPC_MESSAGE_PEER_DOWN) peers_down.push_back(header.tag);
    if (header.type != VPC_MESSAGE_PACKET) continue;
    const auto packet = FirmwareChannel::content_of<vpc_message_packet>(message);
    packets.push_back(packet);
    auto verdict = judge(packet);
    if (!verdict) continue;
    verdict->header.type = VPC_MESSAGE_VERDICT;
    verdict->header.tag = packet.header.tag;
    verdict->generation = packet.generation;
    send(*verdict);
  }
}

Bytes Firmware::slot(const vpc_message_packet& packet) const {
  const auto from = ram_.bytes.begin() + static_cast<std::ptrdiff_t>(Card::kSlots + packet.slot * VPC_SLOT_BYTES);
  return {from, from + std::min<std::ptrdiff_t>(packet.bytes, VPC_SLOT_BYTES)};
}

void Firmware::send_bytes(std::span<const std::byte> message) {
  memory::Message words;
  std::memcpy(words.words.data(), message.data(), message.size());
  const std::uint64_t page = memory::kVpcChannel * 0x1000;
  for (unsigned i = 0; i < words.words.size(); ++i)
    mailbox_.write(page + mailbox_regs::offset::TX_DATA + i * 4, words.words[i]);
  mailbox_.write(page + mailbox_regs::offset::TX_SEND, 1);
}

Card::Card(Sim& the_sim, unsigned n, const VpcConfig& config, wire::FramePool& frames, std::uint64_t wire_rate,
           bool has_cipher)
    : number(n),
      name("vpc" + std::to_string(n)),
      sim(the_sim),
      mailbox((name + "_mailbox").c_str(), sim, memory::kMailboxChannels),
      ram((name + "_ram").c_str(), sim),
      vpc(name.c_str(), sim, config, mailbox.channel(memory::kVpcChannel), has_cipher ? &cipher : nullptr, frames),
      port(sim, wire_rate),
      hosts{TestHost(sim.scheduler), TestHost(sim.scheduler)},
      core((name + "_core").c_str(), vpc),
      firmware(sim, mailbox, ram, name) {
  vpc.card.bind(ram.socket);
  vpc.connect_uplink(port);
  for (unsigned function = 0; function < 2; ++function)
    vpc.connect(static_cast<std::uint16_t>(function), hosts[function]);
  firmware.judge = [this](const vpc_message_packet& packet) { return std::optional(route(packet)); };
}

net::MacAddress Card::mac(unsigned card, unsigned function) {
  return {{2, 0, 0, 0, static_cast<std::uint8_t>(card), static_cast<std::uint8_t>(function + 1)}};
}
net::MacAddress Card::underlay_mac(unsigned card) { return {{2, 1, 0, 0, 0, static_cast<std::uint8_t>(card)}}; }
net::IpAddress Card::underlay(unsigned card, bool ipv6) {
  if (ipv6) return *net::IpAddress::parse(card == 0 ? "fd00::10" : "fd00::11");
  return net::IpAddress::v4(0xac100010 + card);  // 172.16.0.16 and up
}

void Card::configure(bool ipv6) {
  namespace regs = vpc_regs;
  set(regs::offset::UNDERLAY_MAC, value_of(underlay_mac(number)), 8);
  for (unsigned word = 0; word < 4; ++word)
    set(regs::offset::UNDERLAY_ADDRESS + word * 4, word_of(underlay(number, ipv6), word));
  set(regs::offset::SLOT_BASE, kSlots, 8);
  set(regs::offset::CONTROL, 1);
  for (unsigned function = 0; function < 2; ++function) {
    set_if(function, interface_regs::offset::VNI, kVni);
    set_if(function, interface_regs::offset::MAC, value_of(mac(number, function)), 8);
    set_if(function, interface_regs::offset::MODE, 1);
  }
}

std::uint64_t Card::store_peer(unsigned index, unsigned card, unsigned flags, bool ipv6) {
  namespace regs = vpc_regs;
  set(regs::offset::PEER_ADDRESS_MAC, value_of(underlay_mac(card)), 8);
  for (unsigned word = 0; word < 4; ++word)
    set(regs::offset::PEER_ADDRESS + word * 4, word_of(underlay(card, ipv6), word));
  set(regs::offset::PEER_FLAGS, flags);
  set(regs::offset::PEER_COMMAND, 1u << 16 | index);
  return get(regs::offset::RESULT);
}

std::uint64_t Card::association(unsigned operation, std::uint32_t spi, unsigned slot, unsigned peer, std::uint32_t salt,
                                std::uint64_t threshold) {
  namespace regs = vpc_regs;
  set(regs::offset::SA_SPI, spi);
  set(regs::offset::SA_KEY, peer << 16 | slot);
  set(regs::offset::SA_SALT, salt);
  set(regs::offset::SA_THRESHOLD, threshold, 8);
  set(regs::offset::SA_COMMAND, operation);
  return get(regs::offset::RESULT);
}

std::uint64_t Card::all_drops() const {
  std::uint64_t sum = 0;
  for (const auto& [counter_name, entry] : sim.stats.counters())
    if (counter_name.starts_with(name + ".") && counter_name.find(".drops.") != std::string::npos)
      sum += entry.value->value();
  return sum;
}

vpc_message_verdict Card::route(const vpc_message_packet& packet) const {
  vpc_message_verdict verdict{};
  verdict.owner = VPC_NO_FUNCTION;
  const unsigned card = packet.destination[14], function = packet.destination[15] - 1u;
  if (!(packet.flags & VPC_PACKET_IP) || function > 1) {
    verdict.reason = VPC_REASON_NO_ROUTE;
    return verdict;
  }
  const unsigned from = packet.source[15] - 1u;
  verdict.flags = VPC_INSTALL | VPC_INSTALL_REVERSE | VPC_REWRITE_MAC;
  verdict.vni = verdict.reverse_vni = kVni;
  const net::MacAddress to_mac = mac(card, function), from_mac = mac(packet.source[14], from);
  std::copy(to_mac.bytes.begin(), to_mac.bytes.end(), verdict.mac);
  std::copy(from_mac.bytes.begin(), from_mac.bytes.end(), verdict.reverse_mac);
  if (packet.direction == VPC_INGRESS || card == number) {
    verdict.action = VPC_TO_INTERFACE;
    verdict.header.function = static_cast<std::uint16_t>(function);
    verdict.reverse_peer = 0;
    verdict.reverse_function = static_cast<std::uint16_t>(from);
    verdict.owner = packet.direction == VPC_INGRESS ? verdict.header.function : packet.header.function;
  } else {
    verdict.action = VPC_TO_PEER;
    verdict.peer = 0;
    verdict.owner = verdict.reverse_function = packet.header.function;
  }
  return verdict;
}

Machine::Machine(const MachineConfig& made)
    : config(made),
      a(sim, 0, config.vpc, frames, config.wire, config.has_cipher),
      b(sim, 1, config.vpc, frames, config.wire, config.has_cipher) {
  a.port.join(b.port);
  b.port.join(a.port);
}

void Machine::SetUp() {
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  for (Card* card : {&a, &b}) {
    card->configure(config.ipv6);
    ASSERT_EQ(card->store_peer(0, 1 - card->number, 0, config.ipv6), 0u);
  }
}

net::FrameSpec Machine::spec(unsigned from, unsigned to, std::uint16_t port) {
  net::FrameSpec made;
  made.source = Card::mac(0, from);
  made.destination = {{2, 0, 0, 0, 0xff, 0xff}};
  made.source_ip = net::IpAddress::v4(0x0a000001 + from);
  made.destination_ip = net::IpAddress::v4(0x0a000101 + to);
  made.source_port = port;
  made.destination_port = 7;
  return made;
}

Bytes Machine::frame(const net::FrameSpec& spec, std::size_t payload) { return net::build(spec, pattern(payload, 1)); }

DataPath::Sent Machine::transmit(Card& card, unsigned function, const Bytes& bytes) {
  return card.vpc.transmit(static_cast<std::uint16_t>(function), make(bytes), sim.scheduler.now());
}

void Machine::encrypt(unsigned flags) {
  for (Card* card : {&a, &b}) {
    card->cipher.set_key(20, pattern(32, 20));
    card->cipher.set_key(21, pattern(32, 21));
    ASSERT_EQ(card->store_peer(0, 1 - card->number, flags, config.ipv6), 0u);
  }
  ASSERT_EQ(a.association(1, 0x100, 20), 0u);
  ASSERT_EQ(b.association(2, 0x100, 20), 0u);
  ASSERT_EQ(b.association(1, 0x200, 21), 0u);
  ASSERT_EQ(a.association(2, 0x200, 21), 0u);
}

}  // namespace cardvp::nic
