// The host's end of the link where functions are assigned to guests: their requests go to the memory of their guests,
// all others to the root complex.
#pragma once

#include <array>
#include <cstdint>

#include "host/root_complex.h"
#include "models/pcie/types.h"

namespace cardvp::host::vfio_user {

// What stands behind an assigned function.
class Assigned {
 public:
  virtual ~Assigned() = default;
  // As in pcie::HostPort.
  virtual std::byte* direct(std::uint64_t address, std::size_t size, bool write) = 0;
  virtual void write(std::uint64_t address, std::span<const std::byte> data) = 0;
  virtual void read(DmaRead& read) = 0;
  virtual void abandon(DmaRead& read) = 0;
  // The function was taken away, or the link went down. It is not assigned any more.
  virtual void removed() = 0;
};

class Router : public pcie::HostPort {
 public:
  // Takes the root complex's place at its link, and gives it back at the end.
  explicit Router(RootComplex& root);
  ~Router() override;

  void assign(std::uint8_t function, Assigned& to) { assigned_[function] = &to; }
  // Unless it is somebody else's by now.
  void release(std::uint8_t function, const Assigned& from) {
    if (assigned_[function] == &from) assigned_[function] = nullptr;
  }

  // HostPort
  std::byte* direct(pcie::RequesterId requester, std::uint64_t address, std::size_t size, bool write) override;
  void write(pcie::RequesterId requester, std::uint64_t address, std::span<const std::byte> data) override;
  void read(pcie::RequesterId requester, DmaRead& read) override;
  void abandon(DmaRead& read) override;
  void link_changed(bool up) override;
  void presence_changed(std::uint8_t function, bool present) override;

 private:
  Assigned* find(pcie::RequesterId requester) const { return assigned_[requester & 0xff]; }
  void remove(std::uint8_t function);

  RootComplex& root_;
  std::array<Assigned*, 256> assigned_{};
};

}  // namespace cardvp::host::vfio_user
