#include "platform/control_plane.h"

#include <algorithm>
#include <cstring>

#include "platform/control_messages.h"

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

std::string text_of(std::uint32_t status) {
  switch (status) {
    case CONTROL_OK: return "ok";
    case CONTROL_NO_HARDWARE: return "no hardware";
    case CONTROL_ALREADY_ATTACHED: return "already attached";
    case CONTROL_UNKNOWN: return "unknown request";
    default: return fmt::format("status {}", status);
  }
}

control_attach_volume attachment(const VolumeConfig& volume, std::uint16_t number) {
  const bool network = volume.kind == VolumeConfig::Kind::kNetwork;
  control_attach_volume attach{};
  attach.header = {CONTROL_ATTACH_VOLUME, number, number};
  attach.kind = network ? CONTROL_VOLUME_NETWORK : CONTROL_VOLUME_LOCAL;
  pad(attach.serial, volume.serial);
  pad(attach.model, network ? "Amazon Elastic Block Store" : "Amazon EC2 NVMe Instance Storage");
  pad(attach.device_name, volume.device_name);
  return attach;
}

}  // namespace

ControlPlane::ControlPlane(sc_core::sc_module_name name, Sim& sim, memory::Mailbox::Channel& channel,
                           const std::vector<VolumeConfig>& volumes)
    : Model(name, sim), channel_(channel), volumes_(volumes) {
  channel_.on_message([this](const memory::Message& message) { receive(message); });
}

void ControlPlane::start() {
  started_ = false;
  refusals_.clear();
  std::uint16_t number = 0;
  for (const VolumeConfig& volume : volumes_) {
    channel_.send(message_of(attachment(volume, number)));
    ++number;
  }
  channel_.send(message_of(control_header{CONTROL_START, 0, number}));
}

std::string ControlPlane::request(std::uint32_t tag) const {
  if (tag < volumes_.size()) return fmt::format("attach volume {} (function {})", volumes_[tag].name, tag);
  return tag == volumes_.size() ? "start" : fmt::format("a request that was never sent (tag {})", tag);
}

void ControlPlane::receive(const memory::Message& message) {
  control_result result;
  std::memcpy(&result, message.words.data(), sizeof result);
  if (result.header.type != CONTROL_RESULT) {
    log_.warning("message of unknown type", {{"type", result.header.type}});
    return;
  }
  const std::string what = request(result.header.tag);
  if (result.status != CONTROL_OK) {
    refusals_.push_back(fmt::format("{}: {}", what, text_of(result.status)));
    log_.warning("the firmware refused", {{"request", what}, {"reason", text_of(result.status)}});
  } else if (result.header.tag == volumes_.size()) {
    started_ = true;
    log_.info("firmware started");
  }
}

}  // namespace cardvp::platform
