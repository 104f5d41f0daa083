// A Unix socket that listens at a name of its own, which only this user can connect to.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <utility>  // which Boost 1.74's Asio forgets under C++20

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

namespace cardvp::host::vfio_user {

class SocketFile {
 public:
  // Replaces a socket that nobody listens at any more, and nothing else. Throws std::runtime_error, with remedy.
  SocketFile(boost::asio::io_context& io, const std::filesystem::path& path);
  // Removes the file, if it is still its own.
  ~SocketFile();
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  boost::asio::local::stream_protocol::acceptor& acceptor() { return acceptor_; }

 private:
  const std::filesystem::path path_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  struct stat own_ {};
};

}  // namespace cardvp::host::vfio_user
