#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

#include "models/storage/medium.h"

namespace cardvp::storage {
namespace {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// By pread and pwrite rather than a mapping: a file that becomes shorter while it is in use is then a failed read,
// where a mapping would give SIGBUS.
class FileMedium : public Medium {
 public:
  FileMedium(FileDescriptor fd, std::uint64_t size, bool read_only)
      : fd_(std::move(fd)), size_(size), read_only_(read_only) {}

  std::uint64_t size() const override { return size_; }
  bool read_only() const override { return read_only_; }

  bool read(std::uint64_t offset, std::span<std::byte> to) override {
    return whole(offset, to, [this](std::span<std::byte> part, off_t at) {
      return ::pread(fd_.get(), part.data(), part.size(), at);
    });
  }
  bool write(std::uint64_t offset, std::span<const std::byte> from) override {
    return !read_only_ && whole(offset, from, [this](std::span<const std::byte> part, off_t at) {
      return ::pwrite(fd_.get(), part.data(), part.size(), at);
    });
  }
  bool flush() override { return read_only_ || ::fdatasync(fd_.get()) == 0; }

 private:
  // The system may do less than it was asked for; nothing at all is the end of the file.
  template <class Bytes, class Operation>
  static bool whole(std::uint64_t offset, Bytes bytes, Operation operation) {
    while (!bytes.empty()) {
      const ssize_t done = operation(bytes, static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) return false;
      offset += static_cast<std::uint64_t>(done);
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
    return true;
  }

  FileDescriptor fd_;
  std::uint64_t size_;
  bool read_only_;
};

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw std::runtime_error(fmt::format("volume file {}: {}", path, why));
}

std::string remedy(int error, bool read_only) {
  switch (error) {
    case ENOENT: return "name an existing file, or ask for it to be created with a size";
    case EACCES:
    case EROFS: return read_only ? "make it readable" : "make it writable, or use the volume read-only";
    case EISDIR: return "name a file";
    default: return "check the path and its permissions";
  }
}

std::uint64_t size_of(const std::string& path, int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) fail(path, std::strerror(errno));
  if (S_ISREG(status.st_mode)) return static_cast<std::uint64_t>(status.st_size);
  if (!S_ISBLK(status.st_mode)) fail(path, "neither a regular file nor a block device; name one of these");
  const off_t end = ::lseek(fd, 0, SEEK_END);
  if (end < 0) fail(path, std::strerror(errno));
  return static_cast<std::uint64_t>(end);
}

}  // namespace

std::unique_ptr<Medium> make_file_medium(const std::string& path, std::uint64_t size, bool create, bool read_only) {
  if (size > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()))
    fail(path, fmt::format("no file can have {} bytes; ask for less", size));
  const bool make = create && !read_only && size != 0;
  // O_NONBLOCK: so that opening a FIFO by mistake does not hang; regular files ignore it.
  FileDescriptor fd(
      ::open(path.c_str(), (read_only ? O_RDONLY : O_RDWR) | (make ? O_CREAT : 0) | O_CLOEXEC | O_NONBLOCK, 0644));
  if (fd.get() < 0) {
    const int error = errno;
    fail(path, fmt::format("cannot open for {}: {}; {}", read_only ? "reading" : "reading and writing",
                           std::strerror(error), remedy(error, read_only)));
  }
  const std::uint64_t present = size_of(path, fd.get());
  if (size == 0) {
    if (present == 0) fail(path, "empty; give the volume a size, or name a file with content");
    if (present % 512 != 0)
      fail(path,
           fmt::format("its size, {} bytes, is not a multiple of 512; extend it, or give the volume a size", present));
    size = present;
  }
  if (present < size) {
    if (!make)
      fail(path, fmt::format("has {} bytes, but the volume needs {}; extend it (truncate -s {}), ask for it to be "
                             "created, or make the volume smaller",
                             present, size, size));
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
      fail(path,
           fmt::format("cannot extend from {} to {} bytes: {}; make the volume smaller, or use another file system",
                       present, size, std::strerror(errno)));
  }
  return std::make_unique<FileMedium>(std::move(fd), size, read_only);
}

}  // namespace cardvp::storage
