#include "test/unit/transport/network.h"

#include <cstdlib>
#include <cstring>

#include "models/net/headers.h"
#include "models/nic/transport/header.h"

namespace cardvp::nic::testing {
namespace {

using transport::Ack;
using transport::Data;
using transport::EncodedOption;
using transport::kFirstSequence;

struct HostileTest : Network {
  HostileTest() { make(4); }
  wire::FramePtr frame(std::uint32_t flow, std::uint32_t number) {
    wire::FramePtr made = frames.make();
    std::byte* const at = made->push_back(64);
    net::store32(at, flow);
    net::store32(at + 4, number);
    return made;
  }
  template <class Header>
  void say(const Header& header, wire::FramePtr inner, bool replayed = false) {
    b->transport.receive(End::kPeer, End::kVni, EncodedOption(header).bytes(), std::move(inner), replayed,
                         sc_core::sc_time_stamp());
  }
};

TEST_F(HostileTest, TheReorderWindowIsBounded) {
  say(Data{.stream = 5, .sequence = kFirstSequence + 8191, .after = 1}, frame(1, 0));
  EXPECT_EQ(frames.in_use(), 1u);
  say(Data{.stream = 5, .sequence = kFirstSequence + 8192, .after = 1}, frame(1, 0));
  say(Data{.stream = 5, .sequence = kFirstSequence + 0x7fffffff, .after = 1}, frame(1, 0));
  EXPECT_EQ(b->count("drops.beyond"), 2u);
  EXPECT_EQ(frames.in_use(), 1u);
  say(Data{.stream = 5, .sequence = kFirstSequence + 0x80000000, .after = 1}, frame(1, 0));
  EXPECT_EQ(b->count("duplicates"), 1u);  // half a circle on is behind
}

TEST_F(HostileTest, TwoPacketsWithOnePredecessorAreBothDelivered) {
  say(Data{.stream = 5, .sequence = kFirstSequence + 1, .after = 1}, frame(1, 0));
  say(Data{.stream = 5, .sequence = kFirstSequence + 2, .after = 2}, frame(2, 0));
  EXPECT_EQ(b->count("delivered"), 0u);
  say(Data{.stream = 5, .sequence = kFirstSequence}, frame(3, 0));
  EXPECT_EQ(b->count("delivered"), 3u);
  b->transport.reset();
  EXPECT_EQ(b->count("drops.held"), 0u);
}

TEST_F(HostileTest, DataWithoutAFrameAndAcknowledgementsWithOneAreBad) {
  say(Data{.stream = 5, .sequence = kFirstSequence}, nullptr);
  say(Ack{.receiver = 1, .stream = 1}, frame(1, 0));
  EXPECT_EQ(b->count("drops.bad_option"), 2u);
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(HostileTest, ReplaysAreAcknowledgedAndNotDelivered) {
  say(Data{.stream = 5, .sequence = kFirstSequence}, frame(1, 0));
  run({1, SC_MS});
  const std::uint64_t acks = b->count("acks");
  say(Data{.stream = 5, .sequence = kFirstSequence}, frame(1, 0), true);
  EXPECT_EQ(b->count("acks"), acks + 1);
  say(Data{.stream = 5, .sequence = kFirstSequence + 1}, frame(1, 1), true);  // it was not here: it is not known
  say(Data{.stream = 6, .sequence = kFirstSequence}, frame(1, 1), true);
  run({1, SC_MS});
  EXPECT_EQ(b->count("acks"), acks + 1);
  EXPECT_EQ(b->count("delivered"), 1u);
  EXPECT_EQ(b->count("drops.replayed"), 1u);
  EXPECT_EQ(b->count("drops.stale"), 1u);
}

TEST_F(HostileTest, ACopyOfLongAgoNamesNothingNew) {
  constexpr std::uint32_t kMany = 0x10002;
  for (std::uint32_t i = 0; i < kMany; ++i) say(Data{.stream = 5, .sequence = kFirstSequence + i}, frame(1, i));
  // The low half of its sequence number is that of a packet that is yet to come.
  say(Data{.stream = 5, .sequence = kFirstSequence + 3}, frame(1, 3));
  const Ack ack = std::get<Ack>(transport::decode(b->last_option));
  EXPECT_EQ(ack.next, kFirstSequence + kMany);
  for (unsigned i = 0; i < ack.arrivals; ++i)
    EXPECT_NE(ack.arrival[i].sequence, static_cast<std::uint16_t>(kFirstSequence + 3));
}

TEST_F(HostileTest, AnEndedStreamDoesNotComeBack) {
  say(Data{.stream = 5, .sequence = kFirstSequence}, frame(1, 0));
  say(Data{.stream = 6, .sequence = kFirstSequence}, frame(1, 1));
  say(Data{.stream = 5, .sequence = kFirstSequence + 1}, frame(2, 0));
  EXPECT_EQ(b->count("drops.stale"), 1u);
  say(Data{.stream = 6, .sequence = kFirstSequence + 1}, frame(1, 2));
  EXPECT_EQ(b->count("delivered"), 3u);
}

// Acknowledgements in turn show all that came after a gap.
TEST_F(HostileTest, MapsShowEverythingInTurn) {
  constexpr unsigned kSpan = 600;
  for (unsigned n = 2; n <= kSpan; n += 2) say(Data{.stream = 5, .sequence = kFirstSequence + n}, frame(n, 0));
  run({1, SC_MS});
  std::set<unsigned> seen;
  for (unsigned i = 0; i < (kSpan + 127) / 128; ++i) {
    say(Data{.stream = 5, .sequence = kFirstSequence + 2}, frame(2, 0));  // a duplicate, acknowledged at once
    const Ack ack = std::get<Ack>(transport::decode(b->last_option));
    EXPECT_EQ(ack.next, kFirstSequence);
    for (unsigned n = 0; n < transport::kMapBits; ++n) {
      if (ack.bit(n)) seen.insert(ack.map_base + n);
    }
  }
  EXPECT_EQ(seen.size(), kSpan / 2);
  for (const unsigned n : seen) EXPECT_EQ(n % 2, 0u);
}

TEST_F(HostileTest, AcknowledgementsOfWhatWasNeverSentAreBad) {
  for (unsigned i = 0; i < 10; ++i) b->send(i);
  const Data sent = std::get<Data>(transport::decode(b->last_option));
  say(Ack{.receiver = 9, .stream = sent.stream, .next = sent.sequence + 2}, nullptr);
  EXPECT_EQ(b->count("drops.bad_option"), 1u);
  say(Ack{.receiver = 9, .stream = sent.stream + 1, .next = sent.sequence + 1}, nullptr);
  EXPECT_EQ(b->count("drops.stale"), 1u);
  Ack far{.receiver = 9, .stream = sent.stream, .next = kFirstSequence, .map_base = 0xffff};
  far.map = {~0ull, ~0ull};
  far.arrivals = 1;
  far.arrival[0] = {static_cast<std::uint16_t>(sent.sequence + 1), 0};
  say(far, nullptr);
  EXPECT_EQ(frames.in_use(), 20u);  // nothing was acknowledged: ten, and their copies under way
  say(Ack{.receiver = 9, .stream = sent.stream, .next = sent.sequence + 1}, nullptr);
  EXPECT_EQ(frames.in_use(), 10u);
}

TEST_F(HostileTest, APeerThatIsAnotherEachTimeHarmsItselfOnly) {
  for (unsigned i = 1; i < 1000; ++i) {
    b->send(i);
    const Data sent = std::get<Data>(transport::decode(b->last_option));
    say(Ack{.receiver = i, .stream = sent.stream, .next = kFirstSequence}, nullptr);
    say(Data{.stream = i, .sequence = kFirstSequence + 1, .after = 1}, frame(i, 0));
  }
  EXPECT_EQ(b->count("peer_restarts"), 998u);
  b->transport.reset();
  EXPECT_EQ(b->count("drops.outstanding") + b->count("delivered"), 999u);
}

// Random and mutated options, with time passing, against a transport that has traffic of its own with the same peer.
TEST_F(HostileTest, AnyOption) {
  const char* const wanted = std::getenv("CARDVP_FUZZ");
  const unsigned long options = wanted ? std::strtoul(wanted, nullptr, 0) : 1'000'000;
  b->other = nullptr;  // what b sends is lost
  std::mt19937_64 random(5);
  std::vector<std::byte> option;
  for (unsigned long i = 0; i < options; ++i) {
    if (i % 16 == 0) b->send(static_cast<std::uint32_t>(i));
    if (i % 64 == 0) run({20, SC_US});
    const std::uint64_t dice = random();
    if (dice % 4 == 0 || b->last_option.empty()) {
      option.resize(dice >> 8 & 127);
      for (std::byte& one : option) one = static_cast<std::byte>(random());
    } else {
      option = b->last_option;  // numbers that nearly fit
      if (dice % 4 == 1) std::swap_ranges(&option[4], &option[8], &option[8]);
      option[0] = static_cast<std::byte>(1 + (dice >> 8) % 2);
      option.resize(option[0] == std::byte{1} ? 16 : 32 + 4 * (dice >> 16 & 7));
      option[1] = static_cast<std::byte>((option.size() - 16) / 4 % 8);
      for (std::uint64_t flips = dice >> 24 & 3; flips > 0; --flips)
        option[random() % option.size()] ^= static_cast<std::byte>(random());
    }
    wire::FramePtr inner = dice >> 32 & 1 ? frame(static_cast<std::uint32_t>(i) | 1u << 31, 0) : nullptr;
    b->transport.receive(End::kPeer, End::kVni, option, std::move(inner), (dice >> 40 & 15) == 0,
                         sc_core::sc_time_stamp());
    ASSERT_LE(frames.in_use(), 8192u + 2 * (4096 + 1024));
  }
  b->transport.reset();
  run({1, SC_SEC});
  EXPECT_EQ(frames.in_use(), 0u);
  EXPECT_GT(b->count("drops.bad_option"), options / 10);
}

}  // namespace
}  // namespace cardvp::nic::testing
