// The bridges to AXI4-Stream interfaces, against a FIFO in Verilog.
#include <gmock/gmock.h>

#include <random>

#include "rtl/bridges/axi_stream_sink.h"
#include "rtl/bridges/axi_stream_source.h"
#include "test/unit/rtl_bridges/bridge_test.h"

namespace cardvp::rtl::test {
namespace {

using testing::HasSubstr;

class StreamTest : public BridgeTest {
 protected:
  void SetUp() override {
    BlockConfig config;
    config.time_out_cycles = 2000;
    make(CARDVP_BRIDGE_PORTS, config);
    check();
  }
  void bridges(const Stalls& stalls = {}, AxiStreamSinkConfig config = {}) {
    source = std::make_unique<AxiStreamSource>(sim, *block, interface("s_axis"), stalls);
    sink = std::make_unique<AxiStreamSink>(sim, *block, interface("m_axis"), config);
  }
  static StreamPacket packet(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    StreamPacket packet;
    packet.data.resize(size);
    for (std::uint8_t& byte : packet.data) byte = static_cast<std::uint8_t>(random());
    packet.id = seed % 16;
    packet.dest = seed / 16 % 16;
    packet.user = seed % 7;
    return packet;
  }
  Task<> send_all(std::vector<StreamPacket> packets) {
    for (const StreamPacket& one : packets) responses.push_back(co_await source->send(one));
  }
  Task<> receive(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      StreamPacket one;
      responses.push_back(co_await sink->receive(one));
      received.push_back(std::move(one));
      times.push_back(sc_core::sc_time_stamp());
    }
  }
  std::size_t violations_of_interest() const {
    std::size_t count = 0;
    for (const std::string& violation : violations) count += violation.find("loose") == std::string::npos;
    return count;
  }

  std::unique_ptr<AxiStreamSource> source;
  std::unique_ptr<AxiStreamSink> sink;
  std::vector<StreamPacket> received;
  std::vector<Response> responses;
  std::vector<sc_core::sc_time> times;
};

struct Mood {
  unsigned source_stalls, sink_stalls;  // percent
  bool pauses;
};
void PrintTo(const Mood& mood, std::ostream* out) {
  *out << fmt::format("{} % and {} % stalls, pauses {}", mood.source_stalls, mood.sink_stalls, mood.pauses);
}
class StreamTraffic : public StreamTest, public testing::WithParamInterface<Mood> {};

TEST_P(StreamTraffic, PacketsComeThroughWholeAndInOrder) {
  AxiStreamSinkConfig config;
  config.stalls = {GetParam().sink_stalls, 11};
  bridges({GetParam().source_stalls, 5}, config);
  set("pauses", GetParam().pauses);
  std::vector<StreamPacket> packets;
  std::mt19937 random(3);
  for (unsigned i = 0; i < 200; ++i) packets.push_back(packet(1 + random() % (i % 10 == 0 ? 2000 : 100), i));
  tasks.spawn(send_all(packets));
  tasks.spawn(receive(200));
  sc_core::sc_start(sc_core::sc_time(10, sc_core::SC_MS));
  ASSERT_EQ(received.size(), 200u);
  for (unsigned i = 0; i < 200; ++i) {
    EXPECT_EQ(received[i].data, packets[i].data) << i;
    EXPECT_EQ(received[i].id, packets[i].id) << i;
    EXPECT_EQ(received[i].dest, packets[i].dest) << i;
    EXPECT_EQ(received[i].user, packets[i].user) << i;
  }
  EXPECT_THAT(responses, testing::Each(Response::kOkay));
  EXPECT_EQ(violations_of_interest(), 0u) << testing::PrintToString(violations);
  EXPECT_FALSE(source->working());
  EXPECT_FALSE(sink->working());
}
INSTANTIATE_TEST_SUITE_P(All, StreamTraffic,
                         testing::Values(Mood{0, 0, false}, Mood{60, 0, false}, Mood{0, 60, true}, Mood{40, 40, true}));

TEST_F(StreamTest, WithoutPausesABeatGoesEachCycle) {
  bridges();
  const StreamPacket long_one = packet(8 * 500, 1);
  tasks.spawn(send_all({packet(8, 0), long_one}));
  tasks.spawn(receive(2));
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_MS));
  ASSERT_EQ(received.size(), 2u);
  // 500 beats of 10 ns between the ends of the two, and the cycle in which the second is begun.
  EXPECT_LE(times[1] - times[0], ns(10 * 502));
  EXPECT_GE(times[1] - times[0], ns(10 * 500));
}

TEST_F(StreamTest, BackPressureReachesTheSender) {
  AxiStreamSinkConfig config;
  config.capacity = 2;
  bridges({}, config);
  std::vector<StreamPacket> packets;
  for (unsigned i = 0; i < 40; ++i) packets.push_back(packet(8, i));
  tasks.spawn(send_all(packets));
  sc_core::sc_start(ns(5000));
  EXPECT_EQ(sink->waiting(), 2u);
  EXPECT_EQ(responses.size(), 2u + 16u);  // taken by the sink, and by the FIFO
  tasks.spawn(receive(40));
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_MS));
  EXPECT_EQ(received.size(), 40u);
  EXPECT_EQ(received[39].data, packets[39].data);
}

