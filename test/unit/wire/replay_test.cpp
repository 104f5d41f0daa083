// Captures that are sent again.
#include "models/wire/replay.h"

#include "test/unit/wire/capture_bench.h"
#include "test/unit/wire/fake_port.h"

namespace cardvp::wire {
namespace {

using sc_core::sc_start;
using sc_core::sc_time;

struct Replays : CaptureBench {
  AttachmentConfig attachment(const std::string& path, sc_time start) const {
    AttachmentConfig config;
    config.type = AttachmentConfig::Type::kPcap;
    config.name = "replay";
    config.replay = path;
    config.start = start;
    return config;
  }
};

TEST_F(Replays, KeepTheTimingOfTheCapture) {
  const std::string path = write(FileBytes{}
                                     .pcap(kNanoseconds)
                                     .record(100, 0, frame_of(7, 0), 100)
                                     .record(100, 2'500, frame_of(8, 0), 100)
                                     .record(101, 0, frame_of(9, 0), 100)
                                     .bytes);
  Config config = config_of();
  config.attachments = {attachment(path, us(50))};
  plug(config, 1);
  EXPECT_FALSE(wire->external());
  sc_start(sc_time(2, sc_core::SC_SEC));
  const sc_time way = us(1) + ps(2 * 124 * 80);
  EXPECT_EQ(stations[0]->frames, (Frames{frame_of(7, 0), frame_of(8, 0), frame_of(9, 0)}));
  EXPECT_EQ(stations[0]->times,
            (std::vector{us(50) + way, us(50) + ns(2500) + way, us(50) + sc_time(1, sc_core::SC_SEC) + way}));
  EXPECT_EQ(count("replay.in_frames"), 3u);
}

TEST_F(Replays, WhatCannotBeAFrameIsDropped) {
  const std::string path = write(FileBytes{}
                                     .pcap(kMicroseconds)
                                     .record(1, 0, Bytes(68, std::byte{2}), 1514)
                                     .record(1, 0, Bytes(13, std::byte{2}), 13)
                                     .record(1, 0, Bytes(Frame::kMostBytes + 1, std::byte{2}), Frame::kMostBytes + 1)
                                     .record(1, 0, frame_of(7, 0, 1000), 1000)
                                     .bytes);
  FakePort port(sim);
  Replay replay("replay", sim, attachment(path, sc_core::SC_ZERO_TIME), port, frames);
  sc_start(us(1));
  EXPECT_EQ(port.sent, Frames{frame_of(7, 0, 1000)});
  for (const char* reason : {"cut", "too_short", "too_long"})
    EXPECT_EQ(sim.stats.counter(std::string("replay.drops.") + reason, "frames").value(), 1u) << reason;
}

TEST_F(Replays, FramesWaitForALineThatIsSlowerThanTheCapture) {
  const std::string path = write(FileBytes{}
                                     .pcap(kNanoseconds)
                                     .record(1, 500, frame_of(7, 0), 100)
                                     .record(1, 400, frame_of(8, 0), 100)  // out of order: next
                                     .record(1, 501, frame_of(9, 0), 100)
                                     .bytes);
  FakePort port(sim);
  port.frame_time = us(2);
  Replay replay("replay", sim, attachment(path, us(3)), port, frames);
  sc_start(us(20));
  EXPECT_EQ(port.sent, (Frames{frame_of(7, 0), frame_of(8, 0), frame_of(9, 0)}));
  EXPECT_EQ(port.times, (std::vector{us(3), us(5), us(7)}));
  EXPECT_EQ(port.calls, port.times);  // and do not pile up in the port
}

TEST_F(Replays, ACutOffCaptureIsPlayedAsFarAsItGoes) {
  std::string content = FileBytes{}.pcap(kNanoseconds).record(1, 0, frame_of(7, 0), 100).bytes;
  content += "abc";
  std::vector<std::string> warnings;
  sim.log.set_sink([&](const LogRecord& record) { warnings.emplace_back(record.text); });
  FakePort port(sim);
  Replay replay("replay", sim, attachment(write(content), us(3)), port, frames);
  sc_start(us(20));
  EXPECT_EQ(port.sent.size(), 1u);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find(folder.file("capture")), std::string::npos);
}

TEST_F(Replays, NoFileIsAnErrorBeforeTheSimulation) {
  Config config = config_of();
  config.attachments = {attachment(folder.file("missing"), us(50))};
  EXPECT_THROW(plug(config, 1), std::runtime_error);
}

}  // namespace
}  // namespace cardvp::wire
