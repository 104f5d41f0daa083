// A gateway and a control plane at a mailbox whose other side is the test: no firmware, no bus.
#pragma once

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/base/bus_target.h"
#include "platform/gateway.h"
#include "test/unit/platform/operator_keys.h"

namespace cardvp::test {

using nlohmann::json;
using platform::ControlPlane;
using platform::Gateway;
using sc_core::sc_time;

inline std::vector<platform::VolumeConfig> three_volumes() {
  std::vector<platform::VolumeConfig> volumes(3);
  volumes[0].name = "plain";
  volumes[1].name = "secret";
  volumes[1].encryption = platform::VolumeConfig::Encryption::kWrappedKey;
  volumes[1].attached = false;
  volumes[2].name = "scratch";
  volumes[2].encryption = platform::VolumeConfig::Encryption::kEphemeralKey;
  volumes[2].kind = platform::VolumeConfig::Kind::kLocal;
  return volumes;
}

// What the firmware found in its mailbox.
struct Request {
  control_header header;
  memory::Message message;

  template <class T>
  T as() const {
    T content;
    std::memcpy(&content, message.words.data(), sizeof content);
    return content;
  }
};

class ControlTest : public testing::Test {
 protected:
  void run_for(double ms) { sc_core::sc_start(sc_time(ms, sc_core::SC_MS)); }
  void reset() {
    mailbox.reset();
    control_plane.start();
  }

  // What waits for the firmware, taken out.
  std::vector<Request> take() {
    std::vector<Request> all;
    while (read(kRxStatus) != 0) {
      Request request;
      for (std::uint32_t word = 0; word < request.message.words.size(); ++word)
        request.message.words[word] = read(kRxData + 4 * word);
      request.header = request.as<control_header>();
      all.push_back(request);
      write(kRxPop, 1);
    }
    return all;
  }
  template <class T>
  void send(const T& content) {
    std::array<std::uint32_t, 32> words{};
    std::memcpy(words.data(), &content, sizeof content);
    for (std::uint32_t word = 0; word < words.size(); ++word) write(kTxData + 4 * word, words[word]);
    write(kTxSend, 1);
    run_for(0.001);
  }
  void answer(const Request& request, std::uint32_t status = CONTROL_OK, std::uint32_t value = 0) {
    send(control_result{{CONTROL_RESULT, request.header.function, request.header.tag},
                        request.header.type,
                        status,
                        value});
  }
  // Answers everything with OK; what that was.
  std::vector<std::uint16_t> answer_all() {
    std::vector<std::uint16_t> types;
    for (const Request& request : take()) {
      types.push_back(request.header.type);
      answer(request, CONTROL_OK, request.header.type == CONTROL_PING ? 0x01020003 : 0);
    }
    return types;
  }
  std::uint64_t alarms_of(const std::string& kind) {
    return sim.stats.counter("alarms." + kind, "alarms").value();
  }

  static constexpr std::uint64_t kRxStatus = 0, kRxPop = 4, kTxSend = 8, kRxData = 0x100, kTxData = 0x200;
  std::uint32_t read(std::uint64_t address) {
    std::uint32_t value = 0;
    transport(tlm::TLM_READ_COMMAND, address, value);
    return value;
  }
  void write(std::uint64_t address, std::uint32_t value) { transport(tlm::TLM_WRITE_COMMAND, address, value); }
  void transport(tlm::tlm_command command, std::uint64_t address, std::uint32_t& value) {
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(sizeof value);
    payload.set_streaming_width(sizeof value);
    sc_time delay;
    cpu->b_transport(payload, delay);
    ASSERT_EQ(payload.get_response_status(), tlm::TLM_OK_RESPONSE);
  }

  Sim sim;
  security::Alarms alarms{"alarms", sim};
  memory::Mailbox mailbox{"mailbox", sim, 1};
  ControlPlane control_plane{"control_plane", sim, mailbox.channel(0), three_volumes(), alarms};
  tlm_utils::simple_initiator_socket<ControlTest> cpu{"cpu"};
  const bool bound = (cpu.bind(mailbox.socket), true);
};

}  // namespace cardvp::test
