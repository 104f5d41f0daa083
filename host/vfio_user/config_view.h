// The configuration space of an assigned function as the guest sees it: the function's, without what belongs to the
// host. The same parts that the Linux driver vfio-pci virtualizes.
//
//  - BARs: the host placed them; the guest's addresses are only remembered. No expansion ROM.
//  - MSI-X Enable and Function Mask: remembered. The function's own stay as the host needs them.
//  - SR-IOV: not there. By it a guest could move other functions' memory.
//  - Header type: a function by itself.
//  - A virtual function's vendor and device id, and Memory Space Enable, which it has not in its own space (PCIe 4.0,
//    9.3.4.1).
#pragma once

#include <array>
#include <cstdint>

#include "host/pci_function.h"

namespace cardvp::host::vfio_user {

class ConfigView {
 public:
  explicit ConfigView(const PciFunction& function) : function_(function) {}

  // What the guest reads of a dword, where the function's own is `real`.
  std::uint32_t read(std::uint16_t dword, std::uint32_t real) const;

  // A write of 1, 2 or 4 bytes within a dword: remembers what is remembered. What is to follow:
  enum class Then : std::uint8_t {
    kNothing,  // it does not reach the function
    kPass,     // it is written to the function
    kRestore,  // and may reset it: the host's part must be written anew
  };
  Then write(std::uint16_t offset, unsigned size, std::uint32_t value);

  bool msix_enabled() const { return msix_control_ & kMsixEnable; }
  // Of a virtual function; others decide themselves.
  bool memory_enabled() const { return !function_.is_virtual || virtual_memory_; }
  void reset();

 private:
  static constexpr std::uint16_t kMsixEnable = 1 << 15;

  struct Bar {
    std::uint32_t address;  // the bits that can be written
    std::uint32_t kind;     // bits 3:0
  };
  Bar bar(unsigned index) const;
  bool is_hidden(std::uint16_t dword) const;
  Then power(std::uint32_t state);

  const PciFunction& function_;
  std::array<std::uint32_t, 6> bars_{};
  std::uint16_t msix_control_ = 0;  // enable and mask
  bool virtual_memory_ = false;
  bool in_d3_ = false;
};

}  // namespace cardvp::host::vfio_user
