// A wire with stations on it that keep what they receive, and when.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "models/net/build.h"
#include "models/wire/wire.h"

namespace cardvp::wire {

inline sc_core::sc_time ps(double value) { return {value, sc_core::SC_PS}; }
inline sc_core::sc_time ns(double value) { return {value, sc_core::SC_NS}; }
inline sc_core::sc_time us(double value) { return {value, sc_core::SC_US}; }

using Bytes = std::vector<std::byte>;
using Frames = std::vector<Bytes>;

inline net::MacAddress mac(std::uint8_t number) { return {{2, 0, 0, 0, 0, number}}; }
inline constexpr std::uint8_t kEveryone = 0xff;  // as a station's number: broadcast

// A UDP frame of `size` bytes from one station's address to another's.
inline Bytes frame_of(std::uint8_t from, std::uint8_t to, std::size_t size = 100, std::uint16_t source_port = 1000) {
  net::FrameSpec spec;
  spec.source = mac(from);
  spec.destination = to == kEveryone ? net::MacAddress{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}} : mac(to);
  spec.source_ip = net::IpAddress::v4(0x0a000000u + from);
  spec.destination_ip = net::IpAddress::v4(0x0a000000u + to);
  spec.source_port = source_port;
  spec.destination_port = 2000;
  Bytes payload(size - net::header_bytes(spec));
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::byte>(i * 7 + from);
  return net::build(spec, payload);
}

struct Station : PortClient {
  explicit Station(Sim& s) : sim(s) {}

  void receive(FramePtr frame, sc_core::sc_time at) override {
    EXPECT_GE(at, sim.scheduler.now());
    EXPECT_LE(at, sim.scheduler.now() + kAhead);
    times.push_back(at);
    frames.emplace_back(frame->bytes().begin(), frame->bytes().end());
    if (on_receive) on_receive(std::move(frame));
  }
  void link_changed(bool up) override { link_changes.push_back(up); }

  Sim& sim;
  Frames frames;
  std::vector<sc_core::sc_time> times;
  std::vector<bool> link_changes;
  std::function<void(FramePtr)> on_receive;
};

// A folder for one test, removed behind it.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "cardvp_wire_XXXXXX").string();
    if (!::mkdtemp(name.data())) ADD_FAILURE() << "no folder " << name;
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const std::string& name) const { return (path / name).string(); }

  std::filesystem::path path;
};

struct WireBench : testing::Test {
  static Config config_of(Config::Type type = Config::Type::kSwitch) {
    Config config;
    config.type = type;
    return config;
  }
  // Makes the wire, with cards "card0", "card1", ...
  void plug(const Config& config, std::size_t cards) {
    wire = std::make_unique<Wire>("wire", sim, config, frames, folder.path);
    for (std::size_t i = 0; i < cards; ++i) {
      stations.push_back(std::make_unique<Station>(sim));
      ports.push_back(&wire->add_card("card" + std::to_string(i)));
      ports.back()->connect(*stations.back());
    }
  }
  sc_core::sc_time now() const { return sim.scheduler.now(); }
  sc_core::sc_time send(std::size_t card, const Bytes& frame) { return send(card, frame, now()); }
  sc_core::sc_time send(std::size_t card, const Bytes& frame, sc_core::sc_time at) {
    return ports[card]->send(frames.make(frame), at);
  }
  // Both have sent once, so that the switch knows where they are.
  void introduce(std::uint8_t a, std::uint8_t b) {
    send(a, frame_of(a, b));
    send(b, frame_of(b, a));
    sc_core::sc_start(us(100));
    for (const auto& station : stations) station->frames.clear(), station->times.clear();
  }
  std::uint64_t count(const std::string& what) const {
    const auto found = sim.stats.counters().find("wire." + what);
    return found == sim.stats.counters().end() ? 0 : found->second.value->value();
  }

  Sim sim{7};
  FramePool frames;
  Folder folder;
  std::vector<std::unique_ptr<Station>> stations;
  std::vector<Port*> ports;
  std::unique_ptr<Wire> wire;
};

}  // namespace cardvp::wire
