// Buffers for data between host memory and a medium that cannot be touched in place. They are reused, and there are
// only so many: a write that finds none waits, so a host whose memory answers slowly cannot make this one grow.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "models/base/sync.h"
#include "models/nvme/spec.h"

namespace cardvp::nvme {

class Staging {
 public:
  explicit Staging(Scheduler& scheduler) : free_(scheduler, kBuffers) {}

  // kMaxTransfer bytes, from a `co_await staging.free().acquire()` to the end of this.
  class Buffer {
   public:
    explicit Buffer(Staging& staging) : staging_(staging), bytes_(staging.take()) {}
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() {
      staging_.idle_.push_back(std::move(bytes_));
      staging_.free_.release();
    }
    std::byte* data() { return bytes_.get(); }

   private:
    Staging& staging_;
    std::unique_ptr<std::byte[]> bytes_;
  };

  Semaphore& free() { return free_; }

 private:
  static constexpr std::size_t kBuffers = 32;

  std::unique_ptr<std::byte[]> take() {
    if (idle_.empty()) return std::make_unique_for_overwrite<std::byte[]>(kMaxTransfer);
    std::unique_ptr<std::byte[]> bytes = std::move(idle_.back());
    idle_.pop_back();
    return bytes;
  }

  std::vector<std::unique_ptr<std::byte[]>> idle_;
  Semaphore free_;
};

}  // namespace cardvp::nvme
