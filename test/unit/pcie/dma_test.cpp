#include "models/base/dma.h"

#include "test/unit/pcie/harness.h"

namespace cardvp::pcie {
namespace {

using sc_core::sc_start;
using sc_core::sc_time;

struct Dma : OneFunction {
  static LinkConfig gen3x4() {
    LinkConfig config;
    config.generation = 3;
    config.lanes = 4;
    return config;
  }
  Dma() : OneFunction(gen3x4()) {}

  void expect_pattern(std::span<const std::byte> data, std::uint64_t address) {
    for (std::size_t i = 0; i < data.size(); ++i) ASSERT_EQ(data[i], FakeHost::pattern(address + i)) << i;
  }
  std::array<std::byte, 8192> buffer{};
};

TEST_F(Dma, ReadsSegmentsOneBehindAnotherInTheLinksTime) {
  host.fill(0, 0x8000);
  const DmaSegment segments[] = {{0x1234, 100}, {0x5000, 0}, {0x4000, 4096 - 100}};
  const sc_time start = sim.scheduler.now();
  EXPECT_EQ(read(function, segments, buffer.data()), DmaStatus::kOk);
  EXPECT_EQ(sim.scheduler.now() - start, ps(6094 + 150000 + 1121250 + 150000));
  expect_pattern(std::span(buffer).first(100), 0x1234);
  expect_pattern(std::span(buffer).subspan(100, 3996), 0x4000);
  EXPECT_EQ(buffer[4096], std::byte{0});
}

TEST_F(Dma, DataIsWhatTheMemoryHoldsAtTheEnd) {
  std::optional<DmaStatus> status;
  client.tasks.spawn([](Dma& t, std::optional<DmaStatus>& out) -> Task<> {
    out = co_await t.function.read({0x1000, 64}, t.buffer.data());
  }(*this, status));
  sc_start(ns(10));
  host.fill(0x1000, 64);
  EXPECT_FALSE(status);
  sc_start();
  EXPECT_EQ(status, DmaStatus::kOk);
  expect_pattern(std::span(buffer).first(64), 0x1000);
}

struct TwoFunctions : Dma {
  Function& second = add(0x21);
};

TEST_F(TwoFunctions, ShareTheLink) {
  set_command(0x21, kMaster);
  std::vector<sc_time> ends;
  const sc_time start = sim.scheduler.now();
  for (Function* each : {&function, &second})
    client.tasks.spawn([](Dma& t, Function& f, std::vector<sc_time>& out) -> Task<> {
      co_await f.read({0x1000, 4096}, t.buffer.data());
      out.push_back(t.sim.scheduler.now());
    }(*this, *each, ends));
  sc_start();
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_EQ(ends[0] - start, ps(6094 + 150000 + 1121250 + 150000));
  EXPECT_EQ(ends[1] - ends[0], ps(1121250));
}

TEST_F(Dma, WritesAndPostsReachTheMemory) {
  host.fill(0x1000, 4096);
  EXPECT_TRUE(function.write(0x3004, std::span(host.memory).subspan(0x1000, 4000)));
  EXPECT_TRUE(std::equal(&host.memory[0x1000], &host.memory[0x1000 + 4000], &host.memory[0x3004]));
  EXPECT_TRUE(host.writes.empty());
  const sc_time start = sim.scheduler.now();
  EXPECT_TRUE(function.post(0x8000, bytes_of<std::uint64_t>(0x77)));
  EXPECT_EQ(host.load<std::uint64_t>(0x8000), 0u);
  sc_start();
  EXPECT_EQ(host.load<std::uint64_t>(0x8000), 0x77u);
  ASSERT_EQ(host.writes.size(), 1u);
  // Behind 16 packets with 24 bytes each beside the data; then 8 + 20.
  EXPECT_EQ(host.writes[0].time - start, ps(1113125 + 7109 + 150000));  // (4000 + 384) x 253.90625
}

TEST_F(Dma, WritesInPlaceAreWrites) {
  const std::uint64_t crossed = count("link.up.bytes");
  function.write(0x1000, std::vector<std::byte>(4096));
  const std::uint64_t of_a_write = count("link.up.bytes") - crossed;
  std::byte* const place = function.write_in_place(0x2000, 4096);
  EXPECT_EQ(place, &host.memory[0x2000]);
  EXPECT_EQ(count("link.up.bytes") - crossed, 2 * of_a_write);
  EXPECT_TRUE(host.directs.back().write);
  host.boundary = 0x3000;
  EXPECT_EQ(function.write_in_place(0x2ff0, 32), nullptr);
  EXPECT_EQ(function.write_in_place(~0ull - 15, 32), nullptr);
  EXPECT_EQ(function.write_in_place(0x2000, 0), nullptr);
  host.all_direct = false;
  EXPECT_EQ(function.write_in_place(0x2000, 4096), nullptr);
  host.all_direct = true;
  set_command(0, kMemory);
  EXPECT_EQ(function.write_in_place(0x2000, 4096), nullptr);
  set_command(0, kMemory | kMaster);
  link.enable(false);
  EXPECT_EQ(function.write_in_place(0x2000, 4096), nullptr);
  EXPECT_EQ(count("link.up.bytes") - crossed, 2 * of_a_write);
}

TEST_F(TwoFunctions, EveryRequestCarriesTheRequesterId) {
  EXPECT_EQ(endpoint.config_write(0x7e, 0x21, 0x04, 2, kMaster), Completion::kSuccess);
  endpoint.config_read(0x55, 0x21, 0, 4);  // reads are not captured
  const RequesterId id = 0x7e21;
  EXPECT_EQ(second.requester(), id);
  second.write(0x1000, bytes_of(1u));
  second.post(0x1000, bytes_of(1u));
  read(second, {0x1000, 64}, buffer.data());
  ASSERT_FALSE(host.directs.empty());
  for (const FakeHost::Direct& direct : host.directs) EXPECT_EQ(direct.requester, id);
  host.all_direct = false;
  host.answers_reads = false;
  second.write(0x1000, bytes_of(1u));
  clients[1]->tasks.spawn([](Function& f, std::byte* to) -> Task<> {
    co_await f.read({0x1000, 64}, to);
  }(second, buffer.data()));
  sc_start();
  ASSERT_EQ(host.reads.size(), 1u);
  EXPECT_EQ(host.reads[0].requester, id);
  ASSERT_EQ(host.writes.size(), 2u);
  for (const FakeHost::Write& write : host.writes) EXPECT_EQ(write.requester, id);
  host.answer(0);
  sc_start();
}

TEST_F(Dma, BusMasterOffSendsNothing) {
  set_command(0, kMemory);
  const std::uint64_t packets = count("link.up.packets");
  const sc_time start = sim.scheduler.now();
  EXPECT_FALSE(function.write(0x1000, bytes_of(1u)));
  EXPECT_FALSE(function.post(0x1000, bytes_of(1u)));
  EXPECT_EQ(read(function, {0x1000, 64}, buffer.data()), DmaStatus::kBusMasterOff);
  EXPECT_EQ(sim.scheduler.now(), start);
  EXPECT_EQ(count("link.up.packets"), packets);
  EXPECT_TRUE(host.directs.empty());
}

TEST_F(Dma, ReadInFlightWhenBusMasteringIsSwitchedOffCompletes) {
  host.fill(0x1000, 64);
  std::optional<DmaStatus> status;
  client.tasks.spawn([](Dma& t, std::optional<DmaStatus>& out) -> Task<> {
    out = co_await t.function.read({0x1000, 64}, t.buffer.data());
  }(*this, status));
  sc_start(ns(10));
  set_command(0, kMemory);
  sc_start();
  EXPECT_EQ(status, DmaStatus::kOk);
}

TEST_F(Dma, LinkDownSendsNothing) {
  std::optional<DmaStatus> status;
  TaskScope scope(sim.scheduler);  // an engine that does not cancel: its read must still not see memory
  host.fill(0x1000, 64);
  scope.spawn([](Dma& t, std::optional<DmaStatus>& out) -> Task<> {
    out = co_await t.function.read({0x1000, 64}, t.buffer.data());
  }(*this, status));
  sc_start(ns(10));
  const unsigned resets = client.resets;
  link.enable(false);
  EXPECT_EQ(client.resets, resets + 1);
  EXPECT_FALSE(function.write(0x2000, bytes_of(1u)));
  EXPECT_FALSE(function.post(0x2000, bytes_of(1u)));
  sc_start();
  EXPECT_EQ(status, DmaStatus::kUnsupportedRequest);
  EXPECT_EQ(buffer, (std::array<std::byte, 8192>{}));
  set_command(0, kMemory | kMaster);
  EXPECT_EQ(read(function, {0x1000, 64}, buffer.data()), DmaStatus::kUnsupportedRequest);
}

TEST_F(Dma, ReadOfNobodysMemoryIsUnsupported) {
  EXPECT_EQ(read(function, {host.memory.size(), 64}, buffer.data()), DmaStatus::kUnsupportedRequest);
  const DmaSegment segments[] = {{0x1000, 64}, {0x7fff'00000000, 64}};
  EXPECT_EQ(read(function, segments, buffer.data()), DmaStatus::kUnsupportedRequest);
}

TEST_F(Dma, RangesAcrossTwoMappingsGoToTheHost) {
  host.boundary = 0x2000;
  host.fill(0x1000, 0x2000);
  const DmaSegment segments[] = {{0x1000, 64}, {0x1f00, 0x200}};
  EXPECT_EQ(read(function, segments, buffer.data()), DmaStatus::kOk);
  expect_pattern(std::span(buffer).first(64), 0x1000);
  expect_pattern(std::span(buffer).subspan(64, 0x200), 0x1f00);
  EXPECT_TRUE(function.write(0x1ff0, std::array<std::byte, 32>{}));
  ASSERT_EQ(host.writes.size(), 1u);
  EXPECT_EQ(host.writes[0].data.size(), 32u);
  EXPECT_EQ(host.memory[0x2008], std::byte{0});
}

TEST_F(Dma, MemoryThatIsNoLongerDirectWhenTheDataComesIsUnsupported) {
  std::optional<DmaStatus> status;
  client.tasks.spawn([](Dma& t, std::optional<DmaStatus>& out) -> Task<> {
    out = co_await t.function.read({0x1000, 64}, t.buffer.data());
  }(*this, status));
  sc_start(ns(10));
  host.all_direct = false;
  sc_start();
  EXPECT_EQ(status, DmaStatus::kUnsupportedRequest);
  EXPECT_TRUE(config_read(0, 0x06, 2) & 0x2000);  // received master abort
}

TEST_F(Dma, HostsThatAnswerLaterAndReadsThatAreAbandoned) {
  host.all_direct = false;
  host.answers_reads = false;
  host.fill(0x1000, 4096);
  std::vector<DmaStatus> seen;
  for (unsigned i = 0; i < 3; ++i)
    client.tasks.spawn([](Dma& t, unsigned n, std::vector<DmaStatus>& out) -> Task<> {
      out.push_back(co_await t.function.read({0x1000 + n * 64, 64}, t.buffer.data() + n * 64));
    }(*this, i, seen));
  sc_start();
  ASSERT_EQ(host.reads.size(), 3u);
  host.answer(1);
  host.answer(0, DmaStatus::kCompleterAbort);
  sc_start();
  EXPECT_EQ(seen, (std::vector{DmaStatus::kOk, DmaStatus::kCompleterAbort}));
  expect_pattern(std::span(buffer).subspan(64, 64), 0x1040);
  config_write(0, 0x58, 0xa810, 2);  // function-level reset
  EXPECT_EQ(host.abandoned, 1u);
  EXPECT_TRUE(host.reads.empty());
  sc_start();
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(Dma, AddressesThatWrapAreNobodys) {
  const sc_time start = sim.scheduler.now();
  EXPECT_EQ(read(function, {~0ull - 31, 64}, buffer.data()), DmaStatus::kUnsupportedRequest);
  EXPECT_EQ(sim.scheduler.now(), start);
  EXPECT_TRUE(function.write(~0ull - 31, std::array<std::byte, 64>{}));
  EXPECT_TRUE(function.post(~0ull, bytes_of(1u)));
  EXPECT_EQ(count("fn0.writes_dropped"), 2u);
  EXPECT_TRUE(host.directs.empty());
  EXPECT_TRUE(function.post(~0ull - 3, bytes_of(1u)));  // the last dword is one
  sc_start();
  EXPECT_EQ(host.writes.size(), 1u);
}

TEST_F(Dma, NothingToReadIsStillARequest) {
  EXPECT_EQ(read(function, std::span<const DmaSegment>(), buffer.data()), DmaStatus::kOk);
  EXPECT_EQ(read(function, {~0ull, 0}, buffer.data()), DmaStatus::kOk);
  EXPECT_TRUE(function.write(0x1000, {}));
}

}  // namespace
}  // namespace cardvp::pcie
