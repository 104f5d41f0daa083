#include "models/pcie/link.h"

#include "test/unit/pcie/harness.h"

namespace cardvp::pcie {
namespace {

using sc_core::sc_start;
using sc_core::sc_time;

// A card that keeps what reached it, and when.
struct FakeDevice : DevicePort {
  explicit FakeDevice(Scheduler& s) : scheduler(s) {}

  ReadResult config_read(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size) override {
    note("config read " + std::to_string(bus) + "." + std::to_string(function) + " " + std::to_string(offset) + "/" +
         std::to_string(size));
    return {status, 0x12345678};
  }
  Completion config_write(std::uint8_t, std::uint8_t, std::uint16_t offset, unsigned, std::uint32_t value) override {
    note("config write " + std::to_string(offset) + "=" + std::to_string(value));
    return status;
  }
  ReadResult memory_read(std::uint64_t address, unsigned) override {
    note("read " + std::to_string(address));
    if (on_read) on_read();
    return {status, 0x55};
  }
  void memory_write(std::uint64_t address, std::span<const std::byte> data) override {
    note("write " + std::to_string(address) + "/" + std::to_string(data.size()));
    payloads.emplace_back(data.begin(), data.end());
  }
  void link_reset() override { note("reset"); }

  void note(const std::string& what) {
    seen.push_back(what);
    times.push_back(scheduler.now());
  }

  Scheduler& scheduler;
  std::vector<std::string> seen;
  std::vector<sc_time> times;
  std::vector<std::vector<std::byte>> payloads;
  Completion status = Completion::kSuccess;
  std::function<void()> on_read;
};

// Generation 3 x4: 8 GT/s x 4 x 128/130 is 253.90625 ps a byte. Latency 150 ns; packets of 256 bytes, requests of 512.
LinkConfig gen3x4() {
  LinkConfig config;
  config.generation = 3;
  config.lanes = 4;
  return config;
}

struct LinkBench : testing::Test {
  explicit LinkBench(const LinkConfig& config = gen3x4()) : link("link", sim, config) {
    link.connect(host);
    link.connect(device);
    link.enable(true);
    sc_start(config.training + ns(1));
    start = sim.scheduler.now();
  }
  sc_time elapsed() const { return sim.scheduler.now() - start; }
  template <class T>
  void spawn_noting_end(Task<T> task, std::optional<T>& result, sc_time& end) {
    scope.spawn([](LinkBench& b, Task<T> inner, std::optional<T>& out, sc_time& at) -> Task<> {
      out = co_await std::move(inner);
      at = b.elapsed();
    }(*this, std::move(task), result, end));
  }

