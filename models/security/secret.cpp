#include "models/security/secret.h"

#include <openssl/crypto.h>
#include <sys/mman.h>

#include <new>

namespace cardvp::security {

SecretMemory::SecretMemory(std::size_t size) : size_(size) {
  void* const pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<std::byte*>(pages);
  ::madvise(pages, size, MADV_DONTDUMP);
  ::mlock(pages, size);  // may fail: RLIMIT_MEMLOCK
}

SecretMemory::~SecretMemory() {
  OPENSSL_cleanse(base_, size_);
  ::munmap(base_, size_);
}

}  // namespace cardvp::security
