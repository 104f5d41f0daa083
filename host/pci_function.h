// A PCIe function as the host found it: identity, BARs, capabilities; and the host software's access to it.
// Sections are of the PCI Express Base Specification 4.0.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "models/base/task.h"
#include "models/pcie/types.h"

namespace cardvp::host {

class RootComplex;

// What a device writes to raise an interrupt.
struct Interrupt {
  std::uint64_t address = 0;
  std::uint32_t data = 0;
};

// Made by RootComplex::enumerate() and probe(); a value, copy it. Accesses take simulated time. On a failed read (no
// link, unsupported request, completer abort) software sees all ones, and the root complex counts it.
class PciFunction {
 public:
  struct Bar {
    std::uint64_t address = 0;
    std::uint64_t size = 0;  // bytes; 0: there is no such BAR
    bool prefetchable = false;
  };
  struct MsiX {
    std::uint16_t capability = 0;  // offset in configuration space
    unsigned vectors = 0;
    unsigned table_bar = 0;
    std::uint64_t table = 0;  // offset in that BAR
    unsigned pending_bar = 0;
    std::uint64_t pending = 0;
  };

  pcie::RequesterId bdf = 0;  // bus << 8 | function (ARI, 6.13)
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::uint8_t revision = 0;
  std::uint32_t class_code = 0;  // 24 bits: base class, sub-class, programming interface
  std::uint16_t subsystem_vendor = 0;
  std::uint16_t subsystem = 0;
  std::array<Bar, 6> bars{};          // a 64-bit BAR is at its lower index
  std::uint16_t pcie_capability = 0;  // offsets in configuration space; 0: none
  std::uint16_t power_capability = 0;
  std::uint16_t sriov_capability = 0;
  bool is_virtual = false;  // by SR-IOV
  std::optional<MsiX> msix;

  std::uint8_t bus() const { return static_cast<std::uint8_t>(bdf >> 8); }
  std::uint8_t number() const { return static_cast<std::uint8_t>(bdf); }
  std::string name() const;  // "01:00.0", as lspci writes it
  RootComplex& root() const { return *root_; }

  Task<std::uint32_t> config_read(std::uint16_t offset, unsigned size = 4) const;
  Task<> config_write(std::uint16_t offset, std::uint32_t value, unsigned size = 4) const;

  // Offsets are within the BAR, naturally aligned.
  Task<std::uint32_t> read32(unsigned bar, std::uint64_t offset) const;
  Task<std::uint64_t> read64(unsigned bar, std::uint64_t offset) const;
  // Posted: these return at once.
  void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) const;
  void write64(unsigned bar, std::uint64_t offset, std::uint64_t value) const;
  // Up to 64 bytes at once, not across a 64-byte boundary: what a write-combining mapping makes of several stores.
  void write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) const;

  // MSI-X (PCI Local Bus 3.0, 6.8.2). Vectors are masked after reset: set_vector unmasks its own. False if the function
  // has no such vector.
  bool set_vector(unsigned vector, Interrupt interrupt) const;
  bool mask_vector(unsigned vector, bool masked) const;
  Task<> enable_msix(bool on) const;

  // Function-level reset (6.6.2), and the BARs and the Command register as they were; MSI-X is off afterwards, and so
  // are virtual functions of this one. False if the function cannot do it or does not come back.
  Task<bool> flr() const;

 private:
  friend class RootComplex;
  PciFunction(RootComplex& root, std::uint8_t bus, std::uint8_t function)
      : bdf(static_cast<pcie::RequesterId>(bus << 8 | function)), root_(&root) {}

  std::optional<std::uint64_t> vector_entry(unsigned vector) const;

  RootComplex* root_;
};

}  // namespace cardvp::host
