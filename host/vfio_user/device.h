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
  explicit Device(const PciFunction& function);

  const PciFunction& function() const { return function_; }
  unsigned vectors() const { return function_.msix ? function_.msix->vectors : 0; }
  bool can_reset() const { return function_.pcie_capability != 0; }
  ConfigView& view() { return view_; }

  // Bytes; 0: there is no such region.
  std::uint64_t region_size(std::uint32_t region) const;

  // Within a region, of any size and alignment: cut into requests that the link can carry. What the function does not
  // answer reads as ones. Of MSI-X the pending bits read as 0 and the table, too: they are the client's.
  Task<> read(std::uint32_t region, std::uint64_t offset, std::span<std::byte> to);
  // Memory writes are posted: no time passes. True if the function was reset by it.
  Task<bool> write(std::uint32_t region, std::uint64_t offset, std::span<const std::byte> data);

  // Function-level reset, and what the host needs of the function set up again: BARs, MSI-X. Command is 0 afterwards.
  Task<> reset();

 private:
  Task<> read_config(std::uint64_t offset, std::span<std::byte> to);
  Task<> read_bar(unsigned bar, std::uint64_t offset, std::span<std::byte> to);
  Task<bool> write_config(std::uint64_t offset, std::span<const std::byte> data);
  void write_bar(unsigned bar, std::uint64_t offset, std::span<const std::byte> data);
  bool touches_msix(unsigned bar, std::uint64_t offset, std::uint64_t size) const;
  Task<> wait_ready();
  Task<> restore();

  PciFunction function_;
  ConfigView view_;
};

}  // namespace cardvp::host::vfio_user
