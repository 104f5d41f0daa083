#include "models/wire/datagram_socket.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>  // which Boost 1.74's Asio forgets under C++20

#include <boost/asio/generic/datagram_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/datagram_protocol.hpp>

#include <fmt/format.h>

namespace cardvp::wire {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;
using Unix = asio::local::datagram_protocol;
using Protocol = asio::generic::datagram_protocol;

namespace {

constexpr int kBurst = 4 << 20;  // bytes that may come between two looks

[[noreturn]] void fail(const std::string& where, const std::string& problem, const char* remedy) {
  throw std::runtime_error(fmt::format("socket {}: {}; {}", where, problem, remedy));
}

udp::endpoint udp_endpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::string address = text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  else if (address.find(':') != address.npos)
    address.clear();  // IPv6 without its brackets
  error_code error;
  const asio::ip::address ip = asio::ip::make_address(address, error);
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(colon == text.npos ? end : text.data() + colon + 1, end, port);
  if (error || number.ec != std::errc() || number.ptr != end)
    fail(text, "no address and port", "write it as 127.0.0.1:4000 or [::1]:4000");
  return {ip, port};
}

Unix::endpoint unix_endpoint(const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
    fail(path, fmt::format("a socket's name has 1 to {} bytes", sizeof(sockaddr_un::sun_path) - 1),
         "choose another name");
  return {path};
}

// What the process creates while this lives is its user's alone.
class PrivateFiles {
 public:
  PrivateFiles() : before_(::umask(0177)) {}
  ~PrivateFiles() { ::umask(before_); }
  PrivateFiles(const PrivateFiles&) = delete;
  PrivateFiles& operator=(const PrivateFiles&) = delete;

 private:
  mode_t before_;
};

// A run that was killed leaves its socket behind. Any other file is somebody's.
void remove_stale(asio::io_context& io, const std::string& path) {
  constexpr const char* kRemedy = "choose another name, or remove it";
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) fail(path, "there is a file already that is no socket", kRemedy);
  error_code error;
  Unix::socket probe(io, Unix());
  probe.connect(Unix::endpoint(path), error);
  if (error != asio::error::connection_refused) fail(path, "it is in use", kRemedy);
  ::unlink(path.c_str());
}

}  // namespace

struct DatagramSocket::State {
  explicit State(const Protocol& protocol) : socket(io, protocol) {
    socket.non_blocking(true);
    error_code ignored;  // the system may allow less
    socket.set_option(asio::socket_base::receive_buffer_size(kBurst), ignored);
  }
  ~State() {
    struct stat status {};
    if (!path.empty() && ::lstat(path.c_str(), &status) == 0 && status.st_dev == own.st_dev &&
        status.st_ino == own.st_ino)
      ::unlink(path.c_str());
  }

  asio::io_context io{1};
  Protocol::socket socket;
  Protocol::endpoint peer;
  std::string path;  // of a Unix socket
  struct stat own {};
  std::array<std::byte, 65536> buffer;  // any datagram, so that a long one is known as such
};

DatagramSocket::DatagramSocket(std::unique_ptr<State> state) : state_(std::move(state)) {}
DatagramSocket::DatagramSocket(DatagramSocket&&) noexcept = default;
DatagramSocket::~DatagramSocket() = default;

DatagramSocket DatagramSocket::udp(const std::string& listen, const std::string& peer) {
  const udp::endpoint own = udp_endpoint(listen);
  const udp::endpoint other = udp_endpoint(peer);
  if (own.protocol() != other.protocol()) fail(listen, "the peer's address is of the other family", "use one of both");
  try {
    auto state = std::make_unique<State>(Protocol(own.protocol()));
    state->socket.bind(own);
    state->socket.connect(other);
    state->peer = other;
    return DatagramSocket(std::move(state));
  } catch (const boost::system::system_error& error) {
    fail(fmt::format("{} to {}", listen, peer), error.code().message(),
         "choose an address of this machine and a port that is free");
  }
}

DatagramSocket DatagramSocket::unix_domain(const std::string& listen, const std::string& peer) {
  const Unix::endpoint own = unix_endpoint(listen);
  auto state = std::make_unique<State>(Protocol(Unix()));
  state->peer = unix_endpoint(peer);
  remove_stale(state->io, listen);
  const PrivateFiles guard;
  error_code error;
  state->socket.bind(own, error);
  if (error) fail(listen, error.message(), "choose a name in a folder that can be written to");
  if (::lstat(listen.c_str(), &state->own) != 0)
    fail(listen, std::generic_category().message(errno), "choose another name");
  state->path = listen;
  return DatagramSocket(std::move(state));
}

DatagramSocket::Result DatagramSocket::send(std::span<const std::byte> datagram) {
  const auto buffer = asio::buffer(datagram.data(), datagram.size());
  error_code error;
  const auto once = [&] {
    // A Unix socket is not connected, as its peer may come later, or again.
    if (state_->path.empty())
      state_->socket.send(buffer, 0, error);
    else
      state_->socket.send_to(buffer, state_->peer, 0, error);
  };
  once();
  if (error == asio::error::connection_refused) {
    once();  // what was refused is an earlier one, in whose place this was not sent
    return Result::kNoPeer;
  }
  if (!error) return Result::kDone;
  if (error == boost::system::errc::no_such_file_or_directory) return Result::kNoPeer;
  if (error == asio::error::would_block || error == asio::error::no_buffer_space) return Result::kBusy;
  return Result::kFailed;
}

DatagramSocket::Result DatagramSocket::receive(std::span<const std::byte>& datagram) {
  error_code error;
  const std::size_t size = state_->socket.receive(asio::buffer(state_->buffer), 0, error);
  if (error == asio::error::would_block) return Result::kNothing;
  if (error == asio::error::connection_refused) return Result::kNoPeer;
  if (error) return Result::kFailed;
  datagram = {state_->buffer.data(), size};
  return Result::kDone;
}

std::string DatagramSocket::local() const {
  if (!state_->path.empty()) return state_->path;
  const Protocol::endpoint generic = state_->socket.local_endpoint();
  udp::endpoint own;
  own.resize(generic.size());
  std::memcpy(own.data(), generic.data(), generic.size());
  const std::string address = own.address().to_string();
  return own.address().is_v6() ? fmt::format("[{}]:{}", address, own.port())
                               : fmt::format("{}:{}", address, own.port());
}

}  // namespace cardvp::wire
