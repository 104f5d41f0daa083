// A host that does not play by the rules of ENA, against a whole card with its firmware: random admin commands, rings
// full of garbage, doorbells, registers, device memory, resets in between. DMA stays where the IOMMU lets it; the other
// interface does not notice; and after a reset a driver brings the device up again and it carries packets.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>

#include "host/ena/driver.h"
#include "models/net/build.h"
#include "models/net/parse.h"
#include "platform/machine.h"

namespace cardvp {
namespace {

using host::PciFunction;
using host::ena::Driver;
using host::ena::RxPacket;

constexpr unsigned kHostile = 0, kPeaceful = 1;
constexpr std::uint32_t kDepth = 256;  // entries of each I/O ring
constexpr unsigned kQueues = 2;
constexpr std::uint64_t kDescriptors = 200'000;  // a seed
constexpr std::uint64_t kRing = kDepth * 32;     // bytes that a ring has room for

enum Register : std::uint32_t {
  kAqBase = 0x10,
  kAqCaps = 0x18,
  kAcqBase = 0x20,
  kAcqCaps = 0x28,
  kAqDoorbell = 0x2c,
  kAenqCaps = 0x34,
  kAenqBase = 0x38,
  kAenqHead = 0x40,
  kInterruptMask = 0x4c,
  kControl = 0x54,
  kStatus = 0x58
};
enum Opcode : std::uint8_t { kCreateSq = 1, kDestroySq = 2, kCreateCq = 3, kDestroyCq = 4 };

using Entry = std::array<std::uint32_t, 16>;  // of the admin rings

struct HostileNic : testing::TestWithParam<unsigned> {
  platform::Machine machine{GetParam(), card(), host(), {}};
  host::WindowIommu iommu;
  TaskScope tasks{machine.sim().scheduler};
  std::mt19937_64 random{GetParam()};
  host::Buffer sandbox{machine.host().root().memory(), 1 << 20};  // all that the hostile function may touch
  std::uint64_t descriptors = 0;
  std::uint64_t answers = 0;  // that the peaceful interface got
  bool storming = true, done = false;

  // The rings, at fixed places of the sandbox.
  std::uint64_t admin() const { return sandbox.address(); }
  std::uint64_t completions() const { return sandbox.address() + 4096; }
  std::uint64_t events() const { return sandbox.address() + 8192; }
  std::uint64_t ring(unsigned n) const { return sandbox.address() + 16384 + n * kRing; }
  std::byte* at(std::uint64_t address) const { return sandbox.data() + (address - sandbox.address()); }
  std::uint16_t admin_tail = 0;
  std::array<std::uint32_t, 2 * kQueues> doorbell{};  // 0: there is no such queue. TX first
  std::array<std::uint16_t, 2 * kQueues> tail{};
  std::array<std::uint32_t, 2 * kQueues> completed{};  // entries of the completion ring that have been seen
  std::array<std::uint16_t, 2 * kQueues> head{};       // up to which the device has taken descriptors

  static platform::CardConfig card() {
    platform::CardConfig config;
    config.rom = CARDVP_FIRMWARE_DIR "/rom.bin";
    config.firmware = CARDVP_FIRMWARE_DIR "/controller.img";
    config.network.address = *net::IpAddress::parse("192.0.2.1");
    config.network.mac = *net::MacAddress::parse("02:00:00:00:01:01");
    for (unsigned i : {kHostile, kPeaceful}) {
      platform::InterfaceConfig interface;
      interface.name = i == kHostile ? "hostile" : "peaceful";
      interface.vni = 7;
      interface.mac = *net::MacAddress::parse(i == kHostile ? "02:00:00:00:00:0a" : "02:00:00:00:00:0b");
      interface.addresses.push_back({*net::IpAddress::parse(i == kHostile ? "10.0.0.10" : "10.0.0.11"),
                                     24,
                                     *net::IpAddress::parse("10.0.0.1"),
                                     {}});
      interface.rules.push_back({true, 0, 0, 65535, *net::Prefix::parse("0.0.0.0/0")});
      config.network.interfaces.push_back(interface);
      config.network.routes.push_back(
          {7, {interface.addresses[0].address, 32}, platform::RouteConfig::Target::kInterface, i, interface.mac});
    }
    return config;
  }
  static platform::HostConfig host() {
    platform::HostConfig config;
    config.ena.queues = kQueues;
    config.ena.admin_timeout = sc_core::sc_time(50, sc_core::SC_MS);
    return config;
  }

