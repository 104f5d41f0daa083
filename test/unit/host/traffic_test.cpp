// Traffic workloads between two hosts, over a wire that does to packets what a test says.
#include <algorithm>

#include "test/unit/host/two_hosts.h"

namespace cardvp::host {
namespace {

using Type = TrafficConfig::Type;
using Expect = TrafficConfig::Expect;

TrafficConfig config(std::uint64_t count = 1000) {
  TrafficConfig c;
  c.count = count;
  return c;
}

struct Traffic : TwoHosts {
  // Of packets of the workload; the first frames are ARP's or ND's.
  static bool is_traffic(const std::vector<std::byte>& frame) {
    const net::Parsed parsed = net::parse(frame);
    return parsed.tcp() || parsed.udp();
  }
};

struct TrafficKinds : Traffic, testing::WithParamInterface<std::tuple<bool, std::uint8_t, Type>> {};
INSTANTIATE_TEST_SUITE_P(, TrafficKinds,
                         testing::Combine(testing::Bool(), testing::Values(6, 17),
                                          testing::Values(Type::kStream, Type::kRequests)));
TEST_P(TrafficKinds, ArriveWholeAndInOrder) {
  const auto [ipv6, protocol, type] = GetParam();
  make({}, ipv6);
  TrafficConfig c = config();
  c.protocol = protocol;
  c.type = type;
  c.flows = 7;
  c.depth = 3;
  c.sizes = {64, 594, 1514};
  std::uint64_t progress = 0;
  const TrafficResult r = result(host::run(end(0), end(1), c, &progress));
  EXPECT_EQ(r.verdict(c), "");
  EXPECT_EQ(r.sent, 1000u);
  EXPECT_EQ(r.received, 1000u);
  EXPECT_EQ(progress, 1000u);
  EXPECT_EQ(r.received_bytes, r.sent_bytes);
  EXPECT_EQ(r.latency.count(), 1000u);
  EXPECT_GT(r.latency.min(), 2'000'000u);  // the device alone takes 2 us
  // Two frames find the neighbour, and two more the way back.
  const bool requests = type == Type::kRequests;
  // Flow n is received by queue n mod 4; six flows send 143 packets, the last 142.
  const std::map<unsigned, std::uint64_t> spread{{0, 286}, {1, 286}, {2, 285}, {3, 143}};
  if (!requests) {
    EXPECT_EQ(r.by_queue, spread);
  }
  EXPECT_EQ(frames, requests ? 2004u : 1002u);
}

TEST_F(Traffic, ImixHasItsSizes) {
  make({.mtu = 1504});
  TrafficConfig c = config(1200);
  c.sizes = kImix;
  c.packets_per_second = 1e7;  // the wire is as fast as the sender, the receiver is not
  const TrafficResult r = traffic(c);
  EXPECT_EQ(r.verdict(c), "");
  EXPECT_EQ(r.sent_bytes, 100u * (7 * 64 + 4 * 594 + 1518 - 12 * 4));  // without FCS
}

TEST_F(Traffic, SmallIpv6FramesAreFilledUpForTheirStamp) {
  make({}, true);
  TrafficConfig c = config(10);
  const TrafficResult r = traffic(c);
  EXPECT_EQ(r.verdict(c), "");
  EXPECT_EQ(r.sent_bytes, 10u * (14 + 40 + 8 + 10));
}

TEST_F(Traffic, RateAndBurstsAreKept) {
  make();
  TrafficConfig c = config(1000);
  c.packets_per_second = 1e6;
  c.burst = 10;
  std::vector<double> times;
  on_wire = [&](unsigned, std::vector<std::byte>& frame) {
    if (is_traffic(frame)) times.push_back(sim.scheduler.now().to_seconds());
    return true;
  };
  const TrafficResult r = traffic(c);
  EXPECT_EQ(r.verdict(c), "");
  ASSERT_EQ(times.size(), 1000u);
  for (std::size_t n = 0; n < 1000; n += 10) {
    EXPECT_EQ(times[n], times[n + 9]);
    EXPECT_NEAR(times[n] - times[0], static_cast<double>(n) * 1e-6, 1e-9);
  }
}

TEST_F(Traffic, EndsAfterItsDuration) {
  make();
  TrafficConfig c = config(0);
  c.duration = {1, sc_core::SC_MS};
  c.packets_per_second = 200'000;
  const TrafficResult r = traffic(c);
  EXPECT_EQ(r.verdict(c), "");
  EXPECT_EQ(r.sent, 200u);
  EXPECT_NEAR((r.end - r.start).to_seconds(), 1e-3, 2e-5);
}

TEST_F(Traffic, BulkIsVerifiedAsTheStreamThatTheDeviceCut) {
  make();
  TrafficConfig c = config(200);
  c.protocol = 6;
  c.flows = 3;
  c.sizes = {65'000, 1000, 1460, 1461};
  c.segment = 1460;
  c.packets_per_second = 1e5;
  const TrafficResult r = traffic(c);
  EXPECT_EQ(r.verdict(c), "");
  // 45 pieces of 65000 bytes, one, one, two. The flows have 67, 67 and 66 sends: 16 turns of 49, and 47, 47 and 46.
  EXPECT_EQ(r.received, r.sent);
  EXPECT_EQ(r.sent, 3u * 16 * 49 + 47 + 47 + 46);
  EXPECT_EQ(r.sent + 2, frames);
  EXPECT_EQ(r.latency.count(), r.sent);
}

TEST_F(Traffic, BulkSeesAPieceThatIsMissingOrChanged) {
  make();
  TrafficConfig c = config(20);
  c.protocol = 6;
  c.sizes = {30'000};
  c.segment = 1000;
  unsigned seen = 0;
  on_wire = [&](unsigned, std::vector<std::byte>& frame) {
    if (!is_traffic(frame)) return true;
    ++seen;
    if (seen == 100) frame[54 + 777] ^= std::byte{1};
    if (seen == 100) net::set_l4_checksum(frame, net::parse(frame));
    return seen != 200;
  };
  const TrafficResult r = traffic(c);
  EXPECT_EQ(r.sent, 600u);
  EXPECT_EQ(r.lost, 1u);
  EXPECT_EQ(r.corrupted, 1u);
  EXPECT_EQ(r.first_corruption, "flow 0 packet 99: byte 831 differs");
}

// What the wire does to the 10th packet of the workload, and what is to be seen.
struct Harm {
  const char* name;
  std::function<bool(std::vector<std::byte>&)> act;
  const char* verdict;
  friend std::ostream& operator<<(std::ostream& out, const Harm& harm) { return out << harm.name; }
};
void repair(std::vector<std::byte>& frame) {
  const net::Parsed parsed = net::parse(frame);
  net::set_ipv4_checksum(frame, parsed);
  net::set_l4_checksum(frame, parsed);
}
struct TrafficHarm : Traffic, testing::WithParamInterface<Harm> {};
INSTANTIATE_TEST_SUITE_P(, TrafficHarm,
                         testing::Values(Harm{"lost", [](auto&) { return false; }, "1 of 100 packets were lost"},
                                         Harm{"checksum",
                                              [](auto& frame) {
                                                frame[40] ^= std::byte{1};
                                                return true;
                                              },
                                              "1 packets had bad checksums"},
                                         Harm{"payload",
                                              [](auto& frame) {
                                                frame[63] ^= std::byte{1};
                                                repair(frame);
                                                return true;
                                              },
                                              "1 packets were corrupted: flow 0 packet 9: byte 63 differs"},
                                         Harm{"dscp",
                                              [](auto& frame) {
                                                frame[15] ^= std::byte{4};
                                                repair(frame);
                                                return true;
                                              },
                                              "1 packets were corrupted: flow 0 packet 9: byte 15 differs"},
                                         Harm{"longer",
                                              [](auto& frame) {
                                                frame.push_back(std::byte{0});
                                                return true;
                                              },
                                              "1 packets were corrupted: flow 0 packet 9: 65 bytes instead of 64"},
                                         Harm{"ttl_and_macs",
                                              [](auto& frame) {
                                                frame[22] = std::byte{3};
                                                frame[0] = frame[6] = std::byte{0x12};
                                                repair(frame);
                                                return true;
                                              },
                                              ""},
                                         Harm{"number",
                                              [](auto& frame) {
                                                net::store32(&frame[42], 12345);
                                                repair(frame);
                                                return true;
                                              },
                                              "1 packets had never been sent"}));
TEST_P(TrafficHarm, IsSeen) {
  make();
  unsigned seen = 0;
  on_wire = [&](unsigned, std::vector<std::byte>& frame) {
    return !is_traffic(frame) || ++seen != 10 || GetParam().act(frame);
  };
  TrafficConfig c = config(100);
  EXPECT_EQ(traffic(c).verdict(c), GetParam().verdict);
}

TEST_F(Traffic, DuplicatesAndOrderAreSeen) {
  make();
  std::vector<std::byte> kept;
  unsigned seen = 0;
  on_wire = [&](unsigned from, std::vector<std::byte>& frame) {
    if (!is_traffic(frame)) return true;
    ++seen;
    if (seen == 20) deliver(1 - from, frame);
    if (seen == 40) kept = frame;
    if (seen == 43) deliver(1 - from, kept);
    return seen != 40;
  };
  TrafficConfig c = config(100);
  const TrafficResult r = traffic(c);
  EXPECT_EQ(r.received, 100u);
  EXPECT_EQ(r.duplicates, 1u);
  EXPECT_EQ(r.reordered, 1u);
  EXPECT_EQ(r.lost, 0u);
  EXPECT_EQ(r.verdict(c), "1 packets came twice");
}

TEST_F(Traffic, ExpectationsOfLoss) {
  make();
  on_wire = [](unsigned, std::vector<std::byte>& frame) { return !is_traffic(frame); };
  TrafficConfig c = config(100);
  EXPECT_EQ(traffic(c).verdict(c), "100 of 100 packets were lost");
  c.expect = Expect::kSome;
  EXPECT_EQ(traffic(c).verdict(c), "none of 100 packets came");
  c.expect = Expect::kNone;
  EXPECT_EQ(traffic(c).verdict(c), "");
  on_wire = nullptr;
  EXPECT_EQ(traffic(c).verdict(c), "100 of 100 packets came, none should have");
}

TEST_F(Traffic, NobodyAnswersForAnAddress) {
  make();
  on_wire = [](unsigned, std::vector<std::byte>&) { return false; };
  TrafficConfig c = config(100);
  const TrafficResult r = traffic(c);
  EXPECT_TRUE(r.unresolved);
  EXPECT_EQ(r.verdict(c), "nobody answers for 10.0.0.2");
  EXPECT_EQ(frames, 3u);  // asked three times
  c.expect = Expect::kNone;
  EXPECT_EQ(r.verdict(c), "");
}

TEST_F(Traffic, RemoteAddressesGoByWayOfTheRouter) {
  make();
  hosts[1].address = *net::IpAddress::parse("10.0.9.2");
  std::vector<net::IpAddress> asked;
  on_wire = [&](unsigned from, std::vector<std::byte>& frame) {
    if (net::load16(&frame[12]) != 0x0806) {
      EXPECT_EQ(net::destination_mac(frame).text(), "02:00:00:00:00:fe");
      return true;
    }
    asked.push_back(net::IpAddress::v4(net::load32(&frame[38])));
    // The router answers: operation 2, the addresses the other way round.
    std::vector<std::byte> reply = frame;
    reply[21] = std::byte{2};
    std::copy_n(frame.begin() + 22, 10, reply.begin() + 32);
    std::copy_n(frame.begin() + 38, 4, reply.begin() + 28);
    net::store_mac(&reply[22], {{2, 0, 0, 0, 0, 0xfe}});
    net::store_mac(&reply[0], net::source_mac(frame));
    deliver(from, reply);
    return false;
  };
  TrafficEnd from = end(0);
  from.subnet = *net::Prefix::parse("10.0.0.0/24");
  from.router = *net::IpAddress::parse("10.0.0.254");
  TrafficConfig c = config(10);
  const TrafficResult r = result(host::run(from, end(1), c));
  EXPECT_EQ(r.verdict(c), "");
  EXPECT_EQ(asked, std::vector{from.router});
}

TEST_F(Traffic, RequestsThatAreLostFreeTheirPlace) {
  make();
  unsigned seen = 0;
  on_wire = [&](unsigned from, std::vector<std::byte>& frame) {
    return !is_traffic(frame) || from == 0 || ++seen % 10 != 0;  // each tenth response
  };
  TrafficConfig c = config(100);
  c.type = Type::kRequests;
  c.depth = 4;
  c.expect = Expect::kSome;
  c.expect_order = false;
  const TrafficResult r = traffic(c);
  EXPECT_EQ(r.verdict(c), "");
  EXPECT_EQ(r.sent, 100u);
  EXPECT_EQ(r.lost, 10u);
  EXPECT_EQ(r.received, 90u);
}

TEST_F(Traffic, DepthIsKept) {
  make();
  int outstanding = 0, most = 0;
  on_wire = [&](unsigned from, std::vector<std::byte>& frame) {
    if (!is_traffic(frame)) return true;
    outstanding += from == 0 ? 1 : -1;
    most = std::max(most, outstanding);
    return true;
  };
  TrafficConfig c = config(200);
  c.type = Type::kRequests;
  c.flows = 2;
  c.depth = 5;
  EXPECT_EQ(traffic(c).verdict(c), "");
  EXPECT_EQ(most, 10);
}

TEST_F(Traffic, HostsCheckWhatDevicesDoNot) {
  make({.receive_checksums = false});
  checks = false;
  TrafficConfig c = config(100);
  EXPECT_EQ(traffic(c).verdict(c), "");
  unsigned seen = 0;
  on_wire = [&](unsigned, std::vector<std::byte>& frame) {
    if (is_traffic(frame) && ++seen == 5) frame[40] ^= std::byte{1};
    return true;
  };
  EXPECT_EQ(traffic(c).verdict(c), "1 packets had bad checksums");
}

TEST_F(Traffic, BothWaysAtOnce) {
  make();
  std::optional<TrafficResult> there, back;
  const auto start = [&](unsigned from, std::optional<TrafficResult>& out) {
    scope.spawn([](TrafficEnd a, TrafficEnd b, std::optional<TrafficResult>& r) -> Task<> {
      TrafficConfig c = config(5000);
      c.packets_per_second = 1e6;
      r = co_await host::run(a, b, c);
    }(end(from), end(1 - from), out));
  };
  start(0, there);
  start(1, back);
  sc_core::sc_start({100, sc_core::SC_MS});
  ASSERT_TRUE(there && back);
  EXPECT_EQ(there->verdict(config(5000)), "");
  EXPECT_EQ(back->verdict(config(5000)), "");
}

TEST_F(Traffic, ADeviceResetLosesPacketsButNotTheWorkload) {
  make();
  scope.spawn([](Scheduler& s, ena::Driver& d) -> Task<> {
    co_await s.delay({2, sc_core::SC_MS});
    co_await d.reset(12);
  }(sim.scheduler, *hosts[0].driver));
  TrafficConfig c = config(0);
  c.duration = {20, sc_core::SC_MS};
  c.packets_per_second = 1e5;
  c.expect = Expect::kSome;
  const TrafficResult r = traffic(c);
  EXPECT_EQ(r.verdict(c), "");
  EXPECT_GT(r.received, 1000u);
  EXPECT_EQ(hosts[0].device->reset_reasons, (std::vector<unsigned>{0, 12, 0}));
}

TEST_F(Traffic, RefusesWhatCannotBe) {
  make();
  const auto error = [&](const std::function<void(TrafficConfig&)>& change) {
    TrafficConfig c = config(10);
    change(c);
    return traffic(c).error;
  };
  EXPECT_NE(error([](auto& c) { c.flows = 0; }), "");
  EXPECT_NE(error([](auto& c) { c.sizes = {}; }), "");
  EXPECT_NE(error([](auto& c) { c.sizes = {1515}; }), "");
  EXPECT_NE(error([](auto& c) { c.protocol = 47; }), "");
  EXPECT_NE(error([](auto& c) { c.count = 0; }), "");
  EXPECT_NE(error([](auto& c) { c.burst = 0; }), "");
  EXPECT_NE(error([](auto& c) { c.segment = 1000; }), "");  // UDP
  EXPECT_NE(error([](auto& c) { c.protocol = 6, c.segment = 1500; }), "");
  EXPECT_EQ(error([](auto&) {}), "");
}

TEST_F(Traffic, ReplayKeepsTimesAndComparesEveryByte) {
  make();
  std::vector<ReplayFrame> capture;
  for (unsigned n = 0; n < 50; ++n)
    capture.push_back({sc_core::sc_time(100.0 * n, sc_core::SC_US), EnaMachine::bytes(60 + n, n % 7)});
  capture[7].bytes = capture[3].bytes;  // alike
  capture.push_back({{6, sc_core::SC_MS}, EnaMachine::bytes(2000)});
  std::vector<double> times;
  on_wire = [&](unsigned, std::vector<std::byte>& frame) {
    times.push_back(sim.scheduler.now().to_seconds());
    if (times.size() == 20) frame[50] ^= std::byte{1};
    return times.size() != 30;
  };
  std::uint64_t progress = 0;
  const ReplayResult r = result(replay(*hosts[0].driver, *hosts[1].driver, capture, {1, sc_core::SC_MS}, &progress));
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(r.sent, 50u);
  EXPECT_EQ(progress, 50u);
  EXPECT_EQ(r.received, 49u);
  EXPECT_EQ(r.matched, 48u);
  EXPECT_EQ(r.unexpected, 1u);
  EXPECT_EQ(r.too_long, 1u);
  EXPECT_EQ(r.missing, (std::vector<std::size_t>{19, 29}));
  ASSERT_EQ(times.size(), 50u);
  for (std::size_t n = 1; n < times.size(); ++n) EXPECT_NEAR(times[n] - times[0], 1e-4 * static_cast<double>(n), 1e-9);
}

}  // namespace
}  // namespace cardvp::host
