// The DHCP server of each interface (RFC 2131, RFC 2132).
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "test/unit/firmware/network_fixture.h"

namespace cardvp {
namespace {

constexpr unsigned kAlpha = 3;

struct NetworkDhcp : NetworkFirmware {
  struct Request {
    std::uint8_t type = 1;
    std::string_view ciaddr = "0.0.0.0";
    std::uint16_t flags = 0;
    Bytes options{};  // behind the type
    std::string_view from = "0.0.0.0", to = "255.255.255.255";
  };
  struct Reply {
    Bytes frame;
    Bytes fixed() const { return Bytes(frame.begin() + 42, frame.begin() + 42 + 236); }
    net::IpAddress address(std::size_t offset) const { return net::IpAddress::v4(&frame[42 + offset]); }
    net::IpAddress destination() const { return net::IpAddress::v4(&frame[30]); }
    // A walk over the options by RFC 2132, 2, to the end; none: nullopt.
    std::optional<Bytes> option(std::uint8_t code) const {
      std::optional<Bytes> found;
      std::size_t at = 42 + 240;
      while (frame.at(at) != 255) {
        const std::size_t length = frame.at(at + 1);
        if (frame[at] == code) {
          EXPECT_FALSE(found) << "twice";
          found = Bytes(frame.begin() + static_cast<std::ptrdiff_t>(at) + 2,
                        frame.begin() + static_cast<std::ptrdiff_t>(at + 2 + length));
        }
        at += 2 + length;
      }
      return found;
    }
    std::uint8_t type() const { return option(53).value_or(Bytes{0}).at(0); }
  };

