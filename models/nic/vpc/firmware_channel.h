// The data path's messages to the firmware.
#pragma once

#include <cstring>

#include "models/memory/mailbox.h"

namespace cardvp::nic {

class FirmwareChannel {
 public:
  explicit FirmwareChannel(memory::Mailbox::Channel& channel) : channel_(channel) {}

  // False: the mailbox is full, and has dropped it.
  template <class Content>
  bool send(const Content& content) {
    static_assert(sizeof content <= sizeof(memory::Message));
    memory::Message message;
    std::memcpy(message.words.data(), &content, sizeof content);
    return channel_.send(message);
  }
  template <class Content>
  static Content content_of(const memory::Message& message) {
    static_assert(sizeof(Content) <= sizeof(memory::Message));
    Content content;
    std::memcpy(&content, message.words.data(), sizeof content);
    return content;
  }

  // Messages that were sent, and those that the firmware has taken, since the beginning.
  std::uint64_t sent() const { return channel_.sent(); }
  std::uint64_t taken() const { return channel_.taken(); }

 private:
  memory::Mailbox::Channel& channel_;
};

}  // namespace cardvp::nic
