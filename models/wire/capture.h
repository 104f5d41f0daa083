// Capture files: pcap and pcapng are read, pcap with nanoseconds is written, of Ethernet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <systemc>

namespace cardvp::wire {

struct CapturedFrame {
  sc_core::sc_time time;     // since the file's first frame; 0 for one that is older than that
  std::uint32_t length = 0;  // on its line
  std::vector<std::byte> bytes;

  bool cut() const { return bytes.size() < length; }  // by whoever captured it
};

struct Capture {
  std::vector<CapturedFrame> frames;  // in the file's order
  std::string error;                  // why there are no more, with remedy; empty: the file was read to its end
};
// Throws std::runtime_error, with remedy, if `path` is no capture of Ethernet frames.
Capture read_capture(const std::filesystem::path& path);

// Simulated time is written as time since 1970.
class CaptureWriter {
 public:
  // Throws std::runtime_error, with remedy, if there cannot be such a file.
  explicit CaptureWriter(const std::filesystem::path& path);
  ~CaptureWriter();
  void write(sc_core::sc_time at, std::span<const std::byte> frame);
  // Hands what was written to the system. Why that, or any write before, failed; empty: all is well.
  std::string flush();

 private:
  struct File;
  std::unique_ptr<File> file_;
};

}  // namespace cardvp::wire