  std::uint64_t below(std::uint64_t bound) { return random() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::uint32_t small_or_wild() { return static_cast<std::uint32_t>(one_in(3) ? random() : below(20)); }
  auto delay(std::uint64_t ns) {
    return machine.sim().scheduler.delay(sc_core::sc_time(static_cast<double>(ns), sc_core::SC_NS));
  }

  std::uint64_t address() {
    switch (below(8)) {
      case 0: return random();
      case 1: return 0xc0000000 + below(1 << 30);                              // the hole
      case 2: return sandbox.address() + sandbox.size() - below(64);           // across the end
      case 3: return machine.host().root().memory().size() / 2 + below(4096);  // memory that it may not touch
      default: return sandbox.address() + (256 << 10) + below(512 << 10);
    }
  }

  // Garbage with the look of a descriptor: most bits plausible, so that it comes far.
  Entry descriptor(bool transmit) {
    Entry words{};
    for (std::uint32_t& word : words) word = static_cast<std::uint32_t>(random());
    if (one_in(10)) return words;
    const std::uint64_t buffer = address();
    if (transmit) {
      words[0] = static_cast<std::uint32_t>(below(one_in(4) ? 65536 : 1600)) | 1u << 24 | 1u << 28;
      if (!one_in(3)) words[0] |= 1u << 26;                                               // first
      if (!one_in(3)) words[0] |= 1u << 27;                                               // last
      if (one_in(5)) words[0] = (words[0] & 0xff000000) | 0xb04000;                       // a meta descriptor
      if (one_in(2)) words[1] = 8 | (one_in(2) ? 12u : 13u) << 8 | (words[1] & 0x26080);  // offloads, TSO among them
      words[2] = one_in(4) ? words[2] : 20 | 14 << 8 | 5 << 16 | static_cast<std::uint32_t>(below(1024)) << 22;
      if ((words[0] & 1u << 23) == 0) words[2] = static_cast<std::uint32_t>(buffer);
      words[3] = static_cast<std::uint32_t>(buffer >> 32) & 0xffff;
    } else {
      words[0] = static_cast<std::uint32_t>(below(one_in(4) ? 65536 : 4096)) | 0x1d000000;
      words[2] = static_cast<std::uint32_t>(buffer);
      words[3] = static_cast<std::uint32_t>(buffer >> 32) & 0xffff;
    }
    return words;
  }

  void write_admin(const PciFunction& function, const Entry& command) {
    std::memcpy(at(admin()) + admin_tail % 32 * 64, command.data(), sizeof command);
    function.write32(0, kAqDoorbell, ++admin_tail);
  }
  // The newest completion's words, whatever they are: found by its command id.
  Task<Entry> ask(const PciFunction& function, Entry command) {
    const std::uint16_t id = admin_tail & 0xfff;
    command[0] = (command[0] & 0x00ff0000) | id | (admin_tail / 32 % 2 == 0 ? 1u << 24 : 0);
    std::memset(at(completions()), 0xff, 32 * 64);
    write_admin(function, command);
    Entry answer{};
    for (int i = 0; i < 400; ++i) {
      co_await delay(2000);
      for (unsigned slot = 0; slot < 32; ++slot) {
        std::memcpy(answer.data(), at(completions()) + slot * 64, sizeof answer);
        if ((answer[0] & 0xffff) == id) co_return answer;
      }
    }
    answer[0] = 0xff0000;
    co_return answer;
  }
  static bool good(const Entry& answer) { return (answer[0] >> 16 & 0xff) == 0; }

  // A device in its right mind again, with rings of this host's own.
  Task<bool> set_up(const PciFunction& function) {
    function.write32(0, kControl, 1);
    for (int i = 0; i < 1000 && (co_await function.read32(0, kStatus) & 8) == 0; ++i) co_await delay(1000);
    function.write32(0, kControl, 0);
    std::uint32_t status = 8;
    for (int i = 0; i < 1000 && (status & 9) != 1; ++i) {
      co_await delay(1000);
      status = co_await function.read32(0, kStatus);
    }
    if ((status & 9) != 1) co_return false;
    admin_tail = 0;
    doorbell = {};
    tail = {};
    completed = {};
    head = {};
    std::memset(at(ring(0)), 0, 4 * kQueues * kRing);
    const auto base = [&function](std::uint32_t at, std::uint64_t address) {
      function.write32(0, at, static_cast<std::uint32_t>(address));
      function.write32(0, at + 4, static_cast<std::uint32_t>(address >> 32));
    };
    base(kAqBase, admin());
    base(kAcqBase, completions());
    base(kAenqBase, events());
    for (const std::uint32_t caps : {kAqCaps, kAcqCaps}) function.write32(0, caps, 64 << 16 | 32);
    function.write32(0, kAenqCaps, 64 << 16 | 16);
    function.write32(0, kAenqHead, 16);
    for (unsigned queue = 0; queue < 2 * kQueues; ++queue) {
      const bool transmit = queue < kQueues;
      Entry create{};
      create[0] = kCreateCq << 16;
      create[1] = 1 << 5 | (transmit ? 2 : 4) << 8 | kDepth << 16;
      create[2] = 1 + queue % kQueues;
      create[3] = static_cast<std::uint32_t>(ring(2 * queue));
      create[4] = static_cast<std::uint32_t>(ring(2 * queue) >> 32);
      const Entry cq = co_await ask(function, create);
      if (!good(cq)) co_return false;
      const bool llq = transmit && queue == 1 && function.bars[2].size != 0;
      create = {};
      create[0] = kCreateSq << 16;
      create[1] = (transmit ? 1u : 2u) << 5 | (llq ? 3u : 1u) << 16 | 1 << 24;
      create[2] = (cq[2] & 0xffff) | kDepth << 16;
      create[3] = llq ? 0 : static_cast<std::uint32_t>(ring(2 * queue + 1));
      create[4] = llq ? 0 : static_cast<std::uint32_t>(ring(2 * queue + 1) >> 32);
      const Entry sq = co_await ask(function, create);
      if (!good(sq)) co_return false;
      doorbell[queue] = sq[3];
    }
    co_return true;
  }

  Entry command() {
    constexpr std::uint8_t kOpcodes[] = {1, 2, 3, 4, 8, 8, 8, 9, 9, 11};
    constexpr std::uint8_t kFeatures[] = {1, 2, 3, 4, 7, 10, 11, 12, 14, 18, 20, 26, 27, 28, 29};
    Entry words{};
    for (std::uint32_t& word : words) word = small_or_wild();
    words[0] = (words[0] & 0xff00ffff) | static_cast<std::uint32_t>(one_in(9) ? below(256) : kOpcodes[below(10)]) << 16;
    words[4] = (words[4] & 0xffff00ff) | static_cast<std::uint32_t>(one_in(9) ? below(256) : kFeatures[below(15)]) << 8;
    const std::uint64_t buffer = address();
    if (one_in(2)) words[2] = static_cast<std::uint32_t>(buffer), words[3] = static_cast<std::uint32_t>(buffer >> 32);
    return words;
  }

  // What the device says of its progress, if it may be believed.
  void look(unsigned queue) {
    const bool transmit = queue < kQueues;
    const unsigned bytes = transmit ? 8 : 16;
    while (true) {
      std::uint64_t entry = 0;
      std::memcpy(&entry, at(ring(2 * queue)) + completed[queue] % kDepth * bytes, 8);
      const bool phase = entry >> 24 & 1;
      if (phase != (completed[queue] / kDepth % 2 == 0)) return;
      ++completed[queue];
      head[queue] = static_cast<std::uint16_t>(transmit ? entry >> 48 : head[queue] + 1);
    }
  }

  void fill(const PciFunction& function, unsigned queue) {
    const bool transmit = queue < kQueues;
    look(queue);
    const std::uint16_t room =
        kDepth - std::min<unsigned>(static_cast<std::uint16_t>(tail[queue] - head[queue]), kDepth);
    const auto count = static_cast<unsigned>(std::min<std::uint64_t>(1 + below(one_in(4) ? kDepth : 32), room));
    for (unsigned i = 0; i < count; ++i) {
      const Entry entry = descriptor(transmit);
      std::memcpy(at(ring(2 * queue + 1)) + (tail[queue] + i) % kDepth * 16, entry.data(), 16);
      if (queue == 1 && function.bars[2].size != 0)  // its ring is in the device
        function.write64(2, below(function.bars[2].size / 8) * 8,
                         static_cast<std::uint64_t>(entry[0]) << 32 | entry[1]);
    }
    descriptors += count;
    tail[queue] = static_cast<std::uint16_t>(tail[queue] + count);
    if (doorbell[queue] == 0) return;
    function.write32(0, doorbell[queue], tail[queue]);
    if (one_in(50)) function.write32(0, doorbell[queue], static_cast<std::uint32_t>(random()));
  }

  void poke(const PciFunction& function) {
    const unsigned bar = one_in(3) && function.bars[2].size != 0 ? 2 : 0;
    switch (below(3)) {
      case 0: return function.write64(bar, below(function.bars[bar].size / 8) * 8, address());
      case 1: return function.write32(bar, below(function.bars[bar].size / 4) * 4, small_or_wild());
      default: return function.write32(0, 0x1000 + below(0x800) * 4, small_or_wild());  // doorbells, unmask
    }
  }

  Task<> storm(const PciFunction& function) {
    for (std::uint64_t i = below(256 << 10); i < sandbox.size(); i += 8) {
      const std::uint64_t content = random();
      if (i >= 256 << 10) std::memcpy(sandbox.data() + i - i % 8, &content, 8);
    }
    for (unsigned step = 0; step < 2000; ++step) {
      fill(function, static_cast<unsigned>(below(2 * kQueues)));
      if (one_in(40)) write_admin(function, command());
      if (one_in(12)) poke(function);
      if (one_in(20)) function.write32(0, 0x2000 + below(kQueues + 1) * 4, 1u << 30 | small_or_wild());  // unmask
      if (one_in(60)) co_await function.read64(0, below(function.bars[0].size / 8) * 8);
      co_await delay(below(8000));
    }
  }

  // ARP for the router, which the card answers.
  static std::vector<std::byte> question(const char* mac, const char* address) {
    std::vector<std::byte> frame(42);
    const net::MacAddress own = *net::MacAddress::parse(mac);
    net::store_mac(frame.data(), *net::MacAddress::parse("ff:ff:ff:ff:ff:ff"));
    net::store_mac(frame.data() + 6, own);
    const std::uint8_t fixed[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
    std::memcpy(frame.data() + 12, fixed, sizeof fixed);
    net::store_mac(frame.data() + 22, own);
    std::memcpy(frame.data() + 28, net::IpAddress::parse(address)->v4_bytes(), 4);
    std::memcpy(frame.data() + 38, net::IpAddress::parse("10.0.0.1")->v4_bytes(), 4);
    return frame;
  }
  static bool is_answer(const RxPacket& packet) {
    return packet.frame.size() >= 42 && net::load16(packet.frame.data() + 12) == net::kEtherArp &&
           net::load16(packet.frame.data() + 20) == 2;
  }
  Task<bool> round_trip(Driver& driver, const char* mac, const char* address) {
    std::uint64_t got = 0;
    driver.on_receive([&got](unsigned, const RxPacket& packet) { got += is_answer(packet); });
    const std::vector<std::byte> frame = question(mac, address);
    const host::ena::TxPacket packet{frame};
    const bool sent = co_await driver.transmit(0, packet);
    for (int i = 0; i < 100 && got == 0; ++i) co_await delay(20'000);
    driver.on_receive({});
    co_return sent&& got == 1;
  }

  // What the hostile host receives.
  Task<> feed(Driver& driver) {
    const net::FrameSpec spec{.destination = *net::MacAddress::parse("02:00:00:00:00:0a"),
                              .source = *net::MacAddress::parse("02:00:00:00:00:0b"),
                              .source_ip = *net::IpAddress::parse("10.0.0.11"),
                              .destination_ip = *net::IpAddress::parse("10.0.0.10"),
                              .source_port = 1000,
                              .destination_port = 2000};
    const std::vector<std::byte> payload(1400);
    while (storming) {
      const std::vector<std::byte> frame = net::build(spec, std::span(payload).first(below(payload.size())));
      driver.try_transmit(1, {frame});
      co_await delay(below(4000));
    }
  }

  Task<> witness(Driver& driver) {
    while (storming) {
      EXPECT_TRUE(co_await round_trip(driver, "02:00:00:00:00:0b", "10.0.0.11")) << "the other interface noticed";
      ++answers;
      co_await delay(200'000);
    }
  }

  void allow(pcie::RequesterId requester, std::uint64_t from, std::uint64_t size) {
    iommu.unmap(requester);
    iommu.map(requester, {from, size, from, true, true});
  }

  Task<> run() {
    host::RootComplex& root = machine.host().root();
    root.set_iommu(iommu);
    EXPECT_TRUE(co_await root.wait_link(sc_core::sc_time(100, sc_core::SC_MS)));
    const std::vector<PciFunction> functions = co_await root.enumerate();
    const PciFunction& hostile = functions.at(kHostile);
    Driver& driver = machine.host().ena(kHostile);
    Driver& peaceful = machine.host().ena(kPeaceful);
    allow(functions.at(kPeaceful).bdf, 0, root.memory().size());
    EXPECT_EQ((co_await peaceful.start(functions.at(kPeaceful))).text, "");
    tasks.spawn(witness(peaceful));
    tasks.spawn(feed(peaceful));
    constexpr int kMostRounds = 40;
    for (int round = 0; descriptors < kDescriptors && round < kMostRounds; ++round) {
      allow(hostile.bdf, sandbox.address(), sandbox.size());
      EXPECT_TRUE(co_await set_up(hostile)) << "round " << round;
      co_await storm(hostile);
      // Peace: the operating system resets the function and its driver finds it again.
      if (round % 2 == 0) co_await hostile.flr();
      allow(hostile.bdf, 0, root.memory().size());
      EXPECT_EQ((co_await driver.start(hostile)).text, "") << "round " << round;
      EXPECT_TRUE(co_await round_trip(driver, "02:00:00:00:00:0a", "10.0.0.10")) << "round " << round;
      EXPECT_EQ((co_await driver.stop()).text, "") << "round " << round;
    }
    storming = false;
    co_await delay(20'000'000);
    done = true;
    machine.pause();
  }
};

TEST_P(HostileNic, HarmsOnlyItself) {
  tasks.spawn(run());
  machine.run_for(sc_core::sc_time(60, sc_core::SC_SEC));
  EXPECT_TRUE(done);
  EXPECT_GE(descriptors, kDescriptors);
  EXPECT_GT(answers, 10u);
  const auto counted = [this](const char* what) {
    return machine.sim().stats.counters().at("card.nic.fn0." + std::string(what)).value->value();
  };
  for (const char* dropped : {"drops.tx_malformed", "drops.tx_unreadable", "drops.tx_offload", "drops.tx_too_long"})
    EXPECT_GT(counted(dropped), kDescriptors / 1000) << dropped;
  EXPECT_GT(counted("tx_packets"), kDescriptors / 1000);
  EXPECT_GT(counted("rx_packets"), kDescriptors / 100);
  EXPECT_EQ(machine.card().resets(), 1u) << "the watchdog had to reset the card";
}

INSTANTIATE_TEST_SUITE_P(Seeds, HostileNic, testing::Range(1u, 6u));

}  // namespace
}  // namespace cardvp