TEST_F(StreamTest, TimeOutsNameWhatIsPending) {
  bridges();
  set("stuck", 1);
  tasks.spawn(send_all({packet(100, 1)}));
  sc_core::sc_start(ns(1e6));
  EXPECT_EQ(responses, std::vector{Response::kTimeOut});
  EXPECT_TRUE(logged(R"(bridge=s_axis transaction="packet of 100 bytes, of which 0 were taken")"));
  tasks.spawn(receive(1));
  sc_core::sc_start(ns(1e6));
  EXPECT_EQ(responses.back(), Response::kTimeOut);
  EXPECT_TRUE(logged(R"(bridge=m_axis transaction="a packet is waited for")"));
  // What was begun is sent when it can be, ahead of what comes later.
  set("stuck", 0);
  received.clear();
  tasks.spawn(send_all({packet(50, 2)}));
  tasks.spawn(receive(2));
  sc_core::sc_start(ns(1e6));
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].data, packet(100, 1).data);
  EXPECT_EQ(received[1].data, packet(50, 2).data);
  EXPECT_EQ(violations_of_interest(), 0u) << testing::PrintToString(violations);
}

TEST_F(StreamTest, PacketThatIsGivenUpHalfwayIsSentToItsEnd) {
  bridges();
  {
    TaskScope scope(sim.scheduler);
    scope.spawn(send_all({packet(1000, 1), packet(10, 2)}));
    sc_core::sc_start(ns(50));
  }
  EXPECT_TRUE(responses.empty());
  tasks.spawn(send_all({packet(20, 3)}));
  tasks.spawn(receive(2));
  sc_core::sc_start(ns(1e6));
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].data, packet(1000, 1).data);
  EXPECT_EQ(received[1].data, packet(20, 3).data);
}

TEST_F(StreamTest, ResetDropsWhatIsUnderway) {
  bridges();
  set("stuck", 1);
  tasks.spawn(send_all({packet(100, 1)}));
  tasks.spawn(receive(1));
  sc_core::sc_start(ns(500));
  block->reset();
  set("stuck", 0);
  sc_core::sc_start(ns(1e5));  // the block was ahead
  EXPECT_EQ(responses, (std::vector{Response::kReset, Response::kReset}));
  received.clear();
  tasks.spawn(send_all({packet(20, 3)}));
  tasks.spawn(receive(1));
  sc_core::sc_start(ns(1e6));
  EXPECT_EQ(received.at(0).data, packet(20, 3).data);
}

TEST_F(StreamTest, PacketsThatTheInterfaceCannotCarryAreRefused) {
  InterfaceDescription without_keep;
  bridges();
  source.reset();
  without_keep = interface("s_axis");
  without_keep.signals.erase("tkeep");
  source = std::make_unique<AxiStreamSource>(sim, *block, without_keep);
  tasks.spawn(send_all({packet(12, 1), packet(0, 2), packet(16, 3)}));
  sc_core::sc_start(ns(1e5));
  EXPECT_EQ(responses, (std::vector{Response::kRefused, Response::kRefused, Response::kOkay}));
}

TEST_F(StreamTest, TooLongPacketsAreCutAndCounted) {
  AxiStreamSinkConfig config;
  config.max_packet = 100;
  bridges({}, config);
  const StreamPacket sent = packet(150, 1);
  tasks.spawn(send_all({sent}));
  tasks.spawn(receive(1));
  sc_core::sc_start(ns(1e5));
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].data, std::vector<std::uint8_t>(sent.data.begin(), sent.data.begin() + 100));
  EXPECT_EQ(counted("m_axis.lost"), 50u);
}

TEST_F(StreamTest, WithoutTlastEveryBeatIsAPacket) {
  bridges();
  sink.reset();
  InterfaceDescription without_last = interface("m_axis");
  without_last.signals.erase("tlast");
  sink = std::make_unique<AxiStreamSink>(sim, *block, without_last);
  tasks.spawn(send_all({packet(24, 1)}));
  tasks.spawn(receive(3));
  sc_core::sc_start(ns(1e5));
  ASSERT_EQ(received.size(), 3u);
  EXPECT_EQ(received[1].data.size(), 8u);
}

TEST_F(StreamTest, WithoutTreadyNothingIsHeldBack) {
  bridges();
  sink.reset();
  InterfaceDescription without_ready = interface("m_axis");
  without_ready.signals.erase("tready");
  set("m_axis_tready", 1);
  AxiStreamSinkConfig config;
  config.capacity = 1;
  sink = std::make_unique<AxiStreamSink>(sim, *block, without_ready, config);
  tasks.spawn(send_all({packet(8, 1), packet(8, 2), packet(8, 3), packet(800, 4)}));
  sc_core::sc_start(ns(1e5));
  EXPECT_EQ(sink->waiting(), 1u);
  EXPECT_GT(counted("m_axis.lost"), 16u);
}

TEST_F(StreamTest, SinkIsToldAtTheBlocksTime) {
  bridges();
  std::vector<std::size_t> sizes;
  sc_core::sc_time last;
  sink->on_packet([&](StreamPacket&& one, sc_core::sc_time at) {
    sizes.push_back(one.data.size());
    EXPECT_GE(at, last);
    EXPECT_GE(at, sc_core::sc_time_stamp());
    last = at;
  });
  tasks.spawn(send_all({packet(30, 1), packet(80, 2), packet(8000, 3)}));
  sc_core::sc_start(ns(1e5));
  ASSERT_GE(sizes.size(), 2u);
  EXPECT_EQ(sizes[0], 30u);
  EXPECT_EQ(sizes[1], 80u);
}

TEST_F(StreamTest, WhereNobodyCanWaitTheBlockRunsAhead) {
  bridges();
  const StreamPacket one = packet(40, 9);
  AxiStreamSource::Sending sending(*source, one);
  EXPECT_EQ(source->send_now(sending), Response::kOkay);
  AxiStreamSink::Receiving receiving(*sink);
  EXPECT_EQ(sink->receive_now(receiving), Response::kOkay);
  EXPECT_EQ(receiving.packet.data, one.data);
  EXPECT_GT(receiving.done.at(), sending.done.at());
  EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME);
}

}  // namespace
}  // namespace cardvp::rtl::test
