// One client's socket: messages in, with their descriptors, and messages out. Nothing waits.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>  // which Boost 1.74's Asio forgets under C++20
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>

#include "host/vfio_user/message.h"

namespace cardvp::host::vfio_user {

class Connection : public Outbox, public std::enable_shared_from_this<Connection> {
 public:
  // What is read at one look, so that nobody holds up the others.
  static constexpr std::size_t kMostMessages = 256;
  static constexpr std::size_t kMostBytes = kMostMessage;

  // Takes what comes, and says whether there is room for more.
  using Inbox = std::function<bool(Message&&)>;
  // At most `unsent` bytes wait for a client that does not read; with more, it is refused.
  Connection(boost::asio::local::stream_protocol::socket socket, std::size_t unsent);

  void set_inbox(Inbox inbox) { inbox_ = std::move(inbox); }
  // At each look, while there is room: reads what comes until the next.
  void receive();
  void close();

  // The client has gone, or is to be closed, and why; empty if it just went.
  bool ended() const { return ended_; }
  const std::string& why() const { return why_; }
  // The client's end is closed; what it sent may not be read yet.
  bool peer_gone() const;

  // Outbox. Sends at once what the socket takes.
  void send(Header header, std::span<const std::byte> head, std::span<const std::byte> data) override;
  void refuse(const char* why) override;
  // The same with a descriptor for the client. It must have read what came before, as in its setup it has.
  void send_file(Header header, std::span<const std::byte> head, std::span<const std::byte> data,
                 const Descriptor& file);
  // A payload that is not needed any more, for the next message.
  void recycle(std::vector<std::byte>&& payload);

 private:
  static constexpr std::size_t kMostSpare = 16;
  static constexpr std::size_t kMostSpareBytes = 4096;

  void take_what_is_there();
  bool read_once();
  void keep_descriptors(struct msghdr& from, std::vector<Descriptor>& to);
  bool advance();
  void begin();
  void await_output();
  void flush();
  std::size_t send_now(struct iovec* pieces, std::size_t count, const Descriptor& file = {});

  boost::asio::local::stream_protocol::socket socket_;
  const std::size_t most_unsent_;
  Inbox inbox_;
  bool receiving_ = false;  // a handler waits
  bool room_ = true;        // in the inbox

  Message message_;  // whose payload is coming, if its header is there
  bool has_header_ = false;
  std::size_t have_ = 0;  // bytes of the payload
  std::array<std::byte, sizeof(Header)> next_header_{};
  std::size_t next_have_ = 0;
  std::vector<Descriptor> next_descriptors_;
  std::vector<std::vector<std::byte>> spare_;

  std::deque<std::vector<std::byte>> output_;
  std::size_t sent_ = 0;    // of the front
  std::size_t unsent_ = 0;  // of all
  bool flushing_ = false;
  bool ended_ = false;
  std::string why_;
};

}  // namespace cardvp::host::vfio_user