  NetworkDhcp() {
    underlay();
    EXPECT_EQ(address(kAlpha, "10.0.0.5/20", "10.0.0.1", "10.0.0.2"), CONTROL_OK);
    attach(kAlpha, mac_of(kAlpha).text());
  }
  static Bytes request(const Request& request) {
    Bytes message(240);
    message[0] = message[1] = 1;
    message[2] = 6;
    const Bytes xid{0xde, 0xad, 0xbe, 0xef};
    std::copy(xid.begin(), xid.end(), message.begin() + 4);
    message[10] = static_cast<std::uint8_t>(request.flags >> 8);
    const auto ciaddr = net::IpAddress::parse(request.ciaddr).value();
    std::copy_n(ciaddr.v4_bytes(), 4, message.begin() + 12);
    const auto mac = mac_of(kAlpha);
    std::copy(mac.bytes.begin(), mac.bytes.end(), message.begin() + 28);
    const Bytes cookie{99, 130, 83, 99};
    std::copy(cookie.begin(), cookie.end(), message.begin() + 236);
    if (request.type) message.insert(message.end(), {53, 1, request.type});
    message.insert(message.end(), request.options.begin(), request.options.end());
    message.push_back(255);
    return message;
  }
  static Bytes packet(const Bytes& message, std::string_view from = "0.0.0.0",
                      std::string_view to = "255.255.255.255") {
    net::FrameSpec described = spec(kAlpha, from, to);
    if (to == "255.255.255.255") described.destination = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    described.source_port = 68;
    described.destination_port = 67;
    return frame(described, message);
  }
  std::optional<Reply> ask(const Bytes& frame) {
    injected_.clear();
    const auto verdict = egress(kAlpha, frame);
    EXPECT_EQ(verdict.action, VPC_CONSUMED);
    if (injected_.empty()) return std::nullopt;
    EXPECT_EQ(injected_.size(), 1u);
    EXPECT_EQ(injected_[0].function, kAlpha);
    return Reply{injected_[0].bytes};
  }
  std::optional<Reply> ask(const Request& asked) { return ask(packet(request(asked), asked.from, asked.to)); }
};

TEST_F(NetworkDhcp, Discover) {
  const auto offer = ask(Request{});
  ASSERT_TRUE(offer);
  // RFC 2131, 4.1: without the broadcast flag to the address that is offered, at the client's MAC address.
  const auto bytes = std::as_bytes(std::span(offer->frame));
  EXPECT_EQ(net::destination_mac(bytes), mac_of(kAlpha));
  EXPECT_EQ(net::source_mac(bytes).text(), "02:00:5e:00:00:01");
  EXPECT_EQ(offer->destination().text(), "10.0.0.5");
  EXPECT_EQ(net::IpAddress::v4(&offer->frame[26]).text(), "10.0.0.1");
  const net::Parsed parsed = net::parse(bytes, net::Checks::kIpChecksum);
  EXPECT_EQ(parsed.fault, net::Fault::kNone);
  EXPECT_TRUE(parsed.udp());
  EXPECT_EQ(Bytes(offer->frame.begin() + 34, offer->frame.begin() + 38), (Bytes{0, 67, 0, 68}));
  // RFC 2131, table 3.
  Bytes fixed(236);
  fixed[0] = 2;
  fixed[1] = 1;
  fixed[2] = 6;
  const Bytes xid{0xde, 0xad, 0xbe, 0xef}, yours{10, 0, 0, 5}, mac{6, 0, 0, 0, 0, kAlpha};
  std::copy(xid.begin(), xid.end(), fixed.begin() + 4);
  std::copy(yours.begin(), yours.end(), fixed.begin() + 16);
  std::copy(mac.begin(), mac.end(), fixed.begin() + 28);
  EXPECT_EQ(offer->fixed(), fixed);
  EXPECT_EQ(offer->type(), 2);
  EXPECT_EQ(offer->option(54), (Bytes{10, 0, 0, 1}));
  EXPECT_EQ(offer->option(1), (Bytes{255, 255, 240, 0}));
  EXPECT_EQ(offer->option(3), (Bytes{10, 0, 0, 1}));
  EXPECT_EQ(offer->option(6), (Bytes{10, 0, 0, 2}));
  EXPECT_EQ(offer->option(26), (Bytes{0x23, 0x29}));  // 9001
  EXPECT_EQ(offer->option(51), (Bytes{0, 0, 0x0e, 0x10}));
  EXPECT_EQ(offer->option(58), (Bytes{0, 0, 0x07, 0x08}));  // RFC 2131, 4.4.5: half of it, and 7/8
  EXPECT_EQ(offer->option(59), (Bytes{0, 0, 0x0c, 0x4e}));
  EXPECT_EQ(offer->option(61), std::nullopt);
  EXPECT_GE(offer->frame.size(), 42u + 300);
}

TEST_F(NetworkDhcp, TheChecksumIsRight) {
  const auto offer = ask(Request{.options = {61, 2, 1, 2}});  // an odd length in all
  ASSERT_TRUE(offer);
  const Bytes& frame = offer->frame;
  std::uint32_t sum = 17 + static_cast<std::uint32_t>(frame.size() - 34);
  for (std::size_t i = 26; i < frame.size(); i += 2) sum += frame[i] << 8 | (i + 1 < frame.size() ? frame[i + 1] : 0);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  EXPECT_EQ(sum, 0xffffu);
  EXPECT_EQ(offer->option(61), (Bytes{1, 2}));  // RFC 6842
}

TEST_F(NetworkDhcp, BroadcastFlag) {
  const auto offer = ask(Request{.flags = 0x8000});
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->destination().text(), "255.255.255.255");
  EXPECT_TRUE(net::destination_mac(std::as_bytes(std::span(offer->frame))).is_broadcast());
  EXPECT_EQ(offer->fixed()[10], 0x80);
}

TEST_F(NetworkDhcp, Selecting) {
  const Bytes chosen{50, 4, 10, 0, 0, 5, 54, 4, 10, 0, 0, 1};
  const auto ack = ask(Request{.type = 3, .options = chosen});
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->type(), 5);
  EXPECT_EQ(ack->address(16).text(), "10.0.0.5");
  EXPECT_EQ(ack->option(51), (Bytes{0, 0, 0x0e, 0x10}));
  EXPECT_FALSE(ask(Request{.type = 3, .options = {50, 4, 10, 0, 0, 5, 54, 4, 10, 0, 0, 9}}));  // another server's
  const auto nak = ask(Request{.type = 3, .options = {50, 4, 10, 0, 0, 6, 54, 4, 10, 0, 0, 1}});
  ASSERT_TRUE(nak);
  EXPECT_EQ(nak->type(), 6);
  EXPECT_EQ(nak->destination().text(), "255.255.255.255");  // RFC 2131, 4.1
  EXPECT_EQ(nak->address(16).text(), "0.0.0.0");
  EXPECT_EQ(nak->option(54), (Bytes{10, 0, 0, 1}));
  EXPECT_EQ(nak->option(51), std::nullopt);  // table 3: MUST NOT
  EXPECT_EQ(nak->option(1), std::nullopt);
}

TEST_F(NetworkDhcp, InitReboot) {
  EXPECT_EQ(ask(Request{.type = 3, .options = {50, 4, 10, 0, 0, 5}})->type(), 5);
  EXPECT_EQ(ask(Request{.type = 3, .options = {50, 4, 192, 168, 0, 5}})->type(), 6);
}

TEST_F(NetworkDhcp, RenewingAndRebinding) {
  const Request renewing{.type = 3, .ciaddr = "10.0.0.5", .from = "10.0.0.5", .to = "10.0.0.1"};
  const auto ack = ask(renewing);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->type(), 5);
  EXPECT_EQ(ack->destination().text(), "10.0.0.5");
  EXPECT_EQ(ack->address(12).text(), "10.0.0.5");
  EXPECT_EQ(ask(Request{.type = 3, .ciaddr = "10.0.0.5", .from = "10.0.0.5"})->type(), 5);
  EXPECT_EQ(ask(Request{.type = 3, .ciaddr = "10.0.0.7"})->type(), 6);
  EXPECT_FALSE(ask(Request{.type = 3}));  // no address at all
}

