// The allocator that exclude_openssl_from_dumps() gives to OpenSSL: blocks of powers of two, cut from chunks of pages
// that core dumps leave out; what is larger than a chunk's share has pages of its own.
#include <openssl/crypto.h>
#include <sys/mman.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>

#include "models/security/secret.h"

namespace cardvp::security {
namespace {

class Arena {
 public:
  void* allocate(std::size_t size) {
    if (size > std::numeric_limits<std::size_t>::max() / 4) return nullptr;
    const std::size_t whole = std::bit_ceil(size + sizeof(Header));
    if (whole > kLargest) return allocate_pages(size);
    const std::size_t kind =
        whole <= kSmallest ? 0 : static_cast<std::size_t>(std::countr_zero(whole) - kSmallestShift);
    const std::lock_guard lock(mutex_);
    if (!free_[kind] && !refill(kind)) return nullptr;
    Header* const header = free_[kind];
    free_[kind] = header->next;
    header->size = kSmallest << kind;
    header->kind = kind;
    return header + 1;
  }

  void release(void* block) {
    if (!block) return;
    Header* const header = static_cast<Header*>(block) - 1;
    if (header->kind == kPages) {
      const std::size_t size = header->size;
      OPENSSL_cleanse(header, size);
      ::munmap(header, size);
      return;
    }
    const std::size_t kind = header->kind;
    OPENSSL_cleanse(block, header->size - sizeof(Header));
    const std::lock_guard lock(mutex_);
    header->next = free_[kind];
    free_[kind] = header;
  }

  void* reallocate(void* block, std::size_t size) {
    if (!block) return allocate(size);
    const Header* const header = static_cast<Header*>(block) - 1;
    const std::size_t room = header->size - sizeof(Header);
    if (size <= room) return block;
    void* const larger = allocate(size);
    if (!larger) return nullptr;
    std::memcpy(larger, block, room);
    release(block);
    return larger;
  }

 private:
  struct alignas(16) Header {
    std::size_t size = 0;  // of the whole block, this header included
    union {
      std::size_t kind;  // while in use
      Header* next;      // while free
    };
  };
  static constexpr unsigned kSmallestShift = 5;
  static constexpr std::size_t kSmallest = 1 << kSmallestShift;
  static constexpr std::size_t kLargest = 64 << 10;
  static constexpr std::size_t kKinds = 12;
  static constexpr std::size_t kChunk = 256 << 10;
  static constexpr std::size_t kPages = ~std::size_t{0};
  static_assert(kSmallest << (kKinds - 1) == kLargest);

  static void* pages(std::size_t size) {
    void* const made = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED) return nullptr;
    ::madvise(made, size, MADV_DONTDUMP);
    return made;
  }

  static void* allocate_pages(std::size_t size) {
    auto* const header = static_cast<Header*>(pages(size + sizeof(Header)));
    if (!header) return nullptr;
    header->size = size + sizeof(Header);
    header->kind = kPages;
    return header + 1;
  }

  bool refill(std::size_t kind) {
    auto* const chunk = static_cast<std::byte*>(pages(kChunk));
    if (!chunk) return false;
    const std::size_t size = kSmallest << kind;
    for (std::size_t at = kChunk; at >= size; at -= size) {
      auto* const header = reinterpret_cast<Header*>(chunk + at - size);
      header->next = free_[kind];
      free_[kind] = header;
    }
    return true;
  }

  std::mutex mutex_;
  std::array<Header*, kKinds> free_{};
};

// Of the process, as OpenSSL's allocator is; never destroyed, since OpenSSL frees in exit handlers.
Arena& arena() {
  static Arena& instance = *new Arena;
  return instance;
}

}  // namespace

bool exclude_openssl_from_dumps() {
  arena();
  return CRYPTO_set_mem_functions(
             [](std::size_t size, const char*, int) { return arena().allocate(size); },
             [](void* block, std::size_t size, const char*, int) -> void* { return arena().reallocate(block, size); },
             [](void* block, const char*, int) { arena().release(block); }) == 1;
}

}  // namespace cardvp::security
