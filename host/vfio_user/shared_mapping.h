// A piece of a client's file in this process's memory: guest RAM.
//
// The client can make its file shorter at any time, and every access behind the new end is a SIGBUS. A seal against it
// (F_SEAL_SHRINK), which QEMU's memfd has, cannot be asked for, since RAM in a file on a tmpfs has none. So the first
// such signal puts private memory, zeros, in the place of the whole mapping: who was accessing it goes on, damaged()
// says so, and the owner closes the client. Signals at other addresses go where they went before.
//
// Made, used and destroyed by one thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cardvp::host::vfio_user {

class SharedMapping {
 public:
  // Maps [offset, offset + size) of `fd`, which may be closed afterwards. Null, and errno in `error`, if that is not a
  // regular file of at least that length that may be accessed so. `offset` and `size` are multiples of the page size.
  static std::unique_ptr<SharedMapping> map(int fd, std::uint64_t offset, std::uint64_t size, bool writable,
                                            int& error);
  ~SharedMapping();
  SharedMapping(const SharedMapping&) = delete;
  SharedMapping& operator=(const SharedMapping&) = delete;

  std::byte* data() const { return base_; }
  bool damaged() const { return damaged_.load(std::memory_order_relaxed); }

 private:
  friend struct BusErrors;
  SharedMapping(std::byte* base, std::size_t size, bool writable);

  std::byte* const base_;
  const std::size_t size_;
  const bool writable_;
  std::atomic<bool> damaged_ = false;
  SharedMapping* next_ = nullptr;  // of all that there are in the process
};

}  // namespace cardvp::host::vfio_user
