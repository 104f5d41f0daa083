#include "models/arm/gdb/connection.h"

#include <array>
#include <stdexcept>
#include <utility>  // which Boost 1.74's Asio forgets under C++20

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

namespace cardvp::arm::gdb {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Lives on in the handlers of what it has begun, when nobody else wants it any more.
struct Connection::Client : std::enable_shared_from_this<Client> {
  explicit Client(tcp::socket&& from) : socket(std::move(from)) {}

  void receive() {
    if (lost || receiving || !input.empty() || sending()) return;
    receiving = true;
    socket.async_read_some(asio::buffer(piece), [self = shared_from_this()](error_code error, std::size_t size) {
      self->receiving = false;
      self->lost |= error.failed();
      self->input.assign(self->piece.data(), size);
    });
  }

  void send() {
    if (lost || sending() || output.empty()) return;
    on_the_way = std::exchange(output, {});
    asio::async_write(socket, asio::buffer(on_the_way), [self = shared_from_this()](error_code error, std::size_t) {
      self->lost |= error.failed();
      self->on_the_way.clear();
      self->send();
      self->receive();
    });
  }

  bool sending() const { return !on_the_way.empty(); }

  tcp::socket socket;
  std::array<char, 4096> piece;
  std::string input, output, on_the_way;
  bool receiving = false, lost = false;
};

struct Connection::Port {
  explicit Port(std::uint16_t port) try : acceptor(io, {asio::ip::address_v4::loopback(), port}) {
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(
        fmt::format("port {} of 127.0.0.1 is not to be had for gdb: {}; choose another one, or 0 for "
                    "any that is free",
                    port, error.code().message()));
  }

  // The context for one look. One that ran out of work would not look again by itself.
  asio::io_context& ready() {
    io.restart();
    accept();
    return io;
  }

  // Not again in its own handler: an error that stays would be an endless loop.
  void accept() {
    if (accepting) return;
    accepting = true;
    acceptor.async_accept([this](error_code error, tcp::socket socket) {
      accepting = false;
      if (error || client) return;
      error_code ignored;  // it works without, only slower
      socket.set_option(tcp::no_delay(true), ignored);
      client = std::make_shared<Client>(std::move(socket));
      client->receive();
    });
  }

  asio::io_context io{1};
  tcp::acceptor acceptor;
  bool accepting = false;
  std::shared_ptr<Client> client;
};

Connection::Connection(std::uint16_t port) : port_(std::make_unique<Port>(port)) {}
Connection::~Connection() { close(); }

std::uint16_t Connection::port() const { return port_->acceptor.local_endpoint().port(); }

Connection::State Connection::state() const {
  if (!port_->client) return State::kNone;
  return port_->client->lost ? State::kLost : State::kOpen;
}

void Connection::poll() { port_->ready().poll(); }
void Connection::wait(std::chrono::milliseconds limit) { port_->ready().run_one_for(limit); }

std::string Connection::take() {
  if (!port_->client) return {};
  std::string input = std::exchange(port_->client->input, {});
  port_->client->receive();
  return input;
}

void Connection::send(std::string_view bytes) {
  if (!port_->client) return;
  port_->client->output += bytes;
  port_->client->send();
}

void Connection::flush(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (state() == State::kOpen && port_->client->sending() && std::chrono::steady_clock::now() < end)
    port_->ready().run_one_until(end);
}

void Connection::close() {
  if (const std::shared_ptr<Client> client = std::exchange(port_->client, nullptr)) {
    error_code ignored;
    client->socket.close(ignored);
  }
}

}  // namespace cardvp::arm::gdb
