#include "test/unit/vfio_user/client.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace cardvp::host::vfio_user::test {

File& File::operator=(File&& other) noexcept {
  reset();
  fd_ = other.release();
  return *this;
}
int File::release() { return std::exchange(fd_, -1); }
void File::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

File memory_file(std::size_t bytes) {
  File file(::memfd_create("guest", MFD_CLOEXEC));
  if (::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) file.reset();
  return file;
}
File event() { return File(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }
std::uint64_t events(const File& file) {
  std::uint64_t count = 0;
  return ::read(file.get(), &count, sizeof count) == sizeof count ? count : 0;
}

Bytes& Bytes::text(const std::string& value, bool zero) {
  raw(std::as_bytes(std::span(value)));
  return zero ? fill(1) : *this;
}
Bytes& Bytes::raw(std::span<const std::byte> value) {
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return *this;
}
Bytes& Bytes::fill(std::size_t count, std::uint8_t value) {
  bytes_.insert(bytes_.end(), count, std::byte{value});
  return *this;
}

bool Client::connect(const std::string& path) {
  socket_ = File(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  input_.clear();
  end_ = false;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  return ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
}

Bytes Client::header(std::uint16_t id, std::uint16_t command, std::uint32_t size, std::uint32_t flags,
                     std::uint32_t error) {
  return Bytes().u16(id).u16(command).u32(size).u32(flags).u32(error);
}

std::uint16_t Client::send(std::uint16_t command, std::span<const std::byte> payload, std::uint32_t flags,
                           std::span<const int> files) {
  const std::uint16_t id = id_++;
  send_raw(header(id, command, static_cast<std::uint32_t>(16 + payload.size()), flags).raw(payload), files);
  return id;
}

void Client::answer(const Received& to, std::span<const std::byte> payload) {
  send_raw(header(to.id, to.command, static_cast<std::uint32_t>(16 + payload.size()), kReplyFlag).raw(payload));
}
void Client::answer_error(const Received& to, std::uint32_t error) {
  send_raw(header(to.id, to.command, 16, kReplyFlag | kErrorFlag, error));
}

bool Client::send_raw(std::span<const std::byte> bytes, std::span<const int> files) {
  std::array<std::byte, CMSG_SPACE(64 * sizeof(int))> control{};
  while (!bytes.empty()) {
    iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (!files.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(files.size_bytes());
      cmsghdr* const item = CMSG_FIRSTHDR(&message);
      item->cmsg_level = SOL_SOCKET;
      item->cmsg_type = SCM_RIGHTS;
      item->cmsg_len = CMSG_LEN(files.size_bytes());
      std::memcpy(CMSG_DATA(item), files.data(), files.size_bytes());
    }
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
    files = {};
  }
  return true;
}

void Client::read_in() {
  std::array<std::byte, 65536> piece;
  while (!end_ && connected()) {
    iovec part{piece.data(), piece.size()};
    alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (size < 0 && errno == EAGAIN) return;
    if (const cmsghdr* const rights = CMSG_FIRSTHDR(&message); size > 0 && rights) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
      file_ = File(fd);
    }
    if (size <= 0)
      end_ = true;
    else
      input_.insert(input_.end(), piece.begin(), piece.begin() + size);
  }
}

std::optional<Received> Client::receive() {
  read_in();
  if (input_.size() < 16) return std::nullopt;
  Received message;
  std::memcpy(&message.id, &input_[0], 2);
  std::memcpy(&message.command, &input_[2], 2);
  std::memcpy(&message.size, &input_[4], 4);
  std::memcpy(&message.flags, &input_[8], 4);
  std::memcpy(&message.error, &input_[12], 4);
  if (message.size < 16 || input_.size() < message.size) return std::nullopt;
  message.payload.assign(input_.begin() + 16, input_.begin() + message.size);
  input_.erase(input_.begin(), input_.begin() + message.size);
  return message;
}

bool Client::closed() {
  read_in();
  return end_;
}

}  // namespace cardvp::host::vfio_user::test
