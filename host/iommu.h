// Address translation for the requests of devices: what a device may touch in host memory, and where.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "models/pcie/types.h"

namespace cardvp::host {

class Iommu {
 public:
  virtual ~Iommu() = default;

  // The physical address of [iova, iova + size), if `requester` may touch all of it and it is contiguous. The root
  // complex asks again, page by page, for what is not.
  virtual std::optional<std::uint64_t> translate(pcie::RequesterId requester, std::uint64_t iova, std::uint64_t size,
                                                 bool write) = 0;
};

// Everything may touch everything: no translation.
class PassThrough final : public Iommu {
 public:
  std::optional<std::uint64_t> translate(pcie::RequesterId, std::uint64_t iova, std::uint64_t, bool) override {
    return iova;
  }
};

// Windows with permissions, per requester; a requester without any may touch nothing.
class WindowIommu final : public Iommu {
 public:
  struct Window {
    std::uint64_t iova;
    std::uint64_t size;      // bytes
    std::uint64_t physical;  // where iova leads
    bool read = true;
    bool write = true;
  };

  // Of windows that overlap, the one that was mapped first decides.
  void map(pcie::RequesterId requester, const Window& window) { windows_[requester].push_back(window); }
  // Takes every window of a requester away.
  void unmap(pcie::RequesterId requester) { windows_.erase(requester); }

  std::optional<std::uint64_t> translate(pcie::RequesterId requester, std::uint64_t iova, std::uint64_t size,
                                         bool write) override;

 private:
  std::map<pcie::RequesterId, std::vector<Window>> windows_;
};

}  // namespace cardvp::host
