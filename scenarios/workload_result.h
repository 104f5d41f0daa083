// What came of a workload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/workload/dhcp.h"
#include "host/workload/firmware_update.h"
#include "host/workload/io_workload.h"
#include "host/workload/ping.h"
#include "host/workload/traffic.h"
#include "scenarios/attestation.h"

namespace cardvp::scenarios {

struct CallResult {
  std::string method;
  std::string outcome;            // "ok", or the error's code
  nlohmann::ordered_json answer;  // as the gateway gave it
};

// A firmware update, and what the I/O in the background had of it.
struct UpdateResult {
  host::FirmwareUpdateResult update;
  std::uint64_t background_completed = 0;  // commands, while the update went on
  std::uint64_t background_failed = 0;
  sc_core::sc_time longest_latency;  // of commands that overlap the update
  sc_core::sc_time longest_pause;    // of one workload, between completions
};

struct FlashWriteResult {
  bool blocked = false;    // the flash took nothing
  bool unchanged = false;  // it holds what it held
};

// Both directions of a capture.
struct ReplayPair {
  host::ReplayResult there, back;
  std::uint64_t skipped = 0;  // frames of the capture that are of neither host, or that the card answers itself
};

struct WorkloadResult {
  std::size_t number = 0;  // in the scenario's list
  std::string name;
  std::string type;        // as in the scenario
  std::size_t server = 0;  // in the scenario's list
  std::string volume;      // as workloads name it; empty: it is about none
  bool background = false;
  std::string error;           // why it could not run, or is no success; empty: passed
  std::string expected_error;  // the status that every command had to end with
  host::IoResult io;           // of a checksum: its reads; of others: when it began and ended
  std::string sha256;
  std::string expected_sha256;  // computed without the card
  std::optional<CallResult> call;
  std::optional<AttestResult> attest;
  std::optional<UpdateResult> update;
  std::optional<FlashWriteResult> flash_write;
  std::string from, to;  // interfaces, as workloads name them
  std::optional<host::TrafficResult> traffic;
  std::optional<ReplayPair> replay;
  std::optional<host::PingResult> ping;
  std::optional<host::DhcpLease> lease;
  double wall_seconds = 0;

  bool passed() const { return error.empty(); }
  std::uint64_t bytes() const { return io.read_bytes + io.written_bytes; }
  double seconds() const { return (io.end - io.start).to_seconds(); }
};

}  // namespace cardvp::scenarios
