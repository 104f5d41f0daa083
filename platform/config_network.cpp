// What a scenario says of the network that one card or one host can know by itself; the rest is in scenarios/network.h.
#include <algorithm>
#include <bit>
#include <charconv>
#include <map>

#include "platform/config.h"
#include "platform/hex.h"

namespace cardvp::platform {
namespace {

constexpr std::uint64_t kBytesPerMegabit = 1'000'000 / 8;

// Locally administered, by the card's number and the interface's on it; 0: the card's own.
net::MacAddress default_mac(unsigned node, std::size_t interface) {
  return {{0x02, 0xca, 0x4d, static_cast<std::uint8_t>(node >> 8), static_cast<std::uint8_t>(node),
           static_cast<std::uint8_t>(interface)}};
}

// Of the block that RFC 6598 sets aside for networks below others.
net::IpAddress default_underlay(unsigned node) { return net::IpAddress::v4(0x64400000u + node); }

// A host's address and how long the subnet's prefix is: "10.0.0.10/24".
InterfaceAddress read_address(const JsonReader& node) {
  const std::string text = node.text();
  const std::size_t slash = text.find('/');
  const std::optional<net::IpAddress> address = net::IpAddress::parse(text.substr(0, slash));
  const std::string length = slash == std::string::npos ? "" : text.substr(slash + 1);
  const bool digits = !length.empty() && length.size() <= 3 &&
                      std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; });
  const unsigned most = address && address->is_v4() ? 32 : 128;
  if (!address || address->is_multicast() || address->is_zero() || !digits || std::stoul(length) > most)
    node.fail("an address with the length of its subnet's prefix, such as \"10.0.0.10/24\" or \"fd00::10/64\"");
  InterfaceAddress read;
  read.address = *address;
  read.prefix_length = static_cast<unsigned>(std::stoul(length));
  return read;
}

// The first of the subnet, unless that is the interface's own or there is no other.
std::optional<net::IpAddress> default_router(const InterfaceAddress& own) {
  const unsigned host_bits = (own.address.is_v4() ? 32 : 128) - own.prefix_length;
  if (host_bits < 2) return {};
  net::IpAddress router = own.address;
  for (unsigned bit = 0; bit < host_bits; ++bit)
    router.bytes[15 - bit / 8] = static_cast<std::uint8_t>(router.bytes[15 - bit / 8] & ~(1u << bit % 8));
  router.bytes[15] |= 1;
  if (router == own.address) return {};
  return router;
}

void read_addresses(const JsonReader& node, InterfaceConfig& interface) {
  node.for_each("addresses", [&](const JsonReader& text) {
    InterfaceAddress address = read_address(text);
    address.router = default_router(address);
    interface.addresses.push_back(address);
  });
  const auto read_for_all = [&](const char* key, std::optional<net::IpAddress> InterfaceAddress::*member) {
    if (!node.has(key)) return;
    net::IpAddress value;
    node.read_parsed(key, value, "an IP address");
    bool used = false;
    for (InterfaceAddress& address : interface.addresses)
      if (address.address.is_v4() == value.is_v4()) address.*member = value, used = true;
    if (!used) node.fail(key, "an address of the family of one of `addresses`");
  };
  read_for_all("router", &InterfaceAddress::router);
  read_for_all("dns", &InterfaceAddress::dns);
}

// A virtual function is one of the last physical one before it.
void read_physical(const JsonReader& node, const std::vector<InterfaceConfig>& before, InterfaceConfig& interface) {
  if (!node.has("physical")) return;
  std::string name;
  node.read("physical", name);
  const auto last = std::find_if(before.rbegin(), before.rend(),
                                 [](const InterfaceConfig& other) { return !other.physical.has_value(); });
  if (last == before.rend() || last->name != name)
    node.fail("physical", "the name of the last interface before it that is no virtual function itself");
  interface.physical = static_cast<std::size_t>(before.rend() - last) - 1;
}

