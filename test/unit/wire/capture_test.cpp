// Capture files, read, written, and replayed.
#include "models/wire/capture.h"

#include <cstring>
#include <random>

#include "models/wire/replay.h"
#include "test/unit/wire/fake_port.h"
#include "test/unit/wire/harness.h"

namespace cardvp::wire {
namespace {

using sc_core::sc_start;
using sc_core::sc_time;

// A file, put together number by number, in either order of bytes.
struct FileBytes {
  bool big_endian = false;
  std::string bytes;

  FileBytes& number(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * (big_endian ? size - 1 - i : i));
    return *this;
  }
  FileBytes& u16(std::uint64_t value) { return number(value, 2); }
  FileBytes& u32(std::uint64_t value) { return number(value, 4); }
  FileBytes& data(const Bytes& content) {
    for (const std::byte byte : content) bytes += static_cast<char>(byte);
    return *this;
  }
  // draft-ietf-opsawg-pcap, 4 and 5.
  FileBytes& pcap(std::uint32_t magic, std::uint32_t link_type = 1) {
    return u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(link_type);
  }
  FileBytes& record(std::uint32_t seconds, std::uint32_t fraction, const Bytes& content, std::size_t length) {
    return u32(seconds).u32(fraction).u32(content.size()).u32(length).data(content);
  }
  // draft-ietf-opsawg-pcapng, 3.1 and 4.
  FileBytes& block(std::uint32_t type, FileBytes content) {
    while (content.bytes.size() % 4) content.bytes += '\0';
    const auto length = static_cast<std::uint32_t>(content.bytes.size() + 12);
    u32(type).u32(length);
    bytes += content.bytes;
    return u32(length);
  }
};
constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d;

struct CaptureFiles : WireBench {
  std::string write(const std::string& content) const {
    const std::string path = folder.file("capture");
    std::filesystem::remove(path);  // to write over one may wait for the disk
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  std::string problem(const std::string& path) const {
    try {
      read_capture(path);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "none";
  }
};

TEST_F(CaptureFiles, PcapOfBothPrecisionsAndByteOrders) {
  for (const bool big : {false, true})
    for (const std::uint32_t magic : {kMicroseconds, kNanoseconds}) {
      const double unit = magic == kMicroseconds ? 1000 : 1;
      const std::string path = write(FileBytes{big, {}}
                                         .pcap(magic)
                                         .record(1'700'000'000, 999'999, frame_of(0, 1, 60), 60)
                                         .record(1'700'000'001, 3, frame_of(1, 0, 1514), 1514)
                                         .bytes);
      const Capture capture = read_capture(path);
      EXPECT_EQ(capture.error, "");
      ASSERT_EQ(capture.frames.size(), 2u);
      EXPECT_EQ(capture.frames[0].bytes, frame_of(0, 1, 60));
      EXPECT_EQ(capture.frames[0].time, sc_core::SC_ZERO_TIME);
      EXPECT_EQ(capture.frames[1].bytes, frame_of(1, 0, 1514));
      EXPECT_EQ(capture.frames[1].time, sc_time(1, sc_core::SC_SEC) - ns(999'996 * unit));
      EXPECT_FALSE(capture.frames[1].cut());
    }
}

TEST_F(CaptureFiles, Pcapng) {
  for (const bool big : {false, true})
    for (const bool nanoseconds : {false, true}) {
      const FileBytes empty{big, {}};
      FileBytes interface = FileBytes(empty).u16(1).u16(0).u32(0);
      if (nanoseconds) interface.u16(9).u16(1).number(9, 1).number(0, 3).u16(0).u16(0);  // if_tsresol: 10^-9
      const auto packet = [&](std::uint64_t time, const Bytes& content) {
        return FileBytes(empty).u32(0).u32(time >> 32).u32(time).u32(content.size()).u32(content.size()).data(content);
      };
      const std::string path =
          write(FileBytes(empty)
                    .block(0x0a0d0d0a, FileBytes(empty).u32(0x1a2b3c4d).u16(1).u16(0).number(~std::uint64_t{0}, 8))
                    .block(1, interface)
                    .block(6, packet(0x5'0000'0000, frame_of(0, 1, 61)))
                    .block(6, packet(0x5'0000'0000 + 2500, frame_of(1, 0, 62)))
                    .bytes);
      const Capture capture = read_capture(path);
      EXPECT_EQ(capture.error, "");
      ASSERT_EQ(capture.frames.size(), 2u);
      EXPECT_EQ(capture.frames[0].bytes, frame_of(0, 1, 61));
      EXPECT_EQ(capture.frames[1].bytes, frame_of(1, 0, 62));
      EXPECT_EQ(capture.frames[1].time, ns(nanoseconds ? 2500 : 2'500'000));
    }
}

TEST_F(CaptureFiles, FramesThatWereCutSaySo) {
  const std::string path = write(FileBytes{}.pcap(kMicroseconds).record(1, 0, Bytes(68, std::byte{1}), 1514).bytes);
  const Capture capture = read_capture(path);
  ASSERT_EQ(capture.frames.size(), 1u);
  EXPECT_TRUE(capture.frames[0].cut());
  EXPECT_EQ(capture.frames[0].length, 1514u);
  EXPECT_EQ(capture.frames[0].bytes.size(), 68u);
}

TEST_F(CaptureFiles, WhatIsBeforeTheEndOfACutOffFileCounts) {
  const std::string whole =
      FileBytes{}.pcap(kMicroseconds).record(1, 0, frame_of(0, 1), 100).record(2, 0, frame_of(1, 0), 100).bytes;
  for (std::size_t size = 24 + 16 + 100; size <= whole.size(); ++size) {
    const Capture capture = read_capture(write(whole.substr(0, size)));
    const bool complete = size == whole.size() || size == 24 + 16 + 100;
    EXPECT_EQ(capture.error.empty(), complete) << size;
    ASSERT_EQ(capture.frames.size(), size == whole.size() ? 2u : 1u) << size;
    EXPECT_EQ(capture.frames[0].bytes, frame_of(0, 1));
    if (complete) continue;
    EXPECT_NE(capture.error.find(folder.file("capture")), std::string::npos) << capture.error;
    EXPECT_NE(capture.error.find("behind frame 1"), std::string::npos) << capture.error;
  }
}

TEST_F(CaptureFiles, OlderFramesComeAtOnceAndFarOnesAreRefused) {
  const auto two = [&](std::uint32_t first, std::uint32_t second) {
    return read_capture(write(FileBytes{}
                                  .pcap(kMicroseconds)
                                  .record(first, 0, frame_of(0, 1), 100)
                                  .record(second, 0, frame_of(0, 1), 100)
                                  .bytes));
  };
  EXPECT_EQ(two(10, 9).frames.at(1).time, sc_core::SC_ZERO_TIME);
  EXPECT_EQ(two(10, 10 + 100 * 86400).frames.size(), 2u);
  const Capture far = two(10, 10 + 200 * 86400);
  EXPECT_EQ(far.frames.size(), 1u);
  EXPECT_NE(far.error, "");
}

TEST_F(CaptureFiles, ErrorsNameTheFileAndTheRemedy) {
  const auto expect = [&](const std::string& path, const std::string& remedy) {
    const std::string text = problem(path);
    EXPECT_NE(text.find(path), std::string::npos) << text;
    EXPECT_NE(text.find(remedy), std::string::npos) << text;
  };
  expect(folder.file("missing"), "that can be read");
  expect(write("no capture at all, but long enough to be one"), "must be a pcap or pcapng file");
  expect(write(""), "must be a pcap or pcapng file");
  expect(write(FileBytes{}.pcap(kMicroseconds, 113).bytes), "not on \"any\"");  // Linux cooked
  expect(folder.path.string(), "must be a pcap or pcapng file");
  expect("-", "that can be read");  // not standard input
}

TEST_F(CaptureFiles, DamagedOnesAreReadOrRefused) {
  const std::string whole =
      FileBytes{}.pcap(kNanoseconds).record(1, 0, frame_of(0, 1), 100).record(2, 0, frame_of(1, 0), 100).bytes;
  std::mt19937 random(1);
  int refused = 0, cut = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = whole;
    for (unsigned changes = random() % 3 + 1; changes > 0; --changes)
      damaged[random() % 60] = static_cast<char>(random());
    try {
      cut += !read_capture(write(damaged)).error.empty();
    } catch (const std::runtime_error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(cut, 100);
}

TEST_F(CaptureFiles, WhatIsWrittenHasNanoseconds) {
  const std::string path = folder.file("out.pcap");
  {
    CaptureWriter writer(path);
    writer.write(sc_time(3, sc_core::SC_SEC) + ns(42) + ps(999), frame_of(0, 1));
    EXPECT_EQ(writer.flush(), "");
  }
  std::ifstream in(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  std::uint32_t header[6], record[4];
  ASSERT_EQ(content.size(), sizeof header + sizeof record + 100);
  std::memcpy(header, content.data(), sizeof header);
  std::memcpy(record, content.data() + sizeof header, sizeof record);
  EXPECT_EQ(header[0], kNanoseconds);
  EXPECT_EQ(header[5], 1u);  // Ethernet
  EXPECT_EQ(record[0], 3u);
  EXPECT_EQ(record[1], 42u);
  EXPECT_EQ(record[2], 100u);
  EXPECT_EQ(record[3], 100u);
  EXPECT_THROW(CaptureWriter(folder.file("no/such/folder")), std::runtime_error);
}

TEST_F(CaptureFiles, AFullDiskIsReported) {
  CaptureWriter writer("/dev/full");
  writer.write(ns(1), frame_of(0, 1));
  EXPECT_NE(writer.flush().find("/dev/full"), std::string::npos);
}

// A frame of 100 bytes takes 9.92 ns of a line and 1 us of the path.
TEST_F(CaptureFiles, CardsPortsAreWrittenInOrderOfTime) {
  Config config = config_of();
  config.capture = true;
  plug(config, 2);
  send(0, frame_of(0, 1), us(5));  // later than what card 1 sends
  send(1, frame_of(1, 0));
  sc_start(us(3));
  wire->flush_captures();
  const Capture so_far = read_capture(folder.file("card0.pcap"));
  ASSERT_EQ(so_far.frames.size(), 1u);
  EXPECT_EQ(so_far.frames[0].bytes, frame_of(1, 0));
  sc_start(us(10));
  send(0, frame_of(0, 1, 200));
  send(1, frame_of(1, 0, 200));
  sc_start(us(10));
  send(0, frame_of(0, 1, 300));  // still on its way at the end
  wire.reset();

  const auto check = [&](const char* file, const Frames& expected) {
    const Capture capture = read_capture(folder.file(file));
    Frames got;
    for (const CapturedFrame& frame : capture.frames) got.push_back(frame.bytes);
    EXPECT_EQ(got, expected) << file;
    for (std::size_t i = 1; i < capture.frames.size(); ++i)
      EXPECT_GE(capture.frames[i].time, capture.frames[i - 1].time) << file;
    return capture.frames.at(1).time;
  };
  // Sent at 5.00992 us, less what was received at 1.01984; received at 6.01984 us, less what was sent at 0.00992.
  EXPECT_EQ(check("card0.pcap",
                  {frame_of(1, 0), frame_of(0, 1), frame_of(0, 1, 200), frame_of(1, 0, 200), frame_of(0, 1, 300)}),
            ns(5009 - 1019));
  EXPECT_EQ(check("card1.pcap", {frame_of(1, 0), frame_of(0, 1), frame_of(1, 0, 200), frame_of(0, 1, 200)}),
            ns(6019 - 9));
}

TEST_F(CaptureFiles, APortThatIsDownHasNothingToCapture) {
  Config config = config_of();
  config.capture = true;
  plug(config, 2);
  EXPECT_TRUE(ports[0]->up());
  wire->set_link("card0", false);
  EXPECT_FALSE(ports[0]->up());
  EXPECT_EQ(stations[0]->link_changes, std::vector{false});
  send(0, frame_of(0, 1));
  sc_start(us(3));
  wire.reset();
  EXPECT_EQ(read_capture(folder.file("card0.pcap")).frames.size(), 0u);
}

struct Replays : CaptureFiles {
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
