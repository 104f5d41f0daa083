#include "models/wire/attachment.h"

#include <stdexcept>

#include "models/net/headers.h"
#include "models/wire/datagram_attachment.h"
#include "models/wire/replay.h"
#include "models/wire/tap.h"
#include "models/wire/user_network.h"

namespace cardvp::wire {

void Attachment::take(std::span<const std::byte> frame) {
  if (frame.size() < net::kEthernetBytes) return drop("too_short");
  if (frame.size() > Frame::kMostBytes) return drop("too_long");
  port_.send(frames_.make(frame), now());
}

std::unique_ptr<Attachment> make_attachment(Sim& sim, const AttachmentConfig& config, Port& port, FramePool& frames) {
  const char* const name = config.name.c_str();
  switch (config.type) {
    case AttachmentConfig::Type::kPcap: return std::make_unique<Replay>(name, sim, config, port, frames);
    case AttachmentConfig::Type::kUdp:
    case AttachmentConfig::Type::kUnix: return std::make_unique<DatagramAttachment>(name, sim, config, port, frames);
    case AttachmentConfig::Type::kSlirp: return std::make_unique<UserNetwork>(name, sim, config, port, frames);
    case AttachmentConfig::Type::kTap: return std::make_unique<Tap>(name, sim, config, port, frames);
  }
  throw std::logic_error("unknown type of attachment");
}

}  // namespace cardvp::wire
