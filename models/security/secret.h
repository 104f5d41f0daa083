// Memory for key bytes: pages of its own that core dumps leave out (MADV_DONTDUMP) and, as far as the host's limits
// allow, swapping too; zeroised when it is released.
#pragma once

#include <cstddef>
#include <span>

namespace cardvp::security {

class SecretMemory {
 public:
  // Zeros. Throws std::bad_alloc.
  explicit SecretMemory(std::size_t size);
  ~SecretMemory();
  SecretMemory(const SecretMemory&) = delete;
  SecretMemory& operator=(const SecretMemory&) = delete;

  std::span<std::byte> bytes() const { return {base_, size_}; }
  std::span<std::byte> first(std::size_t size) const { return bytes().first(size); }

 private:
  std::byte* base_;
  std::size_t size_;
};

// Makes OpenSSL allocate from pages that core dumps leave out, and zeroise what it frees: its cipher contexts hold
// expanded keys, whose first bytes are the keys themselves. For the process as a whole, so a program calls it first of
// all in main(), before anything else uses OpenSSL; then it is too late, and false is returned.
bool exclude_openssl_from_dumps();

}  // namespace cardvp::security
