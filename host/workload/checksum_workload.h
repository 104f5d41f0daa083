// Reads a volume, or a part of it, in order, and hashes what it reads: the digest equals that of the volume's image.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "host/nvme/driver.h"
#include "models/base/stats.h"

namespace cardvp::host {

struct ChecksumConfig {
  std::string name{};
  std::uint64_t block_size = 128 * 1024;  // bytes of one read, a multiple of the volume's block size
  unsigned queue_depth = 8;               // reads in flight
  unsigned queue = 0;
  std::uint64_t offset = 0;  // bytes
  std::uint64_t size = 0;    // bytes; 0: up to the volume's end
};

struct ChecksumResult {
  std::string error;   // why there is no digest; else empty
  std::string sha256;  // 64 hexadecimal digits
  std::uint64_t bytes = 0;
  std::uint64_t commands = 0;
  std::map<std::uint16_t, std::uint64_t> errors;  // nvme::Status::outcome() to commands; no part of `commands`
  Histogram latency;                              // ps, of the reads
  sc_core::sc_time start, end;
};

// The driver must be running. The first read that fails ends it. `progress`, where given, counts the bytes hashed.
Task<ChecksumResult> run(nvme::Driver& driver, ChecksumConfig config, std::uint64_t* progress = nullptr);

}  // namespace cardvp::host
