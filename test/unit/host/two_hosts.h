// Two hosts with an ENA driver each, whose fake devices are joined by a wire of a test: it does what the devices were
// asked for (checksums, segments), and can lose, change and answer packets.
#pragma once

#include "host/workload/traffic.h"
#include "models/net/checksum.h"
#include "models/net/parse.h"
#include "test/unit/host/ena_machine.h"

namespace cardvp::host {

struct TwoHosts : HostMachine {
  struct Host {
    pcie::Link* link;
    std::unique_ptr<FakeEna> device;
    std::unique_ptr<ena::Driver> driver;
    net::IpAddress address;
  };
  pcie::Link second_link{"second_link", sim, {}};
  Memory second_memory{64 << 20};
  RootComplex second_root{"second_root", sim, second_link, second_memory};
  std::array<Host, 2> hosts;
  // What becomes of each frame from host `from`: changed in place; false: it is lost.
  std::function<bool(unsigned from, std::vector<std::byte>& frame)> on_wire;
  std::uint64_t frames = 0;
  bool checks = true;  // devices say that checksums are good

  void make(ena::DriverConfig config = {}, bool ipv6 = false) {
    hosts[0].link = &link;
    hosts[1].link = &second_link;
    for (unsigned n = 0; n < 2; ++n) {
      hosts[n].device = std::make_unique<FakeEna>(sim, *hosts[n].link);
      hosts[n].device->mac[5] = static_cast<std::uint8_t>(n + 1);
      hosts[n].link->connect(*hosts[n].device);
      RootComplex& there = n ? second_root : root;
      hosts[n].driver = std::make_unique<ena::Driver>(n ? "driver1" : "driver0", sim, there, config);
      hosts[n].address = *net::IpAddress::parse(ipv6 ? (n ? "fd00::2" : "fd00::1") : (n ? "10.0.0.2" : "10.0.0.1"));
      hosts[n].device->on_sent = [this, n](const FakeEna::Packet& packet) { transfer(n, packet); };
    }
    for (unsigned n = 0; n < 2; ++n) {
      hosts[n].link->enable(true);
      RootComplex& there = n ? second_root : root;
      ASSERT_TRUE(result(there.wait_link({1, sc_core::SC_MS})));
      const auto function = result(there.probe(0));
      ASSERT_TRUE(function);
      const ena::Error error = result(hosts[n].driver->start(*function));
      ASSERT_FALSE(error) << error.text;
    }
    settle();
  }

  void transfer(unsigned from, const FakeEna::Packet& packet) {
    for (std::vector<std::byte>& frame : cut(packet)) {
      const net::Parsed parsed = net::parse(frame);
      if (packet.flags & 1 << 14) net::set_l4_checksum(frame, parsed);
      if (packet.flags & 1 << 13) net::set_ipv4_checksum(frame, parsed);
      ++frames;
      if (!on_wire || on_wire(from, frame)) deliver(1 - from, frame);
    }
  }
  void deliver(unsigned to, std::span<const std::byte> frame) {
    const net::Parsed parsed = net::parse(frame);
    std::uint32_t status = parsed.ipv4 ? 8 : parsed.ipv6 ? 11 : 0;
    if (parsed.tcp() || parsed.udp()) status |= (parsed.tcp() ? 12u : 13u) << 8;
    if (checks && (parsed.tcp() || parsed.udp())) {
      status |= 1 << 16;
      if (net::check_l4(frame, parsed) != net::L4Check::kGood) status |= 1 << 14;
    }
    const unsigned queues = hosts[to].driver->info().queues;
    const auto queue = parsed.l4 ? std::to_integer<unsigned>(frame[parsed.l4 + 1]) % queues : 0;
    EXPECT_TRUE(hosts[to].device->deliver(frame, queue, status));
  }
  // TCP segmentation as hosts expect it of a device.
  static std::vector<std::vector<std::byte>> cut(const FakeEna::Packet& packet) {
    if (!(packet.flags & 1 << 7)) return {packet.bytes};
    const std::size_t headers = packet.l3_offset + packet.l3_length + 4 * packet.l4_words;
    const std::size_t l4 = packet.l3_offset + packet.l3_length;
    std::vector<std::vector<std::byte>> segments;
    for (std::size_t at = headers; at < packet.bytes.size(); at += packet.mss) {
      const std::size_t size = std::min<std::size_t>(packet.mss, packet.bytes.size() - at);
      std::vector<std::byte> segment(packet.bytes.begin(), packet.bytes.begin() + static_cast<std::ptrdiff_t>(headers));
      segment.insert(segment.end(), packet.bytes.begin() + static_cast<std::ptrdiff_t>(at),
                     packet.bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
      const bool ipv4 = (packet.flags & 0xf) == 8;
      const std::size_t length = segment.size() - packet.l3_offset - (ipv4 ? 0 : 40);
      net::store16(&segment[packet.l3_offset + (ipv4 ? 2 : 4)], static_cast<std::uint16_t>(length));
      if (ipv4) net::store16(&segment[packet.l3_offset + 4], static_cast<std::uint16_t>(segments.size()));
      const std::uint32_t sequence = net::load32(&segment[l4 + 4]);
      net::store32(&segment[l4 + 4], static_cast<std::uint32_t>(sequence + at - headers));
      segments.push_back(std::move(segment));
    }
    return segments;
  }

  TrafficEnd end(unsigned n) { return {.driver = hosts[n].driver.get(), .address = hosts[n].address}; }
  TrafficResult traffic(const TrafficConfig& config) { return result(host::run(end(0), end(1), config)); }
};

}  // namespace cardvp::host
