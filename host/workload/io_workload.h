// A stream of reads and writes through one NVMe driver, with latencies, and with verification of every byte read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/nvme/driver.h"
#include "host/workload/content.h"
#include "host/workload/io_watch.h"
#include "models/base/stats.h"

namespace cardvp::host {

enum class Pattern : std::uint8_t { kSequential, kRandom, kZipf };

struct IoWorkloadConfig {
  std::string name{};
  Pattern pattern = Pattern::kRandom;
  double zipf_theta = 0.99;         // above 0: the n-th most popular block is drawn 1 / n^theta as often as the first
  std::uint64_t block_size = 4096;  // bytes, a multiple of the volume's block size
  unsigned read_percent = 100;      // of the commands; the others are writes
  unsigned queue_depth = 1;         // commands in flight, per queue
  unsigned queues = 1;              // the driver's queues 0 to queues - 1
  std::uint64_t count = 0;          // commands; 0: no limit
  sc_core::sc_time duration{};      // no command starts later than this; zero: no limit
  std::uint64_t seed = 1;
  std::uint64_t offset = 0;  // bytes: the region of the volume that is used
  std::uint64_t size = 0;    // bytes; 0: up to the volume's end
  // Every write carries a pattern of its own, and what is read is compared. Commands that overlap one in flight are
  // then held back or drawn again.
  bool verify = false;
  InitialContent initial = InitialContent::kUnknown;  // of the volume, for verify
};

struct IoResult {
  std::string error;        // why it could not run, or not as asked; else empty. Failed commands are below
  std::uint64_t reads = 0;  // commands that succeeded
  std::uint64_t writes = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::map<std::uint16_t, std::uint64_t> errors;  // nvme::Status::outcome() to commands
  std::uint64_t mismatches = 0;                   // volume blocks whose content was wrong
  std::vector<Mismatch> first_mismatches;         // at most kMismatchesKept
  std::uint64_t verified_blocks = 0;              // volume blocks whose content was compared with a known one
  std::uint64_t held_back = 0;                    // commands that overlapped one in flight
  Histogram read_latency;                         // ps, of those that succeeded
  Histogram write_latency;
  sc_core::sc_time start, end;

  static constexpr std::size_t kMismatchesKept = 8;
  std::uint64_t commands() const { return reads + writes; }
  std::uint64_t failed() const;
  bool passed() const { return error.empty() && errors.empty() && mismatches == 0; }
};

// Runs until count or duration is reached and all commands have ended. The driver must be running; configurations that
// do not fit the volume end at once, in IoResult::error. `content` carries what is known of the volume's content from
// one workload to the next, or to one at the same time; without it, verification starts from `initial`. `progress`,
// where given, counts the commands that ended. With `watch` it ends when that says so, too.
Task<IoResult> run(nvme::Driver& driver, IoWorkloadConfig config, Content* content = nullptr,
                   std::uint64_t* progress = nullptr, IoWatch* watch = nullptr);

}  // namespace cardvp::host
