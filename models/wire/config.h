// A wire and what is plugged into it, beside the cards: read from the "wire" object of a scenario.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <systemc>

namespace cardvp::wire {

// One of the equal paths through the fabric between two ports. Which one a frame takes is decided by a hash of its
// flow: outer addresses, protocol and ports. So who sprays changes its UDP source port.
struct PathConfig {
  sc_core::sc_time delay{1, sc_core::SC_US};
  sc_core::sc_time jitter;                 // added: uniform from 0 to this, drawn for each frame from the seed
  double loss = 0;                         // probability of each frame to be lost
  std::uint64_t bandwidth = 0;             // bytes per second; 0: no limit
  sc_core::sc_time down_from, down_until;  // everything is lost in between; equal: never
};

// Something beside the cards that is plugged into the switch.
struct AttachmentConfig {
  enum class Type : std::uint8_t { kPcap, kUdp, kUnix, kSlirp, kTap };
  Type type = Type::kPcap;
  std::string name;              // in statistics
  std::filesystem::path replay;  // kPcap: a capture whose frames are sent, at its own times from `start` on
  sc_core::sc_time start;
  std::string listen, peer;  // kUdp: "127.0.0.1:4000"; kUnix: paths of datagram sockets. One frame a datagram
  std::string device;        // kTap
  std::string network = "10.0.2.0/24";  // kSlirp
};

struct Config {
  enum class Type : std::uint8_t { kNone, kLoopback, kSwitch };
  Type type = Type::kNone;                   // kLoopback: what a card sends comes back to it
  std::uint64_t bandwidth = 12'500'000'000;  // bytes per second, each direction of each port
  std::uint64_t queue_bytes = 1 << 20;       // that wait at an output of the switch; more is dropped
  std::vector<PathConfig> paths{PathConfig{}};
  std::vector<AttachmentConfig> attachments;
  // Everything that cards send and receive, one file for each card's port: "FOLDER/SERVER.pcap", nanosecond format.
  bool capture = false;
};

}  // namespace cardvp::wire