InterfaceConfig read_interface(const JsonReader& node, const NetworkConfig& network) {
  InterfaceConfig interface;
  interface.mac = default_mac(network.node, network.interfaces.size() + 1);
  node.read("name", interface.name);
  node.read("attached", interface.attached);
  node.read("bridged", interface.bridged);
  node.read_parsed("mac", interface.mac, "a MAC address, such as \"02:00:00:00:00:01\"");
  if (interface.mac.is_multicast() || interface.mac.is_zero()) node.fail("mac", "the MAC address of one station");
  read_addresses(node, interface);
  node.read("forwards", interface.forwards);
  node.read("mtu", interface.mtu);
  read_allowances(node.object("allowances"), interface.allowances);
  node.read("keep_alive_ms", interface.keep_alive_ms);
  node.read("patient_hints", interface.patient_hints);
  read_physical(node, network.interfaces, interface);
  for (const InterfaceConfig& other : network.interfaces)
    if (other.name == interface.name) node.fail("name", "a name that no other interface of the card has");
  return interface;
}

void read_ports(const JsonReader& node, RuleConfig& rule) {
  if (!node.has("ports")) return;
  std::string text;
  node.read("ports", text);  // "80", "1000-2000", as the schema's pattern says it
  const std::size_t dash = text.find('-');
  const auto number = [&node](std::string_view digits) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) node.fail("ports", "ports up to 65535");
    return port;
  };
  rule.first_port = number(std::string_view(text).substr(0, dash));
  rule.last_port = dash == std::string::npos ? rule.first_port : number(std::string_view(text).substr(dash + 1));
  if (rule.first_port > rule.last_port) node.fail("ports", "the lower port first");
  if (rule.protocol == 0) node.fail("ports", "no ports for a rule of any protocol");
}

wire::PathConfig read_path(const JsonReader& node) {
  wire::PathConfig path;
  node.read_time("delay_ns", path.delay, sc_core::SC_NS);
  node.read_time("jitter_ns", path.jitter, sc_core::SC_NS);
  node.read("loss", path.loss);
  node.read_scaled("bandwidth_mbit_s", path.bandwidth, kBytesPerMegabit);
  node.read_time("down_from_us", path.down_from, sc_core::SC_US);
  node.read_time("down_until_us", path.down_until, sc_core::SC_US);
  if (path.down_until < path.down_from) node.fail("down_until_us", "a time behind down_from_us");
  return path;
}

wire::AttachmentConfig read_attachment(const JsonReader& node, const std::filesystem::path& folder) {
  wire::AttachmentConfig attachment;
  node.read_enum("type", attachment.type, {"pcap", "udp", "unix", "slirp", "tap"});
  node.read("name", attachment.name);
  std::string replay;
  node.read("replay", replay);
  if (!replay.empty()) attachment.replay = path_of(replay, folder);
  node.read_time("start_us", attachment.start, sc_core::SC_US);
  node.read("listen", attachment.listen);
  node.read("peer", attachment.peer);
  node.read("device", attachment.device);
  node.read("network", attachment.network);
  return attachment;
}

}  // namespace

void read_nic(const JsonReader& card, std::uint64_t number, CardConfig& config) {
  const JsonReader nic = card.object("nic");
  nic.read("queues", config.nic.queues);
  nic.read("queue_entries", config.nic.queue_entries);
  nic.read("llq_entries", config.nic.llq_entries);
  nic.read_time("packet_overhead_ns", config.nic.packet_overhead, sc_core::SC_NS);
  if (!std::has_single_bit(config.nic.queue_entries)) nic.fail("queue_entries", "a power of two");
  if (config.nic.llq_entries != 0 && !std::has_single_bit(config.nic.llq_entries))
    nic.fail("llq_entries", "a power of two, or 0");
  const JsonReader vpc = card.object("vpc");
  vpc.read("flow_entries", config.vpc.flow_entries);
  vpc.read_time("lookup_ns", config.vpc.lookup, sc_core::SC_NS);
  const JsonReader energy = card.object("energy");
  energy.read("nic_picojoules_per_packet", config.nic.picojoules_per_packet);
  energy.read("nic_picojoules_per_byte", config.nic.picojoules_per_byte);
  energy.read("vpc_picojoules_per_packet", config.vpc.picojoules_per_packet);

  const JsonReader node = card.object("network");
  NetworkConfig& network = config.network;
  network.node = static_cast<std::uint16_t>(number);
  node.read("node", network.node);
  network.mac = default_mac(network.node, 0);
  network.address = default_underlay(network.node);
  node.read_parsed("mac", network.mac, "a MAC address, such as \"02:00:00:00:00:01\"");
  if (network.mac.is_multicast() || network.mac.is_zero()) node.fail("mac", "the MAC address of one station");
  node.read_parsed("address", network.address, "an IP address");
  std::string key;
  node.read("transit_key", key);
  network.transit_key = from_hex(key).value_or(std::vector<std::uint8_t>{});
  card.for_each("interfaces",
                [&](const JsonReader& interface) { network.interfaces.push_back(read_interface(interface, network)); });
}

