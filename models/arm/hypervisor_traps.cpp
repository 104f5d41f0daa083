// What EL2 has trapped of the system instructions of EL1 and EL0 (Arm ARM, EL2 configurable controls).
#include "models/arm/processor.h"

namespace cardvp::arm {

namespace {

constexpr std::uint64_t kTid1 = 1u << 16, kTid2 = 1u << 17, kTid3 = 1u << 18, kTidcp = 1u << 20, kTacr = 1u << 21,
                        kTsw = 1u << 22, kTpc = 1u << 23, kTpu = 1u << 24, kTtlb = 1u << 25, kTvm = 1u << 26,
                        kTrvm = 1u << 30;

// By op1, CRm and op2 of a SYS instruction with a CRn of 7.
std::uint64_t cache_operation_trap(std::uint16_t key) {
  switch (key) {
    case system_key(1, 0, 7, 6, 2):                    // DC ISW
    case system_key(1, 0, 7, 10, 2):                   // DC CSW
    case system_key(1, 0, 7, 14, 2): return kTsw;      // DC CISW
    case system_key(1, 0, 7, 6, 1):                    // DC IVAC
    case system_key(1, 3, 7, 10, 1):                   // DC CVAC
    case system_key(1, 3, 7, 14, 1): return kTpc;      // DC CIVAC
    case system_key(1, 3, 7, 11, 1):                   // DC CVAU
    case system_key(1, 3, 7, 5, 1):                    // IC IVAU
    case system_key(1, 0, 7, 5, 0):                    // IC IALLU
    case system_key(1, 0, 7, 1, 0): return kTpu;       // IC IALLUIS
    case system_key(1, 3, 7, 4, 1): return hcr::kTdz;  // DC ZVA
    default: return 0;
  }
}

std::uint64_t register_trap(std::uint16_t key, bool read) {
  switch (find_system_register(key)) {
    case Sys::SCTLR_EL1:
    case Sys::TTBR0_EL1:
    case Sys::TTBR1_EL1:
    case Sys::TCR_EL1:
    case Sys::ESR_EL1:
    case Sys::FAR_EL1:
    case Sys::AFSR0_EL1:
    case Sys::AFSR1_EL1:
    case Sys::MAIR_EL1:
    case Sys::AMAIR_EL1:
    case Sys::CONTEXTIDR_EL1: return read ? kTrvm : kTvm;
    case Sys::REVIDR_EL1:
    case Sys::AIDR_EL1: return kTid1;
    case Sys::CTR_EL0:
    case Sys::CCSIDR_EL1:
    case Sys::CLIDR_EL1:
    case Sys::CSSELR_EL1: return kTid2;
    case Sys::ACTLR_EL1: return kTacr;
    default: break;
  }
  const bool identification = key >= system_key(3, 0, 0, 1, 0) && key <= system_key(3, 0, 0, 7, 7);
  return identification ? kTid3 : 0;
}

}  // namespace

bool Processor::hypervisor_traps(std::uint32_t word) const {
  if (el_ >= 2 || !el2_enabled()) return false;
  const std::uint16_t key = system_key(word);
  const unsigned op0 = key >> 14, crn = key >> 7 & 15;
  if (op0 == 3 && find_system_register(key) == Sys::CPACR_EL1) return system_[Sys::CPTR_EL2] & cptr::kTcpac;
  const std::uint64_t controls = system_[Sys::HCR_EL2];
  if (op0 == 3) return controls & register_trap(key, word >> 21 & 1);
  if (op0 != 1) return false;
  if (crn == 8) return controls & kTtlb;
  return controls & cache_operation_trap(key);
}

// Those of EL0 may as well be undefined, and are.
bool Processor::hypervisor_traps_implementation_defined(std::uint32_t word) const {
  const std::uint16_t key = system_key(word);
  const unsigned crn = key >> 7 & 15;
  return el_ == 1 && el2_enabled() && (key >> 14 & 1) && (crn == 11 || crn == 15) && (system_[Sys::HCR_EL2] & kTidcp);
}

}  // namespace cardvp::arm
