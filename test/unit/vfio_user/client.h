// A vfio-user client that speaks bytes: it shares no definition with the server. Numbers are those of the protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cardvp::host::vfio_user::test {

// A file descriptor that closes itself.
class File {
 public:
  explicit File(int fd = -1) : fd_(fd) {}
  File(File&& other) noexcept : fd_(other.release()) {}
  File& operator=(File&& other) noexcept;
  ~File() { reset(); }
  int get() const { return fd_; }
  int release();
  void reset();

 private:
  int fd_;
};

File memory_file(std::size_t bytes);  // zeros
File event();
// How often an eventfd was signalled since the last call.
std::uint64_t events(const File& file);

// A payload, put together.
class Bytes {
 public:
  template <class T>
  Bytes& put(T value) {
    const auto* const from = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), from, from + sizeof value);
    return *this;
  }
  Bytes& u16(std::uint16_t value) { return put(value); }
  Bytes& u32(std::uint32_t value) { return put(value); }
  Bytes& u64(std::uint64_t value) { return put(value); }
  Bytes& text(const std::string& value, bool zero = true);
  Bytes& raw(std::span<const std::byte> value);
  Bytes& fill(std::size_t count, std::uint8_t value = 0);
  const std::vector<std::byte>& get() const { return bytes_; }
  operator std::span<const std::byte>() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::vector<std::byte> bytes_;
};

// What came from the server.
struct Received {
  std::uint16_t id = 0, command = 0;
  std::uint32_t size = 0, flags = 0, error = 0;
  std::vector<std::byte> payload;

  bool is_error() const { return flags & 0x20; }
  template <class T>
  T at(std::size_t offset) const {
    T value{};
    if (offset + sizeof value <= payload.size()) std::memcpy(&value, &payload[offset], sizeof value);
    return value;
  }
  std::uint32_t u32(std::size_t offset) const { return at<std::uint32_t>(offset); }
  std::uint64_t u64(std::size_t offset) const { return at<std::uint64_t>(offset); }
};

enum : std::uint16_t {
  kVersion = 1,
  kDmaMap = 2,
  kDmaUnmap = 3,
  kGetInfo = 4,
  kGetRegionInfo = 5,
  kGetRegionIoFds = 6,
  kGetIrqInfo = 7,
  kSetIrqs = 8,
  kRegionRead = 9,
  kRegionWrite = 10,
  kDmaRead = 11,
  kDmaWrite = 12,
  kReset = 13,
  kWriteMulti = 15,
};
inline constexpr std::uint32_t kReplyFlag = 1, kNoReply = 0x10, kErrorFlag = 0x20;

class Client {
 public:
  bool connect(const std::string& path);
  void close() { socket_.reset(); }
  bool connected() const { return socket_.get() >= 0; }

  // A message whose header says what the message is.
  std::uint16_t send(std::uint16_t command, std::span<const std::byte> payload, std::uint32_t flags = 0,
                     std::span<const int> files = {});
  void answer(const Received& to, std::span<const std::byte> payload);
  void answer_error(const Received& to, std::uint32_t error);
  static Bytes header(std::uint16_t id, std::uint16_t command, std::uint32_t size, std::uint32_t flags,
                      std::uint32_t error = 0);
  // Bytes as they are. False: the server has closed, or takes no more now.
  bool send_raw(std::span<const std::byte> bytes, std::span<const int> files = {});

  // A message that is there.
  std::optional<Received> receive();
  // The file that came last.
  const File& file() const { return file_; }
  // The server has closed; what it sent before may still be there.
  bool closed();
  std::uint16_t next_id() const { return id_; }

 private:
  void read_in();

  File socket_, file_;
  std::uint16_t id_ = 0;
  std::vector<std::byte> input_;
  bool end_ = false;
};

}  // namespace cardvp::host::vfio_user::test