TEST_F(NetworkDhcp, Inform) {
  const auto ack = ask(Request{.type = 8, .ciaddr = "10.0.0.5", .from = "10.0.0.5"});
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->type(), 5);
  EXPECT_EQ(ack->destination().text(), "10.0.0.5");
  EXPECT_EQ(ack->address(16).text(), "0.0.0.0");  // RFC 2131, 4.3.5: no yiaddr, no lease
  EXPECT_EQ(ack->option(51), std::nullopt);
  EXPECT_EQ(ack->option(3), (Bytes{10, 0, 0, 1}));
  EXPECT_FALSE(ask(Request{.type = 8, .ciaddr = "10.0.0.9"}));
}

TEST_F(NetworkDhcp, WhatIsNotAnswered) {
  for (const std::uint8_t type : {0, 2, 4, 5, 6, 7, 9, 255}) EXPECT_FALSE(ask(Request{.type = type})) << int{type};
  for (const std::size_t at : {0u, 1u, 2u, 24u, 28u, 33u, 236u, 239u}) {  // op to cookie; a relay's address
    Bytes message = request({});
    message[at] ^= 0x40;
    EXPECT_FALSE(ask(packet(message))) << at;
  }
  EXPECT_FALSE(ask(packet(Bytes(239))));
  EXPECT_FALSE(ask(packet({})));
  remove_address(kAlpha, "10.0.0.5");
  EXPECT_FALSE(ask(Request{}));
  address(kAlpha, "fd00::5/64");
  EXPECT_FALSE(ask(Request{}));
}

TEST_F(NetworkDhcp, OptionsThatDoNotFit) {
  Bytes message = request({});
  message.resize(240);
  const auto with = [&](const Bytes& options) {
    Bytes longer = message;
    longer.insert(longer.end(), options.begin(), options.end());
    return ask(packet(longer));
  };
  EXPECT_FALSE(with({}));
  EXPECT_FALSE(with({53}));
  EXPECT_FALSE(with({53, 1}));
  EXPECT_FALSE(with({53, 2, 1}));
  EXPECT_FALSE(with({53, 2, 1, 1}));  // a type has one byte
  EXPECT_FALSE(with({255, 53, 1, 1}));
  EXPECT_TRUE(with({0, 0, 0, 53, 1, 1}));
  EXPECT_TRUE(with({53, 1, 1, 61, 200, 1}));
  EXPECT_TRUE(with({12, 0, 53, 1, 1, 255}));
  EXPECT_EQ(with({53, 1, 3, 50, 3, 10, 0, 0}), std::nullopt);  // as good as none
}

TEST_F(NetworkDhcp, TheLongestReply) {
  Bytes id{61, 255};
  id.resize(257, 7);
  const auto offer = ask(Request{.options = id});
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->option(61), Bytes(255, 7));
  EXPECT_LE(offer->frame.size() - 14, 576u);  // RFC 2131, 2
}

TEST_F(NetworkDhcp, OptionsInTheNameFields) {
  Bytes message = request({.type = 0, .options = {52, 1, 3}});
  const Bytes file{0, 53, 1, 3, 255}, sname{50, 4, 10, 0, 0, 5, 54, 4, 10, 0, 0, 1};
  std::copy(file.begin(), file.end(), message.begin() + 108);
  std::copy(sname.begin(), sname.end(), message.begin() + 44);
  const auto ack = ask(packet(message));
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->type(), 5);
  message[242] = 1;  // `file` alone
  EXPECT_FALSE(ask(packet(message)));
}

TEST_F(NetworkDhcp, WithoutARouterTheFirstAddressServes) {
  EXPECT_EQ(address(kAlpha, "10.0.0.5/20"), CONTROL_OK);
  const auto offer = ask(Request{});
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->option(54), (Bytes{10, 0, 0, 1}));
  EXPECT_EQ(offer->option(3), std::nullopt);
  EXPECT_EQ(offer->option(6), std::nullopt);
  remove_address(kAlpha, "10.0.0.5");
  EXPECT_EQ(address(kAlpha, "10.0.0.1/20"), CONTROL_OK);
  EXPECT_EQ(ask(Request{})->option(54), (Bytes{10, 0, 0, 2}));
}

TEST_F(NetworkDhcp, SpoofedAndElsewhere) {
  EXPECT_EQ(egress(kAlpha, packet(request({}), "10.0.0.9")).reason, VPC_REASON_SPOOFED_IP);
  EXPECT_EQ(egress(kAlpha, packet(request({}), "10.0.0.5", "10.0.0.9")).reason, VPC_REASON_NO_ROUTE);
  EXPECT_EQ(egress(kAlpha, packet(request({}), "0.0.0.0", "10.0.0.9")).reason, VPC_REASON_SPOOFED_IP);
  EXPECT_TRUE(injected_.empty());
}

}  // namespace
}  // namespace cardvp
