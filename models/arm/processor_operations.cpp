// SYS: TLB maintenance, cache maintenance, address translation.
#include <cstring>

#include "models/arm/processor.h"
#include "models/arm/system_instruction.h"

namespace cardvp::arm {

Next Processor::system_operation(std::uint32_t word, std::uint64_t value) {
  switch (crn(word)) {
    case 7: return cache_operation(word, value) ? Next::kFollowing : Next::kPc;
    case 8:
      if (el_ == 1 && op1(word) == 0 && fail_access({}, word)) return Next::kPc;
      if (!invalidate_translations(word, value)) break;
      return Next::kFollowing;
    default: break;
  }
  fail_access({.undefined = true}, word);
  return Next::kPc;
}

// TLBI (Arm ARM, C5.5). The soft TLB holds what the present ASID and the present tables of each level translate to, so
// an operation that names another ASID may forget too much, never too little. False: it is undefined.
bool Processor::invalidate_translations(std::uint32_t word, std::uint64_t value) {
  enum : unsigned { kAll, kByAddress };
  const bool shared = crm(word) == 3 || crm(word) == 0;
  unsigned lowest, what;
  switch (op1(word) << 8 | (crm(word) & ~4u) << 4 | op2(word)) {
    case 0x030:                                  // VMALLE1
    case 0x032: lowest = 1, what = kAll; break;  // ASIDE1
    case 0x031:
    case 0x033:
    case 0x035:
    case 0x037: lowest = 1, what = kByAddress; break;  // VAE1, VAAE1, VALE1, VAALE1
    case 0x401:
    case 0x405: lowest = 2, what = kAll; break;  // IPAS2E1, IPAS2LE1: there is no stage 2, so nothing depends on it
    case 0x430:
    case 0x434:
    case 0x436: lowest = 2, what = kAll; break;  // ALLE2, ALLE1, VMALLS12E1
    case 0x431:
    case 0x435: lowest = 2, what = kByAddress; break;  // VAE2, VALE2
    case 0x630: lowest = 3, what = kAll; break;        // ALLE3
    case 0x631:
    case 0x635: lowest = 3, what = kByAddress; break;  // VAE3, VALE3
    default: return false;
  }
  if (el_ < lowest) return false;
  if (what == kAll) {
    shared&& peers_ ? peers_->flush_translations() : translations_changed();
    return true;
  }
  // Bits 43 to 0 are the address's 55 to 12.
  const std::uint64_t address = static_cast<std::uint64_t>(static_cast<std::int64_t>(value << 20) >> 8);
  shared&& peers_ ? peers_->flush_page(address) : flush_page(address);
  return true;
}

bool Processor::cache_operation(std::uint32_t word, std::uint64_t address) {
  const auto from_el0 = [&](std::uint64_t allow) {
    return !fail_access({.taken = el_ == 0 && !(system_[Sys::SCTLR_EL1] & allow), .target = default_target()}, word);
  };
  // By virtual address: the access is checked, as a read.
  const auto by_address = [&](AccessKind kind, Translation& found) {
    MemoryAccess access{address, 1, kind};
    access.maintenance = true;
    return translate(access, found);
  };
  Translation found;
  switch (op1(word) << 8 | crm(word) << 4 | op2(word)) {
    case 0x010:
    case 0x050:  // IC IALLUIS, IALLU
      if (el_ == 0) break;
      if (fail_access({}, word)) return false;
      crm(word) == 1 && peers_ ? peers_->all_code_modified() : all_code_modified();
      return true;
    case 0x351:  // IC IVAU
      if (!from_el0(sctlr::kUci) || !by_address(AccessKind::kRead, found)) return false;
      tell_code_modified(found.physical & ~63ull, 64);
      return true;
    case 0x061:
    case 0x062:
    case 0x0a2:
    case 0x0e2:  // DC IVAC, ISW, CSW, CISW
      if (el_ == 0) break;
      if (fail_access({}, word)) return false;
      return (crm(word) == 6 && op2(word) == 1) ? by_address(AccessKind::kWrite, found) : true;
    case 0x3a1:
    case 0x3b1:
    case 0x3e1:  // DC CVAC, CVAU, CIVAC
      return from_el0(sctlr::kUci) && by_address(AccessKind::kRead, found);
    case 0x341:  // DC ZVA
      return from_el0(sctlr::kDze) && zero_block(address);
    case 0x080:
    case 0x081:
    case 0x082:
    case 0x083:  // AT S1E1R, S1E1W, S1E0R, S1E0W
      if (el_ == 0) break;
      translate_address(word, address);
      return true;
    case 0x480:
    case 0x481:  // AT S1E2R, S1E2W
    case 0x484:
    case 0x485:
    case 0x486:
    case 0x487:  // AT S12E1R, S12E1W, S12E0R, S12E0W
      if (el_ < 2) break;
      translate_address(word, address);
      return true;
    case 0x680:
    case 0x681:  // AT S1E3R, S1E3W
      if (el_ < 3) break;
      translate_address(word, address);
      return true;
    default: break;
  }
  undefined();
  return false;
}

bool Processor::zero_block(std::uint64_t address) {
  constexpr unsigned kBlock = 64;  // DCZID_EL0
  const MemoryAccess access{address & ~std::uint64_t{kBlock - 1}, kBlock, AccessKind::kWrite};
  Translation found;
  bool accessible = translate(access, found);
  if (accessible && found.aligned_only && mmu_.translate(address, AccessKind::kWrite, el_).device()) {
    abort(access, Mmu::kAlignment);
    accessible = false;
  }
  if (!accessible) {
    // An exception was taken, unless it is for a debugger; its address is the one given, not the block's.
    if (!halt_) system_[banked(el_).far] = address;
    return false;
  }
  if (found.host) {
    std::memset(found.host, 0, kBlock);
  } else {
    static constexpr std::uint64_t kZero = 0;
    for (unsigned done = 0; done < kBlock; done += sizeof kZero) {
      MemoryAccess part = access;
      part.address += done;
      part.size = sizeof kZero;
      if (!write_bus(part, found.physical + done, &kZero)) return false;
    }
  }
  engine_->invalidate(found.physical, kBlock);
  return true;
}

void Processor::translate_address(std::uint32_t word, std::uint64_t address) {
  const AccessKind kind = op2(word) & 1 ? AccessKind::kWrite : AccessKind::kRead;
  const unsigned el = op1(word) == 4 && op2(word) < 4 ? 2 : op1(word) == 6 ? 3 : op2(word) & 2 ? 0 : 1;
  const Mmu::Result found = mmu_.translate(address, kind, el);
  constexpr std::uint64_t kRes1 = 1u << 11;
  if (!found.ok) {
    system_[Sys::PAR_EL1] = kRes1 | std::uint64_t{found.fault} << 1 | 1;
    return;
  }
  // What is not cacheable is shareable by all, whatever its descriptor says (PAR_EL1.SH).
  constexpr std::uint64_t kUncached = 0x44, kOuterShareable = 2;
  const std::uint64_t shareability =
      found.device() || found.attributes == kUncached ? kOuterShareable : found.shareability;
  system_[Sys::PAR_EL1] =
      std::uint64_t{found.attributes} << 56 | (found.physical & ~(kPageSize - 1)) | kRes1 | shareability << 7;
}

}  // namespace cardvp::arm
