// What a volume's content should be: for each block, the generation that was last written, and the check of what is
// read. A written block carries a pattern derived from seed, LBA and generation, so that a block that is stale,
// misplaced or damaged differs.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "models/base/scheduler.h"
#include "models/base/sync.h"

namespace cardvp::host {

enum class InitialContent : std::uint8_t {
  kZeros,
  kUnknown,  // learned at the first read of each block; a later read must be the same
};

struct Mismatch {
  std::uint64_t lba = 0;
  std::uint32_t offset = 0;  // of the first byte that differs, in the block; 0 if `learned`
  std::uint8_t expected = 0;
  std::uint8_t actual = 0;
  std::uint32_t generation = 0;  // that was expected; 0: the initial content
  bool learned = false;          // expected was what an earlier read gave, of which only a hash is kept
  sc_core::sc_time time{};
  std::string text() const;
};

// For one volume; workloads may share it, one after another or at the same time. Eight bytes of memory for each block
// that was touched.
class Content {
 public:
  // Throws std::runtime_error if the address space is not to be had.
  Content(Scheduler& scheduler, std::uint64_t blocks, std::uint32_t block_size, InitialContent initial,
          std::uint64_t seed);

  std::uint64_t blocks() const { return blocks_; }
  std::uint32_t block_size() const { return block_size_; }

  // Blocks of a command in flight are locked: what a command that overlaps it may see is not defined. False if one is
  // locked already.
  bool try_lock(std::uint64_t lba, std::uint64_t count);
  void unlock(std::uint64_t lba, std::uint64_t count);
  Trigger& unlocked() { return unlocked_; }

  // The data of a write, which is what the blocks should hold from now on.
  void fill(std::uint64_t lba, std::span<std::byte> data);
  // Nothing is known of these blocks, for instance after a write that failed; the next read of each tells.
  void forget(std::uint64_t lba, std::uint64_t count);

  // A read: what differs, block by block. `compared` counts the blocks of which the content was known.
  template <class OnMismatch>
  void check(std::uint64_t lba, std::span<const std::byte> data, std::uint64_t& compared, OnMismatch&& on_mismatch) {
    for (std::size_t at = 0; at < data.size(); at += block_size_, ++lba) {
      if (auto mismatch = check_block(lba, data.subspan(at, block_size_), compared)) on_mismatch(*mismatch);
    }
  }

  // A locked range; unlocks itself.
  class Lock {
   public:
    Lock(Content& content, std::uint64_t lba, std::uint64_t count) : content_(content), lba_(lba), count_(count) {}
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock() { content_.unlock(lba_, count_); }

   private:
    Content& content_;
    std::uint64_t lba_, count_;
  };

 private:
  std::uint64_t known(std::uint64_t lba) const;
  std::optional<Mismatch> check_block(std::uint64_t lba, std::span<const std::byte> data, std::uint64_t& compared);

  Scheduler& scheduler_;
  std::uint64_t blocks_;
  std::uint32_t block_size_;
  std::uint64_t initial_;  // what an entry of 0 means
  std::uint64_t seed_;
  std::uint32_t generation_ = 0;  // of the last write
  Trigger unlocked_;
  std::unique_ptr<std::uint64_t[], decltype(&std::free)> table_;  // by LBA: see content.cpp
};

}  // namespace cardvp::host
