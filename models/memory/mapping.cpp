#include "models/memory/mapping.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

namespace cardvp::memory {

Mapping::Mapping(std::uint64_t size) {
  if (size == 0) return;
  // MAP_NORESERVE: a card's DRAM may be larger than what this host has, as long as the guest does not fill it.
  void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED)
    throw std::runtime_error(fmt::format("no {} bytes of address space for a memory: {}", size, std::strerror(errno)));
  bytes_ = {static_cast<std::byte*>(at), size};
}

Mapping::~Mapping() {
  if (!bytes_.empty()) munmap(bytes_.data(), bytes_.size());
}

void Mapping::clear() {
  if (!bytes_.empty() && madvise(bytes_.data(), bytes_.size(), MADV_DONTNEED) != 0)
    std::memset(bytes_.data(), 0, bytes_.size());
}

}  // namespace cardvp::memory
