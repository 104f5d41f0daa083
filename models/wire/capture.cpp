#include "models/wire/capture.h"

#include <cerrno>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>
#include <pcap/pcap.h>

namespace cardvp::wire {

using sc_core::sc_time;

namespace {

constexpr std::int64_t kNanosecond = 1'000'000'000;  // of them a second has

struct ClosePcap {
  void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};
using PcapPtr = std::unique_ptr<pcap_t, ClosePcap>;

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& problem, const char* remedy) {
  throw std::runtime_error(fmt::format("capture {}: {}; {}", path.string(), problem, remedy));
}

// Opened here, as libpcap takes "-" for standard input.
PcapPtr open(const std::filesystem::path& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (!file) fail(path, std::generic_category().message(errno), "name a pcap or pcapng file that can be read");
  char error[PCAP_ERRBUF_SIZE] = {};
  PcapPtr pcap(pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error));
  if (!pcap) {
    std::fclose(file);
    fail(path, error, "it must be a pcap or pcapng file, not compressed, of one interface");
  }
  if (const int type = pcap_datalink(pcap.get()); type != DLT_EN10MB) {
    const char* const name = pcap_datalink_val_to_name(type);
    fail(path, fmt::format("its frames are {}, not Ethernet", name ? name : "of an unknown kind"),
         "capture on an Ethernet interface, not on \"any\"");
  }
  return pcap;
}

// From `first` to `then`: 0 if it is negative, nothing if it is more than simulated time can be.
std::optional<sc_time> between(const timeval& first, const timeval& then) {
  const __int128 ns = (static_cast<__int128>(then.tv_sec) - first.tv_sec) * kNanosecond + then.tv_usec - first.tv_usec;
  if (ns < 0) return sc_core::SC_ZERO_TIME;
  const sc_time tick(1, sc_core::SC_NS);
  if (ns > static_cast<__int128>(UINT64_MAX / 2 / tick.value())) return std::nullopt;
  return sc_time::from_value(static_cast<std::uint64_t>(ns) * tick.value());
}

}  // namespace

Capture read_capture(const std::filesystem::path& path) {
  const PcapPtr pcap = open(path);
  Capture capture;
  timeval first{};
  for (;;) {
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    const int result = pcap_next_ex(pcap.get(), &header, &data);
    if (result == PCAP_ERROR_BREAK) return capture;
    const auto broken = [&](const std::string& problem, const char* remedy) {
      capture.error =
          fmt::format("capture {}: behind frame {}: {}; {}", path.string(), capture.frames.size(), problem, remedy);
    };
    if (result != 1) {
      broken(pcap_geterr(pcap.get()), "the file is cut off or damaged: capture it again");
      return capture;
    }
    if (capture.frames.empty()) first = header->ts;
    const std::optional<sc_time> time = between(first, header->ts);
    if (!time) {
      broken("the next is more than 100 days later than the first", "correct its time, for example with editcap");
      return capture;
    }
    const auto* const bytes = reinterpret_cast<const std::byte*>(data);
    capture.frames.push_back({*time, header->len, {bytes, bytes + header->caplen}});
  }
}

struct CaptureWriter::File {
  PcapPtr pcap;  // gives the dump its link type and precision
  pcap_dumper_t* dump = nullptr;
  std::string name;

  ~File() {
    if (dump) pcap_dump_close(dump);
  }
};

CaptureWriter::CaptureWriter(const std::filesystem::path& path) : file_(std::make_unique<File>()) {
  constexpr int kSnapshot = 262144;  // what readers take for the most
  constexpr const char* kRemedy = "name a folder that can be written to";
  file_->name = path.string();
  file_->pcap.reset(pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kSnapshot, PCAP_TSTAMP_PRECISION_NANO));
  std::FILE* const out = std::fopen(path.c_str(), "wb");
  if (!out) fail(path, std::generic_category().message(errno), kRemedy);
  file_->dump = pcap_dump_fopen(file_->pcap.get(), out);
  if (file_->dump) return;
  std::fclose(out);
  fail(path, pcap_geterr(file_->pcap.get()), kRemedy);
}

CaptureWriter::~CaptureWriter() = default;

void CaptureWriter::write(sc_time at, std::span<const std::byte> frame) {
  const std::uint64_t ns = at.value() / sc_time(1, sc_core::SC_NS).value();
  pcap_pkthdr header{};
  header.ts.tv_sec = static_cast<time_t>(ns / kNanosecond);
  header.ts.tv_usec = static_cast<suseconds_t>(ns % kNanosecond);  // of the file's precision
  header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
  pcap_dump(reinterpret_cast<u_char*>(file_->dump), &header, reinterpret_cast<const u_char*>(frame.data()));
}

std::string CaptureWriter::flush() {
  if (pcap_dump_flush(file_->dump) == 0 && !std::ferror(pcap_dump_file(file_->dump))) return {};
  return fmt::format("capture {}: it could not be written: is the disk full?", file_->name);
}

}  // namespace cardvp::wire
