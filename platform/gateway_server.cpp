#include "platform/gateway_server.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>  // which Boost 1.74's Asio forgets under C++20
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

namespace cardvp::platform {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr auto kLastWord = std::chrono::seconds(1);

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

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& problem) {
  throw std::runtime_error(fmt::format("--gateway {}: {}; choose another name", path.string(), problem));
}

// A run that was killed leaves its socket behind. Any other file is somebody's.
void remove_stale(asio::io_context& io, const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) fail(path, "there is a file already that is no socket");
  error_code error;
  stream_protocol::socket(io).connect(stream_protocol::endpoint(path.string()), error);
  if (error != asio::error::connection_refused) fail(path, "somebody listens there already");
  ::unlink(path.c_str());
}

}  // namespace

// Lives on in the handlers of what it has begun, when nobody else wants it any more.
struct GatewayServer::Client : std::enable_shared_from_this<Client> {
  Client(stream_protocol::socket&& from, Gateway& to) : socket(std::move(from)), gateway(to) {}

  void receive() {
    if (closed || ended || receiving) return;
    receiving = true;
    socket.async_read_some(asio::buffer(piece), [self = shared_from_this()](error_code error, std::size_t size) {
      self->receiving = false;
      if (self->closed) return;
      self->ended |= error.failed();
      self->take({self->piece.data(), size});
    });
  }

  void take(std::string_view bytes) {
    while (!bytes.empty() && !closed && !ended_by_us) {
      const std::size_t end = bytes.find('\n');
      line += bytes.substr(0, end);
      bytes.remove_prefix(std::min(bytes.size(), end == std::string_view::npos ? end : end + 1));
      // A line that is too long is for the gateway to deny, and then its sender is done.
      ended_by_us = line.size() > Gateway::kMostLine;
      if (end == std::string_view::npos && !ended_by_us) return;
      ++outstanding;
      gateway.call(std::exchange(line, {}), [weak = weak_from_this()](const std::string& answer) {
        if (const auto self = weak.lock()) self->answer(answer);
      });
    }
    ended |= ended_by_us;
  }

  void answer(const std::string& text) {
    --outstanding;
    if (closed) return;
    output += text;
    output += '\n';
    if (output.size() > kMostUnsent) close();
    send();
  }

  void send() {
    if (closed || !on_the_way.empty() || output.empty()) return;
    on_the_way = std::exchange(output, {});
    asio::async_write(socket, asio::buffer(on_the_way), [self = shared_from_this()](error_code error, std::size_t) {
      if (error) self->close();
      self->on_the_way.clear();
      self->send();
    });
  }

  void close() {
    closed = true;
    error_code ignored;
    socket.close(ignored);
  }

  bool sending() const { return !closed && !(output.empty() && on_the_way.empty()); }
  // It will send no more calls, and has got its answers.
  bool done() const { return closed || (ended && outstanding == 0 && !sending()); }

  stream_protocol::socket socket;
  Gateway& gateway;
  std::array<char, 16 * 1024> piece;
  std::string line;  // what has come of it
  std::string output, on_the_way;
  std::size_t outstanding = 0;
  bool receiving = false, closed = false;
  bool ended = false;        // nothing more is read
  bool ended_by_us = false;  // because of what it sent
};

struct GatewayServer::Port {
  Port(const std::filesystem::path& where, Gateway& to) : path(where), gateway(to), acceptor(io) {
    if (path.string().size() >= sizeof(sockaddr_un::sun_path))
      fail(path, fmt::format("a socket's name has at most {} bytes", sizeof(sockaddr_un::sun_path) - 1));
    remove_stale(io, path);
    const PrivateFiles guard;
    try {
      acceptor.open();
      acceptor.bind(stream_protocol::endpoint(path.string()));
      if (::lstat(path.c_str(), &own) != 0) fail(path, std::generic_category().message(errno));
      acceptor.listen();
    } catch (const boost::system::system_error& error) {
      fail(path, error.code().message());
    }
  }
  ~Port() {
    for (const auto& client : clients) client->close();
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && status.st_dev == own.st_dev && status.st_ino == own.st_ino)
      ::unlink(path.c_str());
  }

  // The context for one look: each client is to be read from once.
  asio::io_context& ready() {
    std::erase_if(clients, [](const auto& client) {
      if (client->done()) client->close();
      return client->closed;
    });
    for (const auto& client : clients) client->receive();
    accept();
    io.restart();
    return io;
  }

  // Not again in its own handler: an error that stays would be an endless loop.
  void accept() {
    if (accepting) return;
    accepting = true;
    acceptor.async_accept([this](error_code error, stream_protocol::socket socket) {
      accepting = false;
      if (error || clients.size() == kMostClients) return;
      clients.push_back(std::make_shared<Client>(std::move(socket), gateway));
    });
  }

  void flush() {
    const auto end = std::chrono::steady_clock::now() + kLastWord;
    const auto sending = [this] {
      return std::any_of(clients.begin(), clients.end(), [](const auto& client) { return client->sending(); });
    };
    io.restart();
    while (sending() && std::chrono::steady_clock::now() < end) io.run_one_until(end);
  }

  std::filesystem::path path;
  Gateway& gateway;
  asio::io_context io{1};
  stream_protocol::acceptor acceptor;
  struct stat own {};
  bool accepting = false;
  std::vector<std::shared_ptr<Client>> clients;
};

GatewayServer::GatewayServer(const std::filesystem::path& path, Gateway& gateway)
    : port_(std::make_unique<Port>(path, gateway)) {}

GatewayServer::~GatewayServer() { port_->flush(); }

void GatewayServer::poll() { port_->ready().poll(); }
void GatewayServer::wait(std::chrono::microseconds longest) { port_->ready().run_one_for(longest); }

}  // namespace cardvp::platform
