// Stage 1 translation (Arm ARM, D5): 4 KiB granule, 48-bit virtual and 40-bit physical addresses. Holds no state: what
// it finds is cached by the engine's soft TLB.
#pragma once

#include <cstdint>
#include <functional>

#include "models/arm/instruction_engine.h"
#include "models/arm/system_registers.h"

namespace cardvp::arm {

inline constexpr unsigned kPhysicalBits = 40;

class Mmu {
 public:
  // Reads a descriptor at a physical address; false: a bus error.
  using ReadDescriptor = std::function<bool(std::uint64_t physical, std::uint64_t& descriptor)>;

  Mmu(const SystemRegisters& registers, ReadDescriptor read) : registers_(registers), read_(std::move(read)) {}

  struct Result {
    bool ok;
    std::uint8_t fault;  // fault status code of ESR_ELx and PAR_EL1, if not ok
    std::uint64_t physical;
    std::uint8_t attributes;              // as in a byte of MAIR_ELx
    std::uint8_t block_bits = kPageBits;  // the mapping spans 2^block_bits bytes
    std::uint8_t shareability = 0;        // as in a descriptor
    bool device() const { return (attributes & 0xf0) == 0; }
  };
  // For an access from `el`; of EL0 in the regime of EL1.
  Result translate(std::uint64_t address, AccessKind kind, unsigned el) const {
    return translate(address, kind, el, true);
  }
  // As a debugger sees it: permissions and the access flag do not count.
  Result look_up(std::uint64_t address, unsigned el) const { return translate(address, AccessKind::kRead, el, false); }

  // What the PC becomes by a branch to `address`: without the tag that TCR_ELx.TBIn makes ignored.
  std::uint64_t branch_address(std::uint64_t address, unsigned el) const;

  // Fault status codes; translation table faults have the level in bits 1 and 0.
  enum Fault : std::uint8_t {
    kAddressSize = 0x00,
    kTranslation = 0x04,
    kAccessFlag = 0x08,
    kPermission = 0x0c,
    kExternal = 0x10,
    kExternalOnWalk = 0x14,
    kAlignment = 0x21,
  };

 private:
  struct Regime;
  Result translate(std::uint64_t address, AccessKind kind, unsigned el, bool check) const;
  Result walk(const Regime& regime, std::uint64_t address, AccessKind kind, unsigned el, bool check) const;
  bool permits(std::uint64_t descriptor, std::uint64_t tables, AccessKind kind, unsigned el, bool wxn) const;

  const SystemRegisters& registers_;
  ReadDescriptor read_;
};

}  // namespace cardvp::arm