  Sim sim;
  Link link;
  FakeHost host{sim.scheduler};
  FakeDevice device{sim.scheduler};
  TaskScope scope{sim.scheduler};
  sc_time start;
};

TEST(LinkRate, IsThatOfTheLanesWithoutLineCoding) {
  Sim sim;
  const double rates[] = {
      0.25e9, 0.5e9, 8e9 / 8 * 128 / 130, 16e9 / 8 * 128 / 130, 32e9 / 8 * 128 / 130, 64e9 / 8 * 236 / 256};
  for (unsigned generation = 1; generation <= 6; ++generation) {
    LinkConfig config;
    config.generation = generation;
    config.lanes = 4;
    const Link link(("g" + std::to_string(generation)).c_str(), sim, config);
    EXPECT_NEAR(link.bytes_per_second(), 4 * rates[generation - 1], 1) << generation;
  }
}

TEST_F(LinkBench, ReadOf4KiB) {
  // Up: one request of 16 + 8 bytes until completions start (6094 ps); down: 16 completions of 256 + 12 + 8 (1121250).
  EXPECT_EQ(link.reserve_read(4096) - start, ps(6094 + 150000 + 1121250 + 150000));
  EXPECT_EQ(sim.stats.counter("link.up.packets", "").value(), 8u);
  EXPECT_EQ(sim.stats.counter("link.up.bytes", "").value(), 8u * 24);
  EXPECT_EQ(sim.stats.counter("link.down.packets", "").value(), 16u);
  EXPECT_EQ(sim.stats.counter("link.down.bytes", "").value(), 16u * 276);
}

TEST_F(LinkBench, WriteOf4KiB) {
  EXPECT_EQ(link.reserve_write(4096) - start, ps(16 * (256 + 16 + 8) * 253.90625 + 150000));
  EXPECT_EQ(sim.stats.counter("link.up.packets", "").value(), 16u);
}

TEST_F(LinkBench, PayloadsAreWholeDwordsAndNothingIsAPacket) {
  link.reserve_write(257);  // 256, and 1 that takes a dword
  EXPECT_EQ(sim.stats.counter("link.up.bytes", "").value(), 2u * 24 + 260);
  link.reserve_write(0);
  EXPECT_EQ(sim.stats.counter("link.up.packets", "").value(), 3u);
  link.reserve_read(0);
  EXPECT_EQ(sim.stats.counter("link.up.packets", "").value(), 4u);
  EXPECT_EQ(sim.stats.counter("link.down.packets", "").value(), 1u);
}

TEST_F(LinkBench, WritesOfOneDirectionWaitForEachOther) {
  const sc_time first = link.reserve_write(4096);
  EXPECT_EQ(link.reserve_write(4096) - first, ps(1137500));
}

TEST_F(LinkBench, ReadsShareTheWayDown) {
  const sc_time first = link.reserve_read(4096);
  EXPECT_EQ(link.reserve_read(4096) - first, ps(1121250));
  // A third, small one is asked for behind 2 x 8 requests and answered behind both.
  EXPECT_EQ(link.reserve_read(64) - first, ps(1121250 + 21328));  // 64 + 20 bytes
}

TEST_F(LinkBench, WhatTheHostSendsGoesBeforeCompletionsThatAreNotYetUnderWay) {
  link.reserve_read(4096);  // completions from 156.094 to 1277.344 ns
  link.memory_write(0x1000, bytes_of(1u));
  sc_start(ns(200));
  link.memory_write(0x2000, bytes_of(2u));
  sc_start();
  ASSERT_EQ(device.times.size(), 2u);
  EXPECT_EQ(device.times[0] - start, ps(6094 + 150000));
  EXPECT_EQ(device.times[1] - start, ps(1277344 + 6094 + 150000));
}

TEST_F(LinkBench, WhatTheHostSendsIsNotReorderedByGaps) {
  link.reserve_read(64);  // completion of 84 bytes, 21328 ps, from 156094 on
  sc_start(ns(140));
  link.memory_write(0x10000, std::array<std::byte, 64>{});  // 84 bytes: does not fit before the completion
  link.memory_write(0x20000, bytes_of(2u));                 // 24 bytes: would
  sc_start();
  EXPECT_EQ(device.seen, (Seen{"write 65536/64", "write 131072/4"}));
  EXPECT_EQ(device.times[0] - start, ps(156094 + 21328 + 21328 + 150000));
  EXPECT_EQ(device.times[1] - device.times[0], ps(6094));
}

TEST_F(LinkBench, ConfigurationRequestsGoDownAndTheirCompletionsUp) {
  std::optional<ReadResult> result;
  sc_time end;
  spawn_noting_end(link.config_read(3, 1, 0x10, 2), result, end);
  sc_start();
  EXPECT_EQ(device.seen, (Seen{"config read 3.1 16/2"}));
  EXPECT_EQ(device.times[0] - start, ps(5078 + 150000));  // 12 + 8 bytes
  EXPECT_EQ(end, ps(5078 + 150000 + 6094 + 150000));      // 12 + 8 + 4
  EXPECT_EQ(result->value, 0x12345678u);
  std::optional<Completion> written;
  device.status = Completion::kUnsupportedRequest;
  spawn_noting_end(link.config_write(3, 1, 4, 2, 6), written, end);
  sc_start();
  EXPECT_EQ(*written, Completion::kUnsupportedRequest);
  EXPECT_EQ(device.seen.back(), "config write 4=6");
}

TEST_F(LinkBench, ReadsOfTheHostArriveAfterItsEarlierWrites) {
  std::optional<ReadResult> result;
  sc_time end;
  link.memory_write(0x100, bytes_of(1u));
  spawn_noting_end(link.memory_read(0x104, 8), result, end);
  sc_start(ps(1));
  link.memory_write(0x108, bytes_of(2u));
  sc_start();
  EXPECT_EQ(device.seen, (Seen{"write 256/4", "read 260", "write 264/4"}));
  EXPECT_EQ(result->status, Completion::kSuccess);
}

TEST_F(LinkBench, CompletionsToTheHostPushItsPostedWritesAhead) {
  device.on_read = [this] {
    link.reserve_write(65536);
    link.post(7, 0x40, bytes_of(1u));
  };
  std::optional<ReadResult> result;
  sc_time end;
  spawn_noting_end(link.memory_read(0x104, 4), result, end);
  sc_start();
  ASSERT_EQ(host.writes.size(), 1u);
  EXPECT_LT(host.writes[0].time - start, end);
}

TEST_F(LinkBench, PostsArriveAfterBulkWritesAndNoEarlierThanTheirTime) {
  const sc_time bulk = link.reserve_write(4096);
  link.post(0x305, 0x40, bytes_of<std::uint64_t>(0x1111));
  link.post(0x306, 0x100000040, bytes_of(0x2222u));
  sc_start();
  ASSERT_EQ(host.writes.size(), 2u);
  EXPECT_EQ(host.writes[0].time - bulk, ps(7109));         // 12 + 8 + 8 bytes, below 4 GiB
  EXPECT_EQ(host.writes[1].time - bulk, ps(7109 + 7109));  // 16 + 8 + 4
  EXPECT_EQ(host.writes[0].requester, 0x305);
  EXPECT_EQ(host.writes[1].requester, 0x306);
  EXPECT_EQ(host.writes[0].as<std::uint64_t>(), 0x1111u);
  EXPECT_EQ(host.writes[1].as<std::uint32_t>(), 0x2222u);
}

TEST_F(LinkBench, ManyPostsKeepOrderAndContents) {
  constexpr unsigned kCount = 1000;  // several times the queue's first capacity, with its ends at an odd place
  for (unsigned i = 0; i < 40; ++i) link.post(1, 0, bytes_of(i));
  sc_start();
  host.writes.clear();
  for (unsigned i = 0; i < kCount; ++i) {
    std::array<std::byte, 64> data;
    data.fill(std::byte(i));
    link.post(static_cast<RequesterId>(i), i * 64, std::span(data).first(i % 65));
  }
  sc_start();
  ASSERT_EQ(host.writes.size(), kCount);
  for (unsigned i = 0; i < kCount; ++i) {
    EXPECT_EQ(host.writes[i].requester, i);
    EXPECT_EQ(host.writes[i].address, i * 64);
    EXPECT_EQ(host.writes[i].data, std::vector<std::byte>(i % 65, std::byte(i)));
    if (i > 0) {
      EXPECT_GE(host.writes[i].time, host.writes[i - 1].time);
    }
  }
}

TEST_F(LinkBench, PostsThatArriveShortlyAfterAnotherAreDeliveredTogether) {
  // 64 + 12 + 8 bytes at 3.938 GB/s are 21.328 ns; half the latency of 150 ns is 75 ns.
  const std::array<std::byte, 64> data{};
  for (unsigned i = 0; i < 7; ++i) link.post(1, i * 64, data);
  sc_start();
  ASSERT_EQ(host.writes.size(), 7u);
  const auto arrival = [this](unsigned i) { return start + ps(150000 + 21328 * (i + 1)); };
  const auto near = [](sc_time a, sc_time b) { return a > b ? a - b < ps(10) : b - a < ps(10); };
  EXPECT_TRUE(near(host.writes[0].time, arrival(0)));  // the first waits for nobody
  for (unsigned i = 1; i < 5; ++i) EXPECT_TRUE(near(host.writes[i].time, arrival(4))) << i;
  for (unsigned i = 5; i < 7; ++i) EXPECT_TRUE(near(host.writes[i].time, arrival(6))) << i;
}

TEST_F(LinkBench, ReadsSeeWhatWasPostedBeforeThem) {
  const std::array<std::byte, 4> data{};
  for (unsigned i = 0; i < 3; ++i) link.memory_write(i * 64, data);
  scope.spawn([](Link& to) -> Task<> { co_await to.memory_read(0x40, 4); }(link));
  sc_start(ns(1));
  link.memory_write(0x300, data);
  sc_start();
  ASSERT_EQ(device.seen.size(), 5u);
  for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(device.seen[i].rfind("write", 0), 0u);
  EXPECT_EQ(device.seen[3].rfind("read", 0), 0u) << device.seen[3];
}

TEST_F(LinkBench, DeliveriesMayPost) {
  struct Echo : FakeHost {
    Link* link = nullptr;
    unsigned left = 200;
    using FakeHost::FakeHost;
    void write(RequesterId requester, std::uint64_t address, std::span<const std::byte> data) override {
      FakeHost::write(requester, address, data);
      for (unsigned i = 0; i < 2 && left; ++i, --left) link->post(requester, address + 8, data);
    }
  } echo(sim.scheduler);
  echo.link = &link;
  link.connect(echo);
  link.post(9, 0, bytes_of<std::uint64_t>(0xabcdef));
  sc_start();
  ASSERT_EQ(echo.writes.size(), 201u);
  for (const auto& write : echo.writes) EXPECT_EQ(write.as<std::uint64_t>(), 0xabcdefu);
}

TEST_F(LinkBench, TrainsBeforeItIsUpAndTellsTheHost) {
  link.enable(false);
  host.link_changes.clear();
  link.enable(true);
  sc_start(us(10));
  EXPECT_FALSE(link.up());  // due at the end of these: runs next
  sc_start(ns(1));
  EXPECT_TRUE(link.up());
  EXPECT_EQ(host.link_changes, std::vector<bool>{true});
  link.enable(true);  // nothing new
  sc_start();
  EXPECT_EQ(host.link_changes, std::vector<bool>{true});
}

TEST_F(LinkBench, EnableTakenBackDuringTrainingTellsNobody) {
  link.enable(false);
  host.link_changes.clear();
  device.seen.clear();
  link.enable(true);
  sc_start(us(5));
  link.enable(false);
  sc_start();
  EXPECT_FALSE(link.up());
  EXPECT_TRUE(host.link_changes.empty());
  EXPECT_TRUE(device.seen.empty());
}

TEST_F(LinkBench, GoingDownDropsWhatIsInFlight) {
  link.post(1, 0x40, bytes_of(1u));
  link.post(1, 0x44, bytes_of(2u));
  link.memory_write(0x100, bytes_of(3u));
  host.link_changes.clear();
  link.enable(false);
  EXPECT_EQ(device.seen, (Seen{"reset"}));
  EXPECT_EQ(host.link_changes, std::vector<bool>{false});
  link.post(1, 0x48, bytes_of(4u));
  link.memory_write(0x104, bytes_of(5u));
  EXPECT_EQ(sim.stats.counter("link.dropped", "").value(), 5u);
  link.enable(true);
  sc_start(us(11));
  EXPECT_TRUE(link.up());
  link.post(1, 0x4c, bytes_of(6u));
  sc_start();
  ASSERT_EQ(host.writes.size(), 1u);
  EXPECT_EQ(host.writes[0].address, 0x4cu);
  EXPECT_EQ(device.seen, (Seen{"reset"}));
}

TEST_F(LinkBench, GoingDownFreesTheWire) {
  link.reserve_write(1 << 20);
  link.enable(false);
  link.enable(true);
  sc_start(us(11));
  EXPECT_EQ(link.reserve_write(4096) - sim.scheduler.now(), ps(1137500 + 150000));
}

struct LinkLoss : LinkBench, testing::WithParamInterface<int> {};

// On the way down; as the device reads; on the way up; and down and up again meanwhile.
TEST_P(LinkLoss, PendingReadsOfTheHostSeeTheLinkDown) {
  std::optional<ReadResult> read;
  std::optional<Completion> write;
  sc_time end;
  spawn_noting_end(link.memory_read(0x104, 4), read, end);
  spawn_noting_end(link.config_write(3, 0, 4, 2, 6), write, end);
  switch (GetParam()) {
    case 0:
      sc_start(ns(100));
      link.enable(false);
      break;
    case 1: device.on_read = [this] { link.enable(false); }; break;
    case 2:
      sc_start(ns(200));
      link.enable(false);
      break;
    default:
      sc_start(ns(200));
      link.enable(false);
      link.enable(true);
  }
  sc_start();
  ASSERT_TRUE(read && write);
  EXPECT_EQ(read->status, Completion::kLinkDown);
  EXPECT_EQ(read->value, ~0ull);
  EXPECT_EQ(*write, Completion::kLinkDown);
  // The card completes nothing once the link is down.
  const unsigned completions = GetParam() < 2 ? 0 : 2;
  EXPECT_EQ(sim.stats.counter("link.up.packets", "").value(), completions);
}
INSTANTIATE_TEST_SUITE_P(AtAnyPoint, LinkLoss, testing::Range(0, 4));

TEST_F(LinkBench, ReadsOnALinkThatIsDownEndAtOnce) {
  link.enable(false);
  std::optional<ReadResult> read;
  sc_time end;
  const sc_time before = elapsed();
  spawn_noting_end(link.config_read(3, 0, 0, 4), read, end);
  sc_start();
  EXPECT_EQ(read->status, Completion::kLinkDown);
  EXPECT_EQ(end, before);
  EXPECT_EQ(device.seen, (Seen{"reset"}));
}

TEST_F(LinkBench, AHostThatGivesUpOnAReadLeavesNothingBehind) {
  std::optional<ReadResult> read;
  sc_time end;
  spawn_noting_end(link.memory_read(0x104, 4), read, end);
  sc_start(ns(100));
  scope.cancel();
  sc_start();
  EXPECT_TRUE(device.seen.empty());
  EXPECT_FALSE(read);
}

struct Gen1x1 : LinkBench {
  static LinkConfig config() {
    LinkConfig c;
    c.generation = 1;
    c.lanes = 1;
    c.max_payload = 128;
    c.max_read_request = 128;
    c.latency = ns(500);
    c.picojoules_per_byte = 10;
    return c;
  }
  Gen1x1() : LinkBench(config()) {}
};

TEST_F(Gen1x1, TenBitsPerByte) {
  // 4 ns a byte. 256 bytes: two requests; two completions of 128 + 12 + 8.
  EXPECT_EQ(link.reserve_read(256) - start, ns(24 * 4 + 500 + 296 * 4 + 500));
  EXPECT_EQ(sim.stats.counter("link.up.packets", "").value(), 2u);
}

TEST_F(Gen1x1, EnergyIsThatOfEveryByte) {
  link.reserve_write(128);
  EXPECT_DOUBLE_EQ(sim.energy.meter("link").dynamic_joules(), (128 + 24) * 10e-12);
}

struct Gen6x16 : LinkBench {
  static LinkConfig config() {
    LinkConfig c;
    c.generation = 6;
    return c;
  }
  Gen6x16() : LinkBench(config()) {}
};

TEST_F(Gen6x16, FlitsCarry236BytesOf256AndPacketsNoFraming) {
  // 8.4746 ps a byte: a request of 16; 16 completions of 256 + 12.
  EXPECT_EQ(link.reserve_read(4096) - start, ps(136 + 150000 + 36339 + 150000));
}

// With completions far in the future, what the host sends keeps its order, however the gaps lie.
struct LongLatency : LinkBench {
  static LinkConfig config() {
    LinkConfig c = gen3x4();
    c.latency = us(100);
    return c;
  }
  LongLatency() : LinkBench(config()) {}
};

TEST_F(LongLatency, ManyReadsAheadLeaveOrderIntact) {
  const std::array<std::byte, 64> data{};
  for (unsigned i = 0; i < 200; ++i) {
    link.reserve_read(64 + i % 7 * 512);
    link.memory_write(i * 64, std::span(data).first(1 + i % 64));
    sc_start(ns(500 + i % 11 * 100));
  }
  sc_start();
  ASSERT_EQ(device.times.size(), 200u);
  for (unsigned i = 1; i < 200; ++i) {
    EXPECT_GE(device.times[i], device.times[i - 1]);
    EXPECT_EQ(device.seen[i].rfind("write " + std::to_string(i * 64) + "/", 0), 0u);
  }
}

}  // namespace
}  // namespace cardvp::pcie
