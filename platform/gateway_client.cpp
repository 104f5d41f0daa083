#include "platform/gateway_client.h"

#include <stdexcept>
#include <utility>  // which Boost 1.74's Asio forgets under C++20

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

namespace cardvp::platform {

namespace asio = boost::asio;

std::string call_gateway(const std::filesystem::path& socket, std::string line) {
  boost::system::error_code error;
  asio::io_context io;
  asio::local::stream_protocol::socket connection(io);
  try {
    connection.connect(asio::local::stream_protocol::endpoint(socket.string()), error);
  } catch (const boost::system::system_error& unusable) {  // a name that is too long
    error = unusable.code();
  }
  if (error)
    throw std::runtime_error(fmt::format("{}: {}; is there a run with --gateway?", socket.string(), error.message()));
  line += '\n';
  std::string answer;
  asio::write(connection, asio::buffer(line), error);  // one that is denied early is answered all the same
  const std::size_t size = asio::read_until(connection, asio::dynamic_buffer(answer), '\n', error);
  if (size == 0) throw std::runtime_error(fmt::format("{}: the run ended ahead of an answer", socket.string()));
  return answer.substr(0, size - 1);
}

}  // namespace cardvp::platform
