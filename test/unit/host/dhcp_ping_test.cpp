// DHCP against a server of the test's, echo requests, and neighbours that ask.
#include <algorithm>

#include "host/workload/dhcp.h"
#include "host/workload/neighbour.h"
#include "host/workload/ping.h"
#include "models/net/build.h"
#include "test/unit/host/two_hosts.h"

namespace cardvp::host {
namespace {

net::IpAddress ip(const char* text) { return *net::IpAddress::parse(text); }

struct Dhcp : TwoHosts {
  std::vector<unsigned> types;     // of the client's messages
  std::vector<std::byte> options;  // of the server's, behind the message type
  unsigned answer = 5;             // to REQUEST: ACK
  unsigned deaf = 0;               // to so many messages
  std::vector<std::byte> request;  // the last, from the BOOTP header on

  static std::vector<std::byte> bytes(std::initializer_list<unsigned> values) {
    std::vector<std::byte> data;
    for (const unsigned value : values) data.push_back(static_cast<std::byte>(value));
    return data;
  }

  void serve() {
    options = bytes({54, 4,  10, 0, 0, 1, 1, 4, 255, 255, 255, 0,    0,    3,  4, 10, 0, 0,    1,    6,
                     8,  10, 0,  0, 2, 8, 8, 8, 8,   26,  2,   0x23, 0x29, 51, 4, 0,  0, 0x0e, 0x10, 255});
    on_wire = [this](unsigned from, std::vector<std::byte>& frame) {
      const net::Parsed parsed = net::parse(frame);
      EXPECT_EQ(parsed.fault, net::Fault::kNone);
      EXPECT_TRUE(parsed.udp());
      EXPECT_EQ(net::check_l4(frame, parsed), net::L4Check::kGood);
      EXPECT_TRUE(net::destination_mac(frame).is_broadcast());
      EXPECT_EQ(net::flow_key(frame, parsed).destination.text(), "255.255.255.255");
      request.assign(frame.begin() + parsed.payload, frame.end());
      EXPECT_EQ(net::load32(&request[236]), 0x63825363u);
      EXPECT_EQ(request[240], std::byte{53});
      types.push_back(std::to_integer<unsigned>(request[242]));
      if (deaf > 0) {
        --deaf;
        return false;
      }
      reply(from, types.back() == 1 ? 2 : answer);
      return false;
    };
  }
  void reply(unsigned to, unsigned type, std::uint32_t xid_change = 0) {
    std::vector<std::byte> message(request.begin(), request.begin() + 240);
    message[0] = std::byte{2};
    net::store32(&message[4], net::load32(&message[4]) ^ xid_change);
    net::store32(&message[16], 0x0a00004d);  // 10.0.0.77
    const auto head = bytes({53, 1, type});
    message.insert(message.end(), head.begin(), head.end());
    message.insert(message.end(), options.begin(), options.end());
    net::FrameSpec spec;
    spec.destination = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    spec.source = {{2, 0, 0, 0, 0, 0xfe}};
    spec.source_ip = ip("10.0.0.1");
    spec.destination_ip = ip("255.255.255.255");
    spec.source_port = 67;
    spec.destination_port = 68;
    deliver(to, net::build(spec, message));
  }
  DhcpLease lease() { return result(run_dhcp(*hosts[0].driver)); }
};

TEST_F(Dhcp, GivesAddressAndAllThatBelongsToIt) {
  make();
  serve();
  const DhcpLease l = lease();
  EXPECT_EQ(l.error, "");
  EXPECT_EQ(types, (std::vector<unsigned>{1, 3}));
  EXPECT_EQ(l.address, ip("10.0.0.77"));
  EXPECT_EQ(l.subnet.text(), "10.0.0.0/24");
  EXPECT_EQ(l.router, ip("10.0.0.1"));
  EXPECT_EQ(l.server, ip("10.0.0.1"));
  EXPECT_EQ(l.dns, (std::vector{ip("10.0.0.2"), ip("8.8.8.8")}));
  EXPECT_EQ(l.mtu, 9001u);
  EXPECT_EQ(l.lease_seconds, 3600u);
  // REQUEST names the offered address and the server (options 50 and 54).
  const auto names = bytes({50, 4, 10, 0, 0, 77, 54, 4, 10, 0, 0, 1});
  EXPECT_FALSE(std::ranges::search(request, names).empty());
  EXPECT_GE(request.size(), 300u);
}

TEST_F(Dhcp, AsksAgain) {
  make();
  serve();
  deaf = 2;
  const DhcpLease l = lease();
  EXPECT_EQ(l.error, "");
  EXPECT_EQ(types, (std::vector<unsigned>{1, 1, 1, 3}));
  EXPECT_NEAR(l.elapsed.to_seconds(), 12, 0.1);  // 4 s, then 8 s
}

TEST_F(Dhcp, GivesUp) {
  make();
  serve();
  deaf = 100;
  EXPECT_EQ(lease().error, "no DHCP server offers an address");
  EXPECT_EQ(types.size(), 3u);
}

TEST_F(Dhcp, ARefusalIsAnError) {
  make();
  serve();
  answer = 6;
  EXPECT_EQ(lease().error, "10.0.0.77 was refused");
}

TEST_F(Dhcp, OptionsThatDoNotFitAreNone) {
  make();
  serve();
  options = bytes({54, 4, 10, 0, 0, 1, 26, 1, 9, 3, 200, 10, 0, 0, 1});
  const DhcpLease l = lease();
  EXPECT_EQ(l.error, "");
  EXPECT_EQ(l.address, ip("10.0.0.77"));
  EXPECT_EQ(l.mtu, 0u);
  EXPECT_TRUE(l.router.is_zero());
  options = bytes({54});
  EXPECT_EQ(lease().error, "the offer lacks address or server");
}

TEST_F(Dhcp, OthersTransactionsAreNotIts) {
  make();
  serve();
  on_wire = [this, serve = on_wire](unsigned from, std::vector<std::byte>& frame) {
    if (types.empty()) {
      const net::Parsed parsed = net::parse(frame);
      request.assign(frame.begin() + parsed.payload, frame.end());
      reply(from, 2, 1);
      types.push_back(0);
      return false;
    }
    return serve(from, frame);
  };
  const DhcpLease l = lease();
  EXPECT_EQ(l.error, "");
  EXPECT_GE(l.elapsed.to_seconds(), 4.0);
}

struct Ping : TwoHosts, testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(, Ping, testing::Bool());
TEST_P(Ping, ComesBackWhole) {
  make({}, GetParam());
  for (const unsigned size : {0u, 1u, 56u, GetParam() ? 1452u : 1472u}) {
    const PingConfig config{.count = 3, .bytes = size};
    const PingResult r = result(ping(end(0), end(1), config));
    EXPECT_EQ(r.error, "");
    EXPECT_EQ(r.sent, 3u);
    EXPECT_EQ(r.received, 3u);
    EXPECT_EQ(r.corrupted, 0u);
    EXPECT_EQ(r.round_trip.count(), 3u);
  }
  EXPECT_NE(result(ping(end(0), end(1), {.bytes = 1473})).error, "");
}

TEST_P(Ping, LossAndDamageAreSeen) {
  make({}, GetParam());
  unsigned echoes = 0;
  on_wire = [&](unsigned from, std::vector<std::byte>& frame) {
    const net::Parsed parsed = net::parse(frame);
    const auto type = parsed.l4 ? std::to_integer<unsigned>(frame[parsed.l4]) : 0xff;
    if (from == 0 || (type != 0 && type != 129)) return true;
    ++echoes;
    if (echoes == 2) frame.back() ^= std::byte{1};
    return echoes != 4;
  };
  const PingResult r = result(ping(end(0), end(1), {.count = 5}));
  EXPECT_EQ(r.sent, 5u);
  EXPECT_EQ(r.received, 4u);
  EXPECT_EQ(r.corrupted, 1u);
}

struct Asked : TwoHosts, testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(, Asked, testing::Bool());
TEST_P(Asked, AnswersForItsOwnAddressAlone) {
  make({}, GetParam());
  Neighbour near(*hosts[0].driver, hosts[0].address), far(*hosts[1].driver, hosts[1].address);
  EXPECT_EQ(result(near.resolve(hosts[1].address)), (net::MacAddress{{2, 0, 0, 0, 0, 2}}));
  EXPECT_EQ(far.answered(), 1u);
  EXPECT_EQ(result(far.resolve(hosts[0].address)), (net::MacAddress{{2, 0, 0, 0, 0, 1}}));
  EXPECT_EQ(frames, 4u);
  EXPECT_EQ(result(near.resolve(hosts[1].address)), (net::MacAddress{{2, 0, 0, 0, 0, 2}}));  // it remembers
  EXPECT_EQ(frames, 4u);
  EXPECT_EQ(result(near.resolve(ip(GetParam() ? "fd00::3" : "10.0.0.3"))), std::nullopt);
  EXPECT_EQ(far.answered(), 1u);
  // RFC 1112, 6.4 and RFC 2464, 7
  EXPECT_EQ(result(near.resolve(ip(GetParam() ? "ff02::1:2" : "224.129.1.2"))).value().text(),
            GetParam() ? "33:33:00:01:00:02" : "01:00:5e:01:01:02");
}

}  // namespace
}  // namespace cardvp::host
