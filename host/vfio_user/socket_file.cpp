#include "host/vfio_user/socket_file.h"

#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

#include <fmt/format.h>

namespace cardvp::host::vfio_user {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

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
  throw std::runtime_error(fmt::format("socket {}: {}; choose another folder", path.string(), problem));
}

// A run that was killed leaves its socket behind. Any other file is somebody's.
void remove_stale(asio::io_context& io, const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) fail(path, "there is a file already that is no socket");
  error_code error;
  stream_protocol::socket probe(io, stream_protocol());
  probe.non_blocking(true, error);  // a backlog that is full is somebody's, too
  probe.connect(stream_protocol::endpoint(path.string()), error);
  if (error != asio::error::connection_refused) fail(path, "somebody listens there already");
  ::unlink(path.c_str());
}

}  // namespace

SocketFile::SocketFile(asio::io_context& io, const std::filesystem::path& path) : path_(path), acceptor_(io) {
  if (path.string().size() >= sizeof(sockaddr_un::sun_path))
    fail(path, fmt::format("a socket's name has at most {} bytes", sizeof(sockaddr_un::sun_path) - 1));
  remove_stale(io, path);
  const PrivateFiles guard;
  try {
    acceptor_.open();
    acceptor_.bind(stream_protocol::endpoint(path.string()));
    if (::lstat(path.c_str(), &own_) != 0) fail(path, std::generic_category().message(errno));
    acceptor_.listen();
  } catch (const boost::system::system_error& error) {
    fail(path, error.code().message());
  }
}

SocketFile::~SocketFile() {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == own_.st_dev && status.st_ino == own_.st_ino)
    ::unlink(path_.c_str());
}

}  // namespace cardvp::host::vfio_user
