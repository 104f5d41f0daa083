// One message, and how it is taken apart and put together.
#pragma once

#include <chrono>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "host/vfio_user/descriptor.h"
#include "host/vfio_user/protocol.h"

namespace cardvp::host::vfio_user {

struct Message {
  Header header{};
  std::vector<std::byte> payload;
  std::vector<Descriptor> descriptors;
  std::chrono::steady_clock::time_point since;  // when it may have come, at the earliest

  Command command() const { return static_cast<Command>(header.command); }
  bool is_reply() const { return (header.flags & kTypeMask) == kTypeReply; }
  bool wants_reply() const { return !(header.flags & kNoReply); }

  // What the payload begins with; nothing if it is shorter.
  template <class T>
  std::optional<T> head() const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (payload.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
  // What is behind it; `head` must have been there.
  std::span<const std::byte> behind(std::size_t head) const { return std::span(payload).subspan(head); }
};

// Whether a header can be the begin of a message: type, and size within bounds. Where it is not, nothing behind it can
// be understood.
inline bool is_sane(const Header& header) {
  const std::uint32_t type = header.flags & kTypeMask;
  return (type == kTypeCommand || type == kTypeReply) && header.size >= sizeof(Header) && header.size <= kMostMessage;
}

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::as_bytes(std::span(&value, 1));
}

// Where messages are sent to.
class Outbox {
 public:
  virtual ~Outbox() = default;
  // A message of `head` and `data`; header.size is set here. Nothing once the client is gone.
  virtual void send(Header header, std::span<const std::byte> head, std::span<const std::byte> data) = 0;
  // The client is to be closed: it does what no client may. Takes effect between two slices.
  virtual void refuse(const char* why) = 0;
};

}  // namespace cardvp::host::vfio_user
