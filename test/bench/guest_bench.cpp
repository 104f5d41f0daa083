// The card's functions beside QEMU's own devices, in one guest: fio on volumes, iperf3 between two guests. Runs on the
// one and on the other take turns; the ratio is the median of those of the turns.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <systemc>

#include "test/guest/guest.h"

namespace {

using namespace cardvp::test;
using nlohmann::json;

std::string run(Guest& guest, const std::string& script) {
  const Guest::Result result = guest.run(script);
  if (result.status != 0) throw std::runtime_error(script + "\n" + result.out);
  return result.out;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// `measure(true)` is the card.
template <class Measure>
void compare(const std::string& what, const char* unit, int turns, Measure&& measure) {
  std::vector<double> ours, peers, ratios;
  for (int turn = 0; turn < turns; ++turn) {
    ours.push_back(measure(true));
    peers.push_back(measure(false));
    ratios.push_back(ours.back() / peers.back());
  }
  fmt::print("{:<28} {:>9.0f} {:>9.0f} {:<8} {:.2f} ({:.2f} to {:.2f})\n", what, median(ours), median(peers), unit,
             median(ratios), *std::min_element(ratios.begin(), ratios.end()),
             *std::max_element(ratios.begin(), ratios.end()));
  std::fflush(stdout);
}

void storage(int turns, const std::vector<std::string>& options) {
  json card = scenario("guest");
  card["card"].erase("interfaces");
  card.erase("wire");
  Serve serve(card, options);
  const Folder folder;
  GuestConfig config;
  config.sockets = {serve.socket("disk")};
  const std::string image = folder.file("peer.img", "");
  std::filesystem::resize_file(image, 256 << 20);
  config.more = {"-drive", "if=none,id=peer,format=raw,cache=unsafe,file=" + image, "-device",
                 "nvme,serial=peer,drive=peer"};
  Guest guest(config, folder);
  if (!guest.up()) throw std::runtime_error(guest.console() + guest.qemu().output());
  const auto disk = [&](const std::string& model) {
    const std::string found = run(guest, wait_for("grep -q '" + model + "' /sys/class/nvme/nvme*/model") +
                                             "dirname $(grep -l '" + model + "' /sys/class/nvme/nvme*/model)");
    const std::string name = found.substr(found.rfind('/') + 1);
    return "/dev/" + name.substr(0, name.find('\n')) + "n1";
  };
  const std::string ours = disk("Amazon"), peer = disk("QEMU");
  for (const std::string& each : {ours, peer}) run(guest, "dd if=/dev/zero bs=1M count=256 oflag=direct of=" + each);
  for (const char* const kind : {"randread", "randwrite"})
    for (const unsigned depth : {1u, 4u, 32u})
      compare(fmt::format("{}, 4 KiB, depth {}", kind, depth), "IOPS", turns, [&](bool card_turn) {
        const std::string out = run(
            guest, fmt::format("fio --name=speed --filename={} --direct=1 --ioengine=libaio --rw={} --bs=4k "
                               "--iodepth={} --size=128m --time_based --ramp_time=0.5 --runtime=2 --output-format=json",
                               card_turn ? ours : peer, kind, depth));
        return json::parse(out)["jobs"][0][std::string(kind).substr(4)]["iops"].get<double>();
      });
  serve.end();
  const json counters = serve.report()["counters"];
  const auto count = [&](const std::string& name) { return counters.at(name)["value"].get<double>(); };
  const double commands = count("card.nvme.fn0.reads") + count("card.nvme.fn0.writes");
  fmt::print(
      "the card: {:.0f} reads and writes of the guest, for each {:.2f} doorbells, {:.2f} messages, {:.2f} interrupts\n",
      commands, count("vfio_user.disk.doorbells") / commands, count("vfio_user.disk.commands") / commands,
      count("vfio_user.disk.interrupts") / commands);
}

void network(int turns, const std::vector<std::string>& options) {
  Serve serve(scenario("two_guests"), options);
  const Folder folder;
  std::vector<std::unique_ptr<Guest>> guests;
  GuestConfig config;
  config.cpus = 1;
  const std::string link = folder / "link";
  for (const bool first : {true, false}) {
    config.sockets = {serve.socket(first ? "a.eth0" : "b.eth0")};
    config.more = {"-netdev",
                   fmt::format("stream,id=peer,server={},addr.type=unix,addr.path={}", first ? "on" : "off", link),
                   "-device", "e1000e,netdev=peer"};
    guests.push_back(std::make_unique<Guest>(config, folder, first ? "a" : "b"));
    if (!guests.back()->up()) throw std::runtime_error(guests.back()->console() + guests.back()->qemu().output());
    const int host = first ? 1 : 2;
    run(*guests.back(),
        fmt::format("for i in /sys/class/net/eth*; do n=${{i##*/}}; "
                    "case $(basename $(readlink $i/device/driver)) in ena) ip addr add 10.0.0.{}/24 dev $n;; "
                    "e1000e) ip addr add 10.0.1.{}/24 dev $n;; esac; ip link set $n up; done; sleep 3",
                    first ? 10 : 11, host));
  }
  for (const char* const kind : {"", " -R", " -P 4"})
    compare(std::string("iperf3 TCP") + kind, "Mbit/s", turns, [&](bool card_turn) {
      run(*guests[1], "iperf3 -s -1 -D; sleep 0.5");
      const std::string out =
          run(*guests[0], std::string("iperf3 -J -t 3 -c ") + (card_turn ? "10.0.0.11" : "10.0.1.2") + kind);
      return json::parse(out)["end"]["sum_received"]["bits_per_second"].get<double>() / 1e6;
    });
}

}  // namespace

int sc_main(int argc, char** argv) try {
  if (const std::string missing = missing_guest(); !missing.empty()) throw std::runtime_error(missing);
  if (argc > 1 && std::string(argv[1]) == "--help") {
    std::puts("usage: guest_bench [storage | network | all] [TURNS] [OPTION of cardvp serve...]");
    return 0;
  }
  const std::string what = argc > 1 ? argv[1] : "all";
  const int turns = argc > 2 ? std::atoi(argv[2]) : 5;
  const std::vector<std::string> options(argv + std::min(argc, 3), argv + argc);
  fmt::print("{:<28} {:>9} {:>9} {:<8} {}\n", "", "card", "QEMU's", "", "ratio");
  if (what != "network") storage(turns, options);
  if (what != "storage") network(turns, options);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "guest_bench: {}\n", error.what());
  return 1;
}
