// A control plane at a mailbox whose firmware is the test: nothing answers but what the test sends.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/base/registers.h"
#include "platform/control_plane.h"
#include "test/unit/bus/initiator.h"

namespace cardvp {

namespace mailbox_registers {
#define CARDVP_REGISTERS "models/memory/mailbox.def"
#include "models/base/declare_registers.h"
}  // namespace mailbox_registers
namespace mailbox_offset = mailbox_registers::offset;  // as firmware has them

// One of each kind: plain and attached from the start; encrypted, for a call to attach; ephemeral, from the start.
inline std::vector<platform::VolumeConfig> three_volumes() {
  using platform::VolumeConfig;
  std::vector<VolumeConfig> volumes(3);
  volumes[0].name = "plain";
  volumes[1].name = "secret";
  volumes[1].encryption = VolumeConfig::Encryption::kWrappedKey;
  volumes[1].attached = false;
  volumes[2].name = "scratch";
  volumes[2].kind = VolumeConfig::Kind::kLocal;
  volumes[2].encryption = VolumeConfig::Encryption::kEphemeralKey;
  return volumes;
}

// A message that the firmware took out of its mailbox.
struct Request {
  memory::Message message;

  template <class T>
  T as() const {
    T content;
    std::memcpy(&content, message.words.data(), sizeof content);
    return content;
  }
  control_header header() const { return as<control_header>(); }
  std::uint16_t type() const { return header().type; }
};

class ControlFixture : public testing::Test {
 protected:
  explicit ControlFixture(const platform::NetworkConfig& network = {})
      : control_plane_("control_plane", sim_, mailbox_.channel(0), three_volumes(), alarms_, network) {}

  void SetUp() override {
    firmware_.socket.bind(mailbox_.socket);
    run_for(0);
  }
  static void run_for(double ms) { sc_core::sc_start(sc_core::sc_time(ms, sc_core::SC_MS)); }
  void reset_card() {
    mailbox_.reset();
    control_plane_.start();
  }

  std::vector<Request> take() {
    std::vector<Request> all;
    while (firmware_.read(mailbox_offset::RX_STATUS) != 0) {
      Request request;
      for (std::uint32_t word = 0; word < request.message.words.size(); ++word)
        request.message.words[word] = static_cast<std::uint32_t>(firmware_.read(mailbox_offset::RX_DATA + 4 * word));
      all.push_back(request);
      firmware_.write(mailbox_offset::RX_POP, 1);
    }
    return all;
  }
  template <class T>
  void send(const T& content) {
    memory::Message message;
    std::memcpy(message.words.data(), &content, sizeof content);
    for (std::uint32_t word = 0; word < message.words.size(); ++word)
      firmware_.write(mailbox_offset::TX_DATA + 4 * word, message.words[word]);
    firmware_.write(mailbox_offset::TX_SEND, 1);
    run_for(0.001);
  }
  static control_result result_of(const Request& request, std::uint32_t status = CONTROL_OK, std::uint32_t value = 0) {
    const control_header header = request.header();
    return {{CONTROL_RESULT, header.function, header.tag}, header.type, status, value};
  }
  // Answers everything that waits with success; what it was, by type.
  std::vector<std::uint16_t> answer_all() {
    std::vector<std::uint16_t> types;
    for (const Request& request : take()) {
      types.push_back(request.type());
      send(result_of(request, CONTROL_OK, request.type() == CONTROL_PING ? 0x01020003 : 0));
    }
    return types;
  }

  std::uint64_t count(const std::string& name) { return sim_.stats.counter(name, "").value(); }

  Sim sim_;
  security::Alarms alarms_{"alarms", sim_};
  memory::Mailbox mailbox_{"mailbox", sim_, 1};
  platform::ControlPlane control_plane_;
  Initiator firmware_{"firmware"};
};

}  // namespace cardvp
