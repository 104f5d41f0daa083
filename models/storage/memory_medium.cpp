#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "models/storage/medium.h"

namespace cardvp::storage {
namespace {

class MemoryMedium : public Medium {
 public:
  explicit MemoryMedium(std::uint64_t size) : size_(size) {
    void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED)
      throw std::runtime_error(
          fmt::format("cannot get {} bytes of memory for a volume: {}; make it smaller, or keep it "
                      "in a file",
                      size, std::strerror(errno)));
    bytes_ = static_cast<std::byte*>(at);
  }
  MemoryMedium(const MemoryMedium&) = delete;
  MemoryMedium& operator=(const MemoryMedium&) = delete;
  ~MemoryMedium() override { ::munmap(bytes_, size_); }

  std::uint64_t size() const override { return size_; }
  std::span<std::byte> direct(std::uint64_t offset, std::size_t size) override { return {bytes_ + offset, size}; }
  bool read(std::uint64_t offset, std::span<std::byte> to) override {
    std::memcpy(to.data(), bytes_ + offset, to.size());
    return true;
  }
  bool write(std::uint64_t offset, std::span<const std::byte> from) override {
    std::memcpy(bytes_ + offset, from.data(), from.size());
    return true;
  }
  bool flush() override { return true; }

 private:
  std::uint64_t size_;
  std::byte* bytes_;
};

}  // namespace

std::unique_ptr<Medium> make_memory_medium(std::uint64_t size) { return std::make_unique<MemoryMedium>(size); }

}  // namespace cardvp::storage