void read_ena_driver(const JsonReader& host, HostConfig& config) {
  const JsonReader node = host.object("ena");
  host::ena::DriverConfig& ena = config.ena;
  node.read("queues", ena.queues);
  node.read("tx_entries", ena.tx_entries);
  node.read("rx_entries", ena.rx_entries);
  node.read("rx_buffer_bytes", ena.rx_buffer_bytes);
  for (const auto& [key, entries] : {std::pair{"tx_entries", ena.tx_entries}, {"rx_entries", ena.rx_entries}})
    if (!std::has_single_bit(entries)) node.fail(key, "a power of two");
  node.read_enum("placement", ena.placement, {"auto", "host_memory", "device_memory"});
  node.read("mtu", ena.mtu);
  node.read("checksum_offload", ena.checksum_offload);
  node.read("segmentation_offload", ena.segmentation_offload);
  node.read("receive_checksums", ena.receive_checksums);
  node.read("tx_delay_us", ena.tx_delay_us);
  node.read("rx_delay_us", ena.rx_delay_us);
  node.read_time("software_cost_ns", ena.software_cost, sc_core::SC_NS);
}

void read_allowances(const JsonReader& node, Allowances& allowances) {
  node.read_scaled("bandwidth_in_mbit_s", allowances.bandwidth_in, kBytesPerMegabit);
  node.read_scaled("bandwidth_out_mbit_s", allowances.bandwidth_out, kBytesPerMegabit);
  node.read("packets_per_second", allowances.packet_rate);
  node.read("connections", allowances.connections);
  node.read("slow_packets_per_second", allowances.slow_rate);
  node.read("burst_us", allowances.burst_us);
}

std::vector<RuleConfig> read_rule(const JsonReader& node) {
  RuleConfig rule;
  std::string direction = "ingress", protocol = "any";
  node.read("direction", direction);
  node.read("protocol", protocol);
  rule.ingress = direction == "ingress";
  static const std::map<std::string, std::uint8_t> kProtocols = {
      {"any", 0}, {"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmpv6", 58}};  // IANA's numbers
  rule.protocol = kProtocols.at(protocol);
  read_ports(node, rule);
  if (node.has("peer")) {
    node.read_parsed("peer", rule.peer, "a prefix, such as \"10.0.0.0/16\"");
    return {rule};
  }
  RuleConfig v6 = rule;
  rule.peer = {net::IpAddress::v4(0u), 0};
  v6.peer = {net::IpAddress{}, 0};
  return {rule, v6};
}

void read_wire(const JsonReader& wire, const std::filesystem::path& folder, wire::Config& config) {
  wire.read_enum("type", config.type, {"none", "loopback", "switch"});
  wire.read_scaled("bandwidth_mbit_s", config.bandwidth, kBytesPerMegabit);
  wire.read_scaled<std::uint64_t>("queue_kib", config.queue_bytes, 1024);
  wire.read("capture", config.capture);
  if (wire.has("paths")) config.paths.clear();
  wire.for_each("paths", [&](const JsonReader& node) { config.paths.push_back(read_path(node)); });
  wire.for_each("attachments", [&](const JsonReader& node) {
    if (config.type != wire::Config::Type::kSwitch) node.fail("type", "no attachment: only a switch has them");
    config.attachments.push_back(read_attachment(node, folder));
    for (std::size_t i = 0; i + 1 < config.attachments.size(); ++i)
      if (config.attachments[i].name == config.attachments.back().name)
        node.fail("name", "a name that no other attachment has");
  });
}

}  // namespace cardvp::platform
