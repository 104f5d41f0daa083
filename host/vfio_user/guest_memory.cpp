#include "host/vfio_user/guest_memory.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace cardvp::host::vfio_user {

int GuestMemory::map(const DmaMap& request, const Descriptor& file) {
  const bool aligned = request.address % kPage == 0 && request.size % kPage == 0 && request.offset % kPage == 0;
  const bool known = request.flags != 0 && (request.flags & ~(kMapReadable | kMapWritable)) == 0;
  // The last page is for interrupts, so no end wraps.
  if (request.argsz < sizeof request || !aligned || !known || request.size == 0 || request.address > kInterruptPage ||
      request.size > kInterruptPage - request.address)
    return EINVAL;
  const auto after = maps_.lower_bound(request.address);
  if (after != maps_.end() && after->first - request.address < request.size) return EEXIST;
  if (after != maps_.begin()) {
    const auto& [address, map] = *std::prev(after);
    if (request.address - address < map.size) return EEXIST;
  }
  if (maps_.size() == kMostMaps) return ENOSPC;

  Map map{request.size, request.flags, nullptr};
  if (file) {
    if (request.size > kMostMapped - mapped_) return ENOSPC;
    int error = 0;
    map.file = SharedMapping::map(file.get(), request.offset, request.size, (request.flags & kMapWritable) != 0, error);
    if (!map.file) return error;
    mapped_ += request.size;
  }
  maps_.emplace(request.address, std::move(map));
  return 0;
}

int GuestMemory::unmap(const DmaUnmap& request) {
  if (request.argsz < sizeof request || (request.flags & ~kUnmapAll) != 0) return EINVAL;
  if (request.flags & kUnmapAll) {
    if (request.address != 0 || request.size != 0) return EINVAL;
    maps_.clear();
    mapped_ = 0;
    return 0;
  }
  const auto found = maps_.find(request.address);
  if (found == maps_.end() || found->second.size != request.size) return ENOENT;
  if (found->second.file) mapped_ -= found->second.size;
  maps_.erase(found);
  return 0;
}

std::optional<GuestMemory::Piece> GuestMemory::first_piece(std::uint64_t address, std::size_t size, bool write) const {
  const auto after = maps_.upper_bound(address);
  if (after == maps_.begin()) return std::nullopt;
  const auto& [start, map] = *std::prev(after);
  const std::uint64_t into = address - start;
  if (into >= map.size || !(map.flags & (write ? kMapWritable : kMapReadable))) return std::nullopt;
  if (map.file && map.file->damaged()) return std::nullopt;
  const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, map.size - into));
  return Piece{map.file ? map.file->data() + into : nullptr, part};
}

std::byte* GuestMemory::direct(std::uint64_t address, std::size_t size, bool write) const {
  const std::optional<Piece> piece = first_piece(address, size, write);
  return piece && piece->size == size ? piece->at : nullptr;
}

bool GuestMemory::damaged() const {
  return std::any_of(maps_.begin(), maps_.end(),
                     [](const auto& each) { return each.second.file && each.second.file->damaged(); });
}

}  // namespace cardvp::host::vfio_user
