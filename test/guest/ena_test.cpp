// The card's interfaces under Linux's own ena driver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/guest/guest.h"

namespace cardvp::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kInterface = wait_for("[ -e /sys/class/net/eth0 ]");

std::string run(Guest& guest, const std::string& script, std::chrono::seconds limit = 300s) {
  const Guest::Result result = guest.run(script, limit);
  EXPECT_EQ(result.status, 0) << script << "\n" << result.out;
  return result.out;
}

TEST(EnaGuest, ReachesTheOutside) {
  SKIP_WITHOUT_GUEST();
  Serve serve(scenario("guest"));
  GuestConfig config;
  config.sockets = {serve.socket("eth0")};
  Guest guest(config, serve.folder());
  ASSERT_TRUE(guest.up()) << guest.console() << guest.qemu().output() << serve.output();
  EXPECT_THAT(run(guest, kInterface + "ethtool -i eth0"), HasSubstr("driver: ena\n"));
  run(guest, "ip link set eth0 up; " + wait_for("[ $(cat /sys/class/net/eth0/carrier) = 1 ]"));
  EXPECT_THAT(run(guest, "udhcpc -i eth0 -n -q -f -t 5 -T 2 2>&1"),
              HasSubstr("lease of 10.0.2.15 obtained from 10.0.2.2"));
  run(guest, "ip addr add 10.0.2.15/24 dev eth0; ping -c 3 -W 5 10.0.2.2");
  EXPECT_THAT(run(guest, "ethtool -g eth0"), HasSubstr("Current hardware settings:\nRX:\t\t1024\n"));
  EXPECT_THAT(run(guest, "ethtool -l eth0"), HasSubstr("Combined:"));
  const std::string statistics = run(guest, "ethtool -S eth0");
  for (const char* const name : {"queue_0_tx_cnt: ", "queue_0_rx_cnt: ", "ena_admin_q_completed_cmd: "})
    EXPECT_THAT(statistics, HasSubstr(name));
  EXPECT_THAT(statistics, HasSubstr("wd_expired: 0\n"));
  EXPECT_THAT(statistics, HasSubstr("queue_0_rx_csum_bad: 0\n"));
  EXPECT_THAT(guest.complaints(), IsEmpty());
  expect_quiet_end(serve);
  EXPECT_GT(std::filesystem::file_size(serve.folder() / "out/card.pcap"), 500);
}

// Two servers, each with a guest; what goes between them is sealed.
struct TwoGuests : testing::Test {
  void start(bool with_disks = false) {
    serve.emplace(scenario("two_guests"));
    GuestConfig config;
    config.cpus = 1;
    for (const std::string name : {"a", "b"}) {
      config.sockets = {serve->socket(name + ".eth0")};
      if (with_disks) config.sockets.push_back(serve->socket(name + ".disk"));
      guests.emplace_back(std::make_unique<Guest>(config, serve->folder(), name));
    }
    const char* const addresses[] = {"10.0.0.10/24", "10.0.0.11/24"};
    for (std::size_t i = 0; i < 2; ++i) {
      ASSERT_TRUE(guests[i]->up()) << guests[i]->console() << guests[i]->qemu().output() << serve->output();
      run(*guests[i], kInterface + "ip link set eth0 up && ip addr add " + addresses[i] + " dev eth0 && " +
                          wait_for("[ $(cat /sys/class/net/eth0/carrier) = 1 ]"));
    }
    run(a(), "ping -c 3 -W 5 10.0.0.11");
  }
  Guest& a() { return *guests[0]; }
  Guest& b() { return *guests[1]; }

  // From a to b; Mbit/s that arrived.
  double iperf(const std::string& options, const std::string& meanwhile = "true") {
    run(b(), "iperf3 -s -1 -D; sleep 0.5");
    const std::string out = run(a(), "iperf3 -c 10.0.0.11 -J " + options + " >/tmp/iperf & iperf=$!; " + meanwhile +
                                         " >/tmp/meanwhile 2>&1 || { cat /tmp/meanwhile; exit 8; }; wait $iperf || { "
                                         "cat /tmp/iperf; exit 9; }; cat /tmp/iperf");
    const json result = json::parse(out, nullptr, false);
    if (result.is_discarded()) {
      ADD_FAILURE() << out;
      return 0;
    }
    const json& end = result["end"];
    return (end.contains("sum_received") ? end["sum_received"] : end["sum"])["bits_per_second"].get<double>() / 1e6;
  }
  void end() {
    for (const auto& guest : guests) {
      EXPECT_THAT(guest->complaints(), IsEmpty());
      const std::string statistics = run(*guest, "ethtool -S eth0");
      EXPECT_THAT(statistics, HasSubstr("wd_expired: 0\n"));
      EXPECT_THAT(statistics, HasSubstr("tx_timeout: 0\n"));
      EXPECT_THAT(statistics, HasSubstr("queue_0_rx_csum_bad: 0\n"));
    }
    guests.clear();
    expect_quiet_end(*serve);
  }

