// User-mode networking: what libslirp answers, and what reaches the machine's own sockets.
#include "models/wire/user_network.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "models/net/checksum.h"
#include "models/net/parse.h"
#include "test/unit/wire/fake_port.h"
#include "test/unit/wire/harness.h"

namespace cardvp::wire {
namespace {

using sc_core::sc_start;

constexpr std::size_t kBootp = 14 + 20 + 8;  // where a DHCP message begins

struct UserNetworks : WireBench {
  void attach(const std::string& network = "10.0.2.0/24") {
    AttachmentConfig config;
    config.type = AttachmentConfig::Type::kSlirp;
    config.network = network;
    user = std::make_unique<UserNetwork>("user", sim, config, port, frames);
  }
  void give(const Bytes& frame) { port.client->receive(frames.make(frame), sc_core::sc_time_stamp()); }

  // From 10.0.2.15 unless it has no address yet.
  static net::FrameSpec spec(const char* source, const char* destination, std::uint8_t protocol) {
    net::FrameSpec spec;
    spec.source = mac(7);
    spec.destination = net::MacAddress{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    spec.source_ip = *net::IpAddress::parse(source);
    spec.destination_ip = *net::IpAddress::parse(destination);
    spec.protocol = protocol;
    return spec;
  }

  // RFC 2131, table 1; RFC 2132.
  static Bytes dhcp(std::uint8_t type, const Bytes& options = {}) {
    Bytes message(236);
    message[0] = std::byte{1};
    message[1] = std::byte{1};
    message[2] = std::byte{6};
    net::store32(message.data() + 4, 0x12345678);
    net::store_mac(message.data() + 28, mac(7));
    for (const unsigned byte : {0x63u, 0x82u, 0x53u, 0x63u, 53u, 1u, unsigned{type}})
      message.push_back(static_cast<std::byte>(byte));
    message.insert(message.end(), options.begin(), options.end());
    message.push_back(std::byte{255});
    net::FrameSpec from = spec("0.0.0.0", "255.255.255.255", net::kProtocolUdp);
    from.source_port = net::kPortDhcpClient;
    from.destination_port = net::kPortDhcpServer;
    return net::build(from, message);
  }
  // The value of an option of an answer; empty: it has none.
  static Bytes option(const Bytes& frame, unsigned number) {
    for (std::size_t at = kBootp + 240; at + 2 <= frame.size() && frame[at] != std::byte{255};) {
      const auto size = std::to_integer<std::size_t>(frame[at + 1]);
      if (std::to_integer<unsigned>(frame[at]) == number)
        return {frame.begin() + static_cast<std::ptrdiff_t>(at + 2),
                frame.begin() + static_cast<std::ptrdiff_t>(at + 2 + size)};
      at += 2 + size;
    }
    return {};
  }
  // Makes the gateway's address of Ethernet known to it, and ours to it.
  net::MacAddress gateway() {
    Bytes arp(42);
    const net::MacAddress everyone{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    net::store_mac(arp.data(), everyone);
    net::store_mac(arp.data() + 6, mac(7));
    net::store16(arp.data() + 12, net::kEtherArp);
    net::store16(arp.data() + 14, 1);
    net::store16(arp.data() + 16, net::kEtherIpv4);
    net::store16(arp.data() + 18, 0x0604);
    net::store16(arp.data() + 20, 1);  // request
    net::store_mac(arp.data() + 22, mac(7));
    net::store32(arp.data() + 28, 0x0a00020f);
    net::store32(arp.data() + 38, 0x0a000202);
    give(arp);
    if (port.sent.empty() || net::load16(port.sent.back().data() + 12) != net::kEtherArp) {
      ADD_FAILURE() << "no answer to ARP";
      return {};
    }
    EXPECT_EQ(net::load16(port.sent.back().data() + 20), 2);  // reply
    return net::load_mac(port.sent.back().data() + 22);
  }
  // Looks until a frame has come, for 5 s at most: others answer in their own time.
  bool wait_for(std::size_t count) {
    for (int i = 0; i < 5000 && port.sent.size() < count; ++i) {
      user->poll();
      if (port.sent.size() < count) ::usleep(1000);
      sc_start(us(100));
    }
    return port.sent.size() >= count;
  }

  FakePort port{sim};
  std::unique_ptr<UserNetwork> user;
};

struct Socket {
  explicit Socket(int type) : file(::socket(AF_INET, type, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(file, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    ::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    const timeval limit{5, 0};
    ::setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Socket() { ::close(file); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int file;
  std::uint16_t port = 0;
};

TEST_F(UserNetworks, DhcpGivesAnAddressAtOnce) {
  attach();
  EXPECT_TRUE(user->external());
  give(dhcp(1));  // discover
  ASSERT_EQ(port.sent.size(), 1u);
  const Bytes offer = port.sent[0];
  EXPECT_EQ(net::check_l4(offer, net::parse(offer)), net::L4Check::kGood);
  EXPECT_EQ(option(offer, 53), Bytes{std::byte{2}});
  EXPECT_EQ(net::load32(offer.data() + kBootp + 16), 0x0a00020fu);
  EXPECT_EQ(net::load32(option(offer, 3).data()), 0x0a000202u);  // router
  EXPECT_EQ(net::load32(option(offer, 6).data()), 0x0a000203u);  // DNS server
  EXPECT_EQ(net::load32(option(offer, 1).data()), 0xffffff00u);  // mask
  Bytes wanted(6);
  net::store16(wanted.data(), 50 << 8 | 4);
  net::store32(wanted.data() + 2, 0x0a00020f);
  give(dhcp(3, wanted));  // request
  ASSERT_EQ(port.sent.size(), 2u);
  EXPECT_EQ(option(port.sent[1], 53), Bytes{std::byte{5}});  // acknowledged
}

TEST_F(UserNetworks, AnotherNetworkIsAsItIsWritten) {
  attach("192.168.64.0/20");
  give(dhcp(1));
  ASSERT_EQ(port.sent.size(), 1u);
  EXPECT_EQ(net::load32(port.sent[0].data() + kBootp + 16), 0xc0a8400fu);
  EXPECT_EQ(net::load32(option(port.sent[0], 1).data()), 0xfffff000u);
}

TEST_F(UserNetworks, UdpReachesASocketAndComesBack) {
  const Socket server(SOCK_DGRAM);
  attach();
  net::FrameSpec from = spec("10.0.2.15", "10.0.2.2", net::kProtocolUdp);
  from.destination = gateway();
  from.source_port = 5555;
  from.destination_port = server.port;
  const Bytes payload(500, std::byte{0x42});
  const std::size_t before = port.sent.size();
  give(net::build(from, payload));

  Bytes got(2000);
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  const ssize_t received =
      ::recvfrom(server.file, got.data(), got.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
  ASSERT_EQ(received, 500);
  got.resize(500);
  EXPECT_EQ(got, payload);
  ASSERT_EQ(::sendto(server.file, "back", 4, 0, reinterpret_cast<const sockaddr*>(&peer), size), 4);
  ASSERT_TRUE(wait_for(before + 1));
  const Bytes answer = port.sent.back();
  const net::Parsed parsed = net::parse(answer, net::Checks::kIpChecksum);
  ASSERT_EQ(parsed.fault, net::Fault::kNone);
  const net::FlowKey flow = net::flow_key(answer, parsed);
  EXPECT_EQ(flow.source.text(), "10.0.2.2");
  EXPECT_EQ(flow.destination.text(), "10.0.2.15");
  EXPECT_EQ(flow.source_port, server.port);
  EXPECT_EQ(flow.destination_port, 5555);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(answer.data()) + parsed.payload, 4), "back");
  EXPECT_EQ(net::destination_mac(answer), mac(7));
}

TEST_F(UserNetworks, TcpConnectsToASocket) {
  const Socket server(SOCK_STREAM);
  ASSERT_EQ(::listen(server.file, 1), 0);
  attach();
  net::FrameSpec from = spec("10.0.2.15", "10.0.2.2", net::kProtocolTcp);
  from.destination = gateway();
  from.source_port = 6666;
  from.destination_port = server.port;
  from.sequence = 1000;
  from.tcp_flags = 2;  // SYN
  const std::size_t before = port.sent.size();
  give(net::build(from, {}));
  ASSERT_TRUE(wait_for(before + 1));
  const Bytes answer = port.sent.back();
  const net::Parsed parsed = net::parse(answer);
  ASSERT_TRUE(parsed.tcp());
  EXPECT_EQ(answer[parsed.l4 + 13u], std::byte{0x12});  // SYN, ACK
  EXPECT_EQ(net::load32(answer.data() + parsed.l4 + 8), 1001u);

  from.tcp_flags = 0x18;
  from.sequence = 1001;
  from.acknowledgement = net::load32(answer.data() + parsed.l4 + 4) + 1;
  const std::string_view hello = "hello";
  give(net::build(from, std::as_bytes(std::span(hello))));
  const int connection = ::accept(server.file, nullptr, nullptr);
  ASSERT_GE(connection, 0);
  for (int i = 0; i < 100; ++i) user->poll();
  char got[5] = {};
  EXPECT_EQ(::recv(connection, got, sizeof got, MSG_WAITALL), 5);
  EXPECT_EQ(std::string_view(got, 5), hello);
  ::close(connection);
}

TEST_F(UserNetworks, MalformedFramesDoNotReachIt) {
  attach();
  Bytes frame = dhcp(1);
  frame[14] = std::byte{0x44};  // a header of 16 bytes
  give(frame);
  give(Bytes(5));
  frame = dhcp(1);
  frame[25] ^= std::byte{1};  // header checksum
  give(frame);
  EXPECT_EQ(port.sent.size(), 0u);
  for (const char* reason : {"bad_ip_length", "short_ethernet", "bad_ip_checksum"})
    EXPECT_EQ(sim.stats.counter(std::string("user.drops.") + reason, "frames").value(), 1u) << reason;
}

TEST_F(UserNetworks, AnswersThatTheLineCannotTakeAreDropped) {
  attach();
  port.free = us(1000);
  give(dhcp(1));
  EXPECT_EQ(port.sent.size(), 0u);
  EXPECT_EQ(sim.stats.counter("user.drops.port_busy", "frames").value(), 1u);
}

TEST_F(UserNetworks, NetworksThatCannotBeAreRefused) {
  for (const char* network : {"", "10.0.2.0/28", "10.0.0.0/7", "10.0.2.1/24", "fd00::/64", "x"}) {
    try {
      attach(network);
      ADD_FAILURE() << network;
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find("write it as 10.0.2.0/24"), std::string::npos) << error.what();
    }
  }
}

TEST_F(UserNetworks, OnTheWireItIsAPortOfTheSwitch) {
  Config config = config_of();
  AttachmentConfig attachment;
  attachment.type = AttachmentConfig::Type::kSlirp;
  attachment.name = "user";
  config.attachments = {attachment};
  plug(config, 1);
  EXPECT_TRUE(wire->external());
  send(0, dhcp(1));
  sc_start(us(10));
  wire->poll();
  ASSERT_EQ(stations[0]->frames.size(), 1u);
  EXPECT_EQ(option(stations[0]->frames[0], 53), Bytes{std::byte{2}});
}

}  // namespace
}  // namespace cardvp::wire
