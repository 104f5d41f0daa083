// Capture files, read and written.
#include "models/wire/capture.h"

#include <cstring>
#include <random>

#include "test/unit/wire/capture_bench.h"

namespace cardvp::wire {
namespace {

using sc_core::sc_start;
using sc_core::sc_time;

struct CaptureFiles : CaptureBench {
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

}  // namespace
}  // namespace cardvp::wire