  std::optional<Serve> serve;
  std::vector<std::unique_ptr<Guest>> guests;
};

TEST_F(TwoGuests, TalkOverAnEncryptedWire) {
  SKIP_WITHOUT_GUEST();
  start();
  EXPECT_THAT(run(a(), "ethtool -k eth0"), HasSubstr("tx-checksum-ipv4: on"));
  const double tcp = iperf("-t 3"), udp = iperf("-u -b 50M -t 3"), back = iperf("-t 2 -R");
  std::printf("TCP %.0f Mbit/s, back %.0f Mbit/s, UDP %.0f Mbit/s\n", tcp, back, udp);
  EXPECT_GT(tcp, 1);
  EXPECT_GT(back, 1);
  EXPECT_GT(udp, 1);
  end();
  const json counters = serve->report()["counters"];
  EXPECT_GT(counters["a.card.vpc.sealed"]["value"], 1000);
}

TEST_F(TwoGuests, ChangeTheirQueuesUnderLoad) {
  SKIP_WITHOUT_GUEST();
  start();
  EXPECT_GT(iperf("-t 8",
                  "sleep 1; ethtool -G eth0 rx 256 tx 256 && sleep 1 && ethtool -L eth0 combined 1 && sleep 1 && "
                  "ethtool -G eth0 rx 1024 tx 512"),
            0.1);
  for (int round = 0; round < 3; ++round) {
    run(a(), "ip link set eth0 down && ip link set eth0 up; " + wait_for("[ $(cat /sys/class/net/eth0/carrier) = 1 ]"));
    run(a(), "ping -c 2 -W 5 10.0.0.11");
  }
  for (const auto& guest : guests) run(*guest, "ip link set eth0 mtu 9001");
  run(a(), "ping -c 3 -W 5 -s 8900 10.0.0.11");
  EXPECT_GT(iperf("-t 2"), 1);
  end();
}

// Everything at once: TCP in both directions over the encrypted wire, verified writes to encrypted volumes. By default
// for some seconds; with CARDVP_GUEST_SECONDS=600 the campaign of docs/guests.md.
TEST_F(TwoGuests, WorkForLong) {
  SKIP_WITHOUT_GUEST();
  const char* const asked = std::getenv("CARDVP_GUEST_SECONDS");
  const unsigned seconds = asked ? static_cast<unsigned>(std::stoul(asked)) : 10;
  start(true);
  const std::chrono::seconds limit(seconds + 120);
  const auto fio = fmt::format(
      "fio --name=long --filename=/dev/nvme0n1 --direct=1 --ioengine=libaio --iodepth=8 --rw=randrw --bsrange=4k-64k "
      "--size=64m --verify=crc32c --verify_backlog=64 --verify_fatal=1 --time_based --runtime={} --output-format=json",
      seconds);
  run(b(), "iperf3 -s -1 -D; sleep 0.5");
  b().begin(fio);
  const std::string out =
      run(a(),
          fmt::format("({} >/tmp/fio; echo $? >/tmp/status) & iperf3 -c 10.0.0.11 --bidir -J -t {} "
                      ">/tmp/iperf || {{ cat /tmp/iperf; exit 9; }}; wait; cat /tmp/iperf; exit $(cat /tmp/status)",
                      fio, seconds),
          limit);
  const Guest::Result other = b().end(limit);
  EXPECT_EQ(other.status, 0) << other.out;
  const json sums = json::parse(out)["end"];
  for (const char* const way : {"sum_received", "sum_received_bidir_reverse"})
    EXPECT_GT(sums[way]["bits_per_second"].get<double>(), 1e6) << way;
  EXPECT_EQ(json::parse(other.out)["jobs"][0]["error"], 0);
  std::printf("TCP %.0f and %.0f Mbit/s beside fio\n", sums["sum_received"]["bits_per_second"].get<double>() / 1e6,
              sums["sum_received_bidir_reverse"]["bits_per_second"].get<double>() / 1e6);
  end();
}

}  // namespace
}  // namespace cardvp::test
