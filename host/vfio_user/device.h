// A function of the card in the hands of vfio-user clients: the accesses and resets that a client asks for, as requests
// over the link. Outlives its clients; each finds the function as after a reset.
//
// The host placed the BARs and keeps them there, whatever the guest writes, so functions of one card can be in several
// guests. The function's MSI-X messages go to a page that is no memory, with the vector as data, in order behind its
// writes; its own table is out of the guest's reach.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/pci_function.h"
#include "host/vfio_user/config_view.h"
#include "models/base/task.h"

namespace cardvp::host::vfio_user {

class Device {
 public:
  Device(Scheduler& scheduler, const PciFunction& function);

  const PciFunction& function() const { return function_; }
  unsigned vectors() const { return function_.msix ? function_.msix->vectors : 0; }
  bool can_reset() const { return function_.pcie_capability != 0; }
  ConfigView& view() { return view_; }

  // Bytes; 0: there is no such region.
  std::uint64_t region_size(std::uint32_t region) const;

  // Within a region, of any size and alignment: cut into requests that the link can carry. What the function does not
  // answer reads as ones. MSI-X table and pending bits read as 0: they are the client's.
  Task<> read(std::uint32_t region, std::uint64_t offset, std::span<std::byte> to);
  // True if the function was reset by it.
  Task<bool> write(std::uint32_t region, std::uint64_t offset, std::span<const std::byte> data);

  // The short way for a memory write of up to kAtOnce bytes, while not busy(): it is posted, and no time passes.
  static constexpr std::size_t kAtOnce = 64;
  void post(unsigned bar, std::uint64_t offset, std::span<const std::byte> data);
  // So many writes are on the way that they are to arrive first: a client must not fill the link faster than it drains.
  bool busy() const { return posted_ >= kMostPosted; }
  Task<> flush();

  // The function has gone, maybe for another with its number: from now on nothing is asked of it, reads are ones.
  void vanish();

  // Function-level reset, and what the host needs of the function set up again: BARs, MSI-X. Command is 0 afterwards.
  Task<> reset();

 private:
  static constexpr unsigned kMostPosted = 64;

  Task<> read_config(std::uint64_t offset, std::span<std::byte> to);
  Task<> read_bar(unsigned bar, std::uint64_t offset, std::span<std::byte> to);
  Task<bool> write_config(std::uint64_t offset, std::span<const std::byte> data);
  bool touches_msix(unsigned bar, std::uint64_t offset, std::uint64_t size) const;
  Task<> wait_ready();
  Task<> restore();

  Scheduler& scheduler_;
  PciFunction function_;
  ConfigView view_;
  unsigned posted_ = 0;
  bool gone_ = false;
};

}  // namespace cardvp::host::vfio_user
