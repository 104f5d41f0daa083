#include "platform/control_requests.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "image.h"

namespace cardvp::platform {
namespace {

template <class T>
memory::Message message_of(const T& content) {
  static_assert(sizeof(T) <= sizeof(memory::Message::words));
  memory::Message message;
  std::memcpy(message.words.data(), &content, sizeof content);
  return message;
}

template <std::size_t kSize>
void pad(char (&field)[kSize], std::string_view text) {
  std::fill(std::begin(field), std::end(field), ' ');
  std::copy_n(text.begin(), std::min(text.size(), kSize), field);
}

}  // namespace

memory::Message attach_request(const VolumeConfig& volume, std::uint16_t function) {
  const bool network = volume.kind == VolumeConfig::Kind::kNetwork;
  control_attach_volume attach{};
  attach.header = {CONTROL_ATTACH_VOLUME, function, 0};
  attach.kind = network ? CONTROL_VOLUME_NETWORK : CONTROL_VOLUME_LOCAL;
  attach.flags = volume.encryption == VolumeConfig::Encryption::kNone ? 0 : CONTROL_VOLUME_ENCRYPTED;
  pad(attach.serial, volume.serial);
  pad(attach.model, network ? "Amazon Elastic Block Store" : "Amazon EC2 NVMe Instance Storage");
  pad(attach.device_name, volume.device_name);
  return message_of(attach);
}

memory::Message key_request(std::span<const std::uint8_t> wrapped, std::uint16_t function) {
  control_volume_key key{};
  key.header = {CONTROL_VOLUME_KEY, function, 0};
  key.kind = wrapped.empty() ? CONTROL_KEY_EPHEMERAL : CONTROL_KEY_WRAPPED;
  std::copy_n(wrapped.begin(), std::min<std::size_t>(wrapped.size(), CONTROL_WRAPPED_KEY_BYTES), key.wrapped);
  return message_of(key);
}

memory::Message plain_request(std::uint16_t type, std::uint16_t function) {
  return message_of(control_header{type, function, 0});
}

std::string ControlResult::text() const {
  switch (end) {
    case End::kReset: return "the card was reset";
    case End::kNoAnswer: return "the firmware did not answer in time";
    case End::kBusy: return "too many requests wait for the firmware";
    case End::kAnswered: break;
  }
  switch (status) {
    case CONTROL_OK: return "ok";
    case CONTROL_NO_HARDWARE: return "no hardware";
    case CONTROL_ALREADY_ATTACHED: return "already attached";
    case CONTROL_UNKNOWN: return "unknown request";
    case CONTROL_NOT_ATTACHED: return "not attached";
    case CONTROL_BAD_KEY: return "the key was not wrapped for this card, or is of no use";
    case CONTROL_NO_KEY: return "no key";
    case CONTROL_HOST_IMAGE_REFUSED:
      return "the host's boot image was refused: " + (value <= IMAGE_ENGINE_FAILED
                                                          ? image_fault_text(static_cast<image_fault>(value))
                                                          : fmt::format("fault {}", value));
    case CONTROL_NO_ROOM: return "no room";
    case CONTROL_BAD_VALUE: return "a value that cannot be";
    default: return fmt::format("status {}", status);
  }
}

std::string version_text(std::uint32_t version) {
  return fmt::format("{}.{}.{}", version >> 24, version >> 16 & 0xff, version & 0xffff);
}

}  // namespace cardvp::platform
