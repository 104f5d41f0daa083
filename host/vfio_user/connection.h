// One client's socket: bytes and descriptors in, messages out, and the way back. Nothing waits.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>  // which Boost 1.74's Asio forgets under C++20
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>

#include "host/vfio_user/message.h"

namespace cardvp::host::vfio_user {

class Connection : public Outbox, public std::enable_shared_from_this<Connection> {
 public:
  // `inbox` takes what comes, and says whether it has room for more; if not, resume() continues. `unsent` bytes at most
  // wait for a client that does not read.
  using Inbox = std::function<bool(Message&&)>;
  Connection(boost::asio::local::stream_protocol::socket socket, std::size_t unsent);

  void start(Inbox inbox);
  void resume();
  void close();

  // The client has closed, or is to be closed; why() says what for, and is empty if it just went.
  bool ended() const { return ended_; }
  const std::string& why() const { return why_; }
  bool sending() const { return !output_.empty(); }

  // Outbox. Sends at once what the socket takes.
  void send(Header header, std::span<const std::byte> head, std::span<const std::byte> data) override;
  void refuse(const char* why) override;
  // Room for a payload that was used before.
  void recycle(std::vector<std::byte>&& payload);

 private:
  void await_input();
  void await_output();
  void receive();
  // Reads once. False: nothing there, or the end.
  bool receive_some();
  bool take_descriptors(struct msghdr& header, std::size_t beyond);
  bool deliver();
  void flush();

  boost::asio::local::stream_protocol::socket socket_;
  const std::size_t most_unsent_;
  Inbox inbox_;

  // The message that is being received, and the first bytes of the next.
  Message message_;
  std::size_t have_ = 0;  // bytes of it, header included
  std::vector<std::vector<std::byte>> spare_;
  bool full_ = false;       // the inbox has no room
  bool receiving_ = false;  // a handler is set up
  bool flushing_ = false;

  std::deque<std::vector<std::byte>> output_;
  std::size_t sent_ = 0;    // of the front
  std::size_t unsent_ = 0;  // of all
  bool ended_ = false;
  std::string why_;
};

}  // namespace cardvp::host::vfio_user
