// The control plane's requests as messages, and the firmware's results in words (platform/control_messages.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "models/memory/mailbox.h"
#include "platform/config.h"
#include "platform/control_messages.h"

namespace cardvp::platform {

// Each with tag 0; the control plane chooses tags. `function`: the volume's number.
memory::Message attach_request(const VolumeConfig& volume, std::uint16_t function);
// `wrapped`: CONTROL_WRAPPED_KEY_BYTES of them; none: the card makes an ephemeral key.
memory::Message key_request(std::span<const std::uint8_t> wrapped, std::uint16_t function);
// CONTROL_START, CONTROL_DETACH_VOLUME, CONTROL_DESTROY_KEY, CONTROL_PING.
memory::Message plain_request(std::uint16_t type, std::uint16_t function = 0);

// How a request ended.
struct ControlResult {
  enum class End : std::uint8_t {
    kAnswered,
    kReset,     // the card was reset
    kNoAnswer,  // in time
    kBusy       // not sent: too many wait for their answers
  };
  End end = End::kAnswered;
  std::uint32_t status = 0;  // kAnswered: CONTROL_OK, ...
  std::uint32_t value = 0;

  bool ok() const { return end == End::kAnswered && status == CONTROL_OK; }
  // For people: "already attached", "the card was reset".
  std::string text() const;
};

// A version as images and CONTROL_PING have it, "1.2.3".
std::string version_text(std::uint32_t version);

}  // namespace cardvp::platform
