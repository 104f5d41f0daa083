// Memory that the bus cannot write, as the boot ROM: a window of `size` bytes, of which the first hold an image and the
// rest read as a fill byte. Writes are answered with an error, and counted. Reads of the
// image may go by DMI.
#pragma once

#include "models/base/bus_target.h"
#include "models/memory/mapping.h"

namespace cardvp::memory {

class ReadOnlyMemory : public BusTarget {
 public:
  std::uint64_t image_size() const { return image_size_; }  // bytes
  // Card reset: nothing changes.
  void reset() {}

 protected:
  // The image is no larger than the window.
  ReadOnlyMemory(sc_core::sc_module_name name, Sim& sim, std::uint64_t size, std::span<const std::byte> image,
                 std::byte fill);

 private:
  bool access(const BusAccess& access) override;
  bool direct_memory(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) override;

  std::uint64_t size_;
  std::uint64_t image_size_;
  std::byte fill_;
  // The image, filled up to whole pages, or to the window's end: a mostly empty window costs no memory.
  Mapping pages_;
  Counter& refused_writes_;
};

}  // namespace cardvp::memory
