// Physical region pages (NVMe 1.4, 4.3): from the two PRP fields of a command to the pieces of host memory it means.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "models/base/dma.h"
#include "models/base/task.h"
#include "models/nvme/spec.h"

namespace cardvp::nvme {

// Pieces of host memory in the order of a command's data; neighbours are merged. The first two need no allocation.
class Segments {
 public:
  void add(std::uint64_t address, std::uint32_t size);
  std::span<const DmaSegment> view() const {
    return more_.empty() ? std::span(few_.data(), count_) : std::span<const DmaSegment>(more_);
  }

 private:
  std::array<DmaSegment, 2> few_;
  std::uint8_t count_ = 0;        // of few_
  std::vector<DmaSegment> more_;  // all of them, once there are more than two
};

// PRP2 is the address of a PRP list, not of a page: the data reaches beyond the second page.
inline bool needs_prp_list(std::uint64_t prp1, std::uint32_t bytes) { return bytes > 2 * kPageSize - prp1 % kPageSize; }

// Adds the `bytes` (at least 1) that two PRPs mean. For !needs_prp_list().
Status resolve_prps(std::uint64_t prp1, std::uint64_t prp2, std::uint32_t bytes, Segments& segments);

// The same for needs_prp_list(): reads the list, which may go on in further pages. However the lists are linked, it
// reads no more entries than `bytes` need.
Task<Status> resolve_prp_list(DmaPort& port, std::uint64_t prp1, std::uint64_t list, std::uint32_t bytes,
                              Segments& segments);

}  // namespace cardvp::nvme
