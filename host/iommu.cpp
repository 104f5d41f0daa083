#include "host/iommu.h"

namespace cardvp::host {

std::optional<std::uint64_t> WindowIommu::translate(pcie::RequesterId requester, std::uint64_t iova, std::uint64_t size,
                                                    bool write) {
  const auto windows = windows_.find(requester);
  if (windows == windows_.end()) return std::nullopt;
  for (const Window& window : windows->second) {
    const std::uint64_t offset = iova - window.iova;
    if (iova < window.iova || offset >= window.size || size > window.size - offset) continue;
    if (!(write ? window.write : window.read)) return std::nullopt;
    return window.physical + offset;
  }
  return std::nullopt;
}

}  // namespace cardvp::host
