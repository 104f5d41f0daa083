#include "host/vfio_user/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cardvp::host::vfio_user {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

namespace {

iovec piece_of(std::span<const std::byte> bytes) { return {const_cast<std::byte*>(bytes.data()), bytes.size()}; }

}  // namespace

Connection::Connection(stream_protocol::socket socket, std::size_t unsent)
    : socket_(std::move(socket)), most_unsent_(unsent) {}

void Connection::close() {
  ended_ = true;
  inbox_ = nullptr;
  error_code ignored;
  socket_.close(ignored);
}

void Connection::refuse(const char* why) {
  if (!ended_) why_ = why;
  ended_ = true;
}

bool Connection::peer_gone() const {
  pollfd state{const_cast<stream_protocol::socket&>(socket_).native_handle(), POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0;
}

void Connection::recycle(std::vector<std::byte>&& payload) {
  if (payload.capacity() > 0 && payload.capacity() <= kMostSpareBytes && spare_.size() < kMostSpare)
    spare_.push_back(std::move(payload));
}

// --- In --------------------------------------------------------------------------------------------------------------

void Connection::receive() {
  if (receiving_ || ended_) return;
  // What was read before, but had no room, may be all that comes.
  if (next_have_ == next_header_.size()) return take_what_is_there();
  receiving_ = true;
  socket_.async_wait(stream_protocol::socket::wait_read, [self = shared_from_this()](error_code error) {
    self->receiving_ = false;
    if (!error) self->take_what_is_there();
  });
}

void Connection::take_what_is_there() {
  room_ = true;
  std::size_t messages = 0, bytes = 0;
  for (bool more = true;;) {
    while (room_ && !ended_ && messages < kMostMessages && advance()) ++messages;
    if (!more || !room_ || ended_ || messages == kMostMessages || bytes > kMostBytes) return;
    const std::size_t before = have_ + next_have_;
    more = read_once();
    bytes += have_ + next_have_ - before;
  }
}

// Reads the rest of the message and the header behind it. False: there is no more now.
//
// Descriptors come with the first byte of their message, and the system ends a read behind them. So that they are known
// to be that message's, a read goes no further than to the end of one header.
bool Connection::read_once() {
  const std::span rest = has_header_ ? std::span(message_.payload).subspan(have_) : std::span<std::byte>();
  const std::span next = std::span(next_header_).subspan(next_have_);
  iovec pieces[] = {piece_of(rest), piece_of(next)};
  alignas(cmsghdr) std::byte control[CMSG_SPACE(kMostDescriptors * sizeof(int))];
  msghdr header{};
  header.msg_iov = pieces;
  header.msg_iovlen = std::size(pieces);
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  const ssize_t result = ::recvmsg(socket_.native_handle(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (result <= 0) {
    const bool later = result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    ended_ |= !later;
    return false;
  }
  const auto size = static_cast<std::size_t>(result);
  keep_descriptors(header, size <= rest.size() ? message_.descriptors : next_descriptors_);
  const std::size_t mine = std::min(size, rest.size());
  have_ += mine;
  next_have_ += size - mine;
  return size == rest.size() + next.size();
}

void Connection::keep_descriptors(msghdr& from, std::vector<Descriptor>& to) {
  for (cmsghdr* each = CMSG_FIRSTHDR(&from); each; each = CMSG_NXTHDR(&from, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
      to.emplace_back(fd);
    }
  }
  if ((from.msg_flags & MSG_CTRUNC) || to.size() > kMostDescriptors) refuse("too many descriptors");
}

// Delivers a message that is complete, or begins the next one. False: neither is there.
bool Connection::advance() {
  if (!has_header_) {
    if (next_have_ < next_header_.size()) return false;
    begin();
  }
  if (ended_ || have_ < message_.payload.size()) return false;
  has_header_ = false;
  have_ = 0;
  room_ = inbox_(std::exchange(message_, {}));
  return true;
}

void Connection::begin() {
  std::memcpy(&message_.header, next_header_.data(), sizeof message_.header);
  next_have_ = 0;
  if (!is_sane(message_.header)) return refuse("not a message");
  if (!spare_.empty()) {
    message_.payload = std::move(spare_.back());
    spare_.pop_back();
  }
  message_.payload.resize(message_.header.size - sizeof(Header));
  message_.descriptors = std::exchange(next_descriptors_, {});
  has_header_ = true;
}

// --- Out -------------------------------------------------------------------------------------------------------------

// How much of the pieces was sent; the file goes with their first byte.
std::size_t Connection::send_now(iovec* pieces, std::size_t count, const Descriptor& file) {
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = count;
  alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))]{};
  if (file) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = file.get();
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  const ssize_t result = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (result >= 0) return static_cast<std::size_t>(result);
  ended_ |= errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ENOBUFS;
  return 0;
}

void Connection::send(Header header, std::span<const std::byte> head, std::span<const std::byte> data) {
  if (ended_) return;
  const std::size_t size = sizeof header + head.size() + data.size();
  header.size = static_cast<std::uint32_t>(size);
  const std::span<const std::byte> parts[] = {bytes_of(header), head, data};
  std::size_t sent = 0;
  if (output_.empty()) {
    iovec pieces[] = {piece_of(parts[0]), piece_of(parts[1]), piece_of(parts[2])};
    sent = send_now(pieces, std::size(pieces));
  }
  if (sent == size || ended_) return;

  std::vector<std::byte> rest;
  rest.reserve(size - sent);
  for (std::span<const std::byte> part : parts) {
    const std::size_t gone = std::min(sent, part.size());
    sent -= gone;
    rest.insert(rest.end(), part.begin() + static_cast<std::ptrdiff_t>(gone), part.end());
  }
  unsent_ += rest.size();
  output_.push_back(std::move(rest));
  if (unsent_ > most_unsent_) return refuse("it does not read");
  await_output();
}

void Connection::send_file(Header header, std::span<const std::byte> head, std::span<const std::byte> data,
                           const Descriptor& file) {
  if (ended_) return;
  header.size = static_cast<std::uint32_t>(sizeof header + head.size() + data.size());
  iovec pieces[] = {piece_of(bytes_of(header)), piece_of(head), piece_of(data)};
  if (!output_.empty() || send_now(pieces, std::size(pieces), file) != header.size) refuse("it does not read");
}

void Connection::await_output() {
  if (flushing_) return;
  flushing_ = true;
  socket_.async_wait(stream_protocol::socket::wait_write, [self = shared_from_this()](error_code error) {
    self->flushing_ = false;
    if (!error) self->flush();
  });
}

void Connection::flush() {
  while (!output_.empty() && !ended_) {
    const std::span rest = std::span(output_.front()).subspan(sent_);
    iovec piece = piece_of(rest);
    const std::size_t size = send_now(&piece, 1);
    sent_ += size;
    unsent_ -= size;
    if (size < rest.size()) return await_output();
    output_.pop_front();
    sent_ = 0;
  }
}

}  // namespace cardvp::host::vfio_user
