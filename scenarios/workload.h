// What a scenario's host does, and its operator meanwhile: the entries of /host/workloads, or of /workloads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include <nlohmann/json.hpp>

#include "host/workload/checksum_workload.h"
#include "host/workload/io_workload.h"
#include "platform/config.h"
#include "scenarios/network_workload.h"

namespace cardvp::scenarios {

struct ChecksumWorkload {
  host::ChecksumConfig config;
  bool expect_medium = false;  // the digest must be that of the volume's file
};

// Something that a host has a driver for.
struct Device {
  enum class Kind : std::uint8_t { kVolume, kInterface } kind = Kind::kVolume;
  std::size_t index = 0;  // into CardConfig::volumes, or NetworkConfig::interfaces
};

// A call of the card's control plane (platform/gateway.h).
struct CallWorkload {
  std::string method;
  nlohmann::json params = nlohmann::json::object();
  std::filesystem::path key;  // PEM, private
  bool is_signed = true;
  bool surprise = false;         // of a detachment: the host does not stop its driver before
  std::string expect = "ok";     // or the code of the error
  std::uint64_t sequence = 0;    // of the call
  std::optional<Device> device;  // that the call is about

  bool attaches() const { return method == "attach_volume" || method == "attach_interface"; }
  bool detaches() const { return method == "detach_volume" || method == "detach_interface"; }
};

// The host asks for the card's event log and a quote, and checks them.
struct AttestWorkload {
  std::uint64_t seed = 1;  // of the nonce
};

struct FirmwareUpdateWorkload {
  std::filesystem::path image;
  unsigned slot = 0;  // of Firmware Commit (NVMe 1.4, 5.12), as its action
  unsigned action = 3;
  std::string expect = "ok";  // or the status that download or commit must end with
};

// The host tries to write its own boot flash.
struct FlashWriteWorkload {
  std::uint64_t offset = 0;  // bytes
  std::uint64_t size = 4096;
};

struct Workload {
  std::string name;
  std::string type;        // as in the scenario
  std::string pointer;     // "/host/workloads/3"
  std::size_t server = 0;  // index into Scenario::servers
  // Index into CardConfig::volumes, of what is about a volume: checksum, io, attest, firmware_update.
  std::size_t volume = 0;
  bool background = false;
  bool about_volume = false;
  std::string expect_error;  // of checksum and io: the status that all commands must end with; empty: none
  std::variant<ChecksumWorkload, host::IoWorkloadConfig, CallWorkload, AttestWorkload, FirmwareUpdateWorkload,
               FlashWriteWorkload, TrafficWorkload, ReplayWorkload, PingWorkload, DhcpWorkload>
      what;
};

struct Scenario;

// `scenario`: what has been read of it; `folder`: what paths are relative to. Throws platform::ConfigError for what the
// schema cannot say.
Workload read_workload(const platform::JsonReader& node, const Scenario& scenario, const std::filesystem::path& folder);

}  // namespace cardvp::scenarios
