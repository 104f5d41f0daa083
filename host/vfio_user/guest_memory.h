// What a client says that its guest's memory is: DMA_MAP and DMA_UNMAP. Addresses are the device's, which are the
// guest's physical ones where the guest has no IOMMU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "host/vfio_user/descriptor.h"
#include "host/vfio_user/protocol.h"
#include "host/vfio_user/shared_mapping.h"

namespace cardvp::host::vfio_user {

class GuestMemory {
 public:
  static constexpr std::size_t kMostMaps = 1024;              // a PC has some ten
  static constexpr std::uint64_t kMostMapped = 1ull << 42;    // bytes of all files together
  static constexpr std::uint64_t kInterruptPage = ~0xfffull;  // is never memory: the function's interrupts go there
  static constexpr std::uint64_t kPage = 4096;

  // Both return 0 or an errno. EINVAL: flags, alignment, size, or a descriptor that is no file of that length; EEXIST:
  // overlaps; ENOSPC: too many or too much; EACCES and others: of mmap. Without a descriptor the memory is reached by
  // messages.
  int map(const DmaMap& request, const Descriptor& file);
  // Exactly what was mapped, or everything. ENOENT: there is no such map.
  int unmap(const DmaUnmap& request);

  // The bytes at an address, if all of them are in one map that has a file and lets it be done; else null. Valid until
  // the next unmap.
  std::byte* direct(std::uint64_t address, std::size_t size, bool write) const;

  // The part of [address, address + size) that lies in the first of its maps; nothing if there is no memory at
  // `address` that lets it be done. `size` is not 0.
  struct Piece {
    std::byte* at;  // null: by messages
    std::size_t size;
  };
  std::optional<Piece> first_piece(std::uint64_t address, std::size_t size, bool write) const;

  // A client that made its file shorter than it was mapped.
  bool damaged() const;
  std::size_t maps() const { return maps_.size(); }

 private:
  struct Map {
    std::uint64_t size;
    std::uint32_t flags;
    std::unique_ptr<SharedMapping> file;
  };
  std::map<std::uint64_t, Map> maps_;  // by address; disjoint
  std::uint64_t mapped_ = 0;
};

}  // namespace cardvp::host::vfio_user
