// The execution loop: every operation is a label, and each ends by jumping to the label of the next instruction
// (GCC's labels as values). The operations stand in operations_*.inc, by class.
#include <cstring>

#include "models/arm/interpreter/arithmetic.h"
#include "models/arm/interpreter/decoder.h"
#include "models/arm/interpreter/interpreter.h"
#include "models/arm/interpreter/vector.h"

namespace cardvp::arm::interpreter {

namespace {

// Distance in bytes of decoded instructions, the unit in which they are counted.
inline std::int64_t distance(const Instruction* from, const Instruction* to) {
  return reinterpret_cast<const char*>(to) - reinterpret_cast<const char*>(from);
}
inline Instruction* moved(Instruction* from, std::uint64_t bytes) {
  return reinterpret_cast<Instruction*>(reinterpret_cast<char*>(from) + static_cast<std::int64_t>(bytes));
}

constexpr std::int64_t kOne = sizeof(Instruction);
constexpr std::int64_t kWholePage = CodePage::kInstructions * sizeof(Instruction);

}  // namespace

inline CodePage* Interpreter::find_page(std::uint64_t pc) {
  const FetchEntry& entry = fetch_[context_][pc >> kPageBits & (kFetchEntries - 1)];
  observed_ = false;
  CodePage* const page = entry.tag == (pc & (~(kPageSize - 1) | 3)) ? entry.page : fill_fetch_entry(pc);
  if (page) {
    page_ = page;
    pc_base_ = (pc & ~(kPageSize - 1)) - (reinterpret_cast<std::uintptr_t>(page->instructions.data()) >> 2);
  }
  return page;
}

// Stops the run at an instruction, without a cost to those before it.
inline void Interpreter::plant(Instruction* at) {
  planted_ = at;
  planted_over_ = at->op;
  at->op = Op::Stop;
}
inline void Interpreter::unplant() {
  if (!planted_) return;
  if (planted_->op == Op::Stop) planted_->op = planted_over_;  // else it was dropped meanwhile
  planted_ = nullptr;
}

#define RD x[ip->rd]
#define RN x[ip->rn]
#define RM x[ip->rm]
#define RA x[ip->ra]
#define IMM ip->imm
#define AUX ip->aux
#define PC (pc_base_ + (reinterpret_cast<std::uintptr_t>(ip) >> 2))

#define DISPATCH() goto* table[static_cast<unsigned>(ip->op)]
#define NEXT()  \
  do {          \
    ++ip;       \
    DISPATCH(); \
  } while (false)
// Ahead of whatever may call back, and after it.
#define SAVE() (registers_.pc = PC, left_ = left - distance(entry, ip))
#define RELOAD() (tlb = &tlbs_[context_], table = stopping_ || planted_ || observed_ ? kCareful : table)
// A taken branch within the page, by `bytes` of decoded instructions.
#define BRANCH_LOCAL(bytes)             \
  do {                                  \
    left -= distance(entry, ip) + kOne; \
    ip = moved(ip, bytes);              \
    entry = ip;                         \
    if (left < kWholePage) [[unlikely]] \
      goto boundary;                    \
    DISPATCH();                         \
  } while (false)
#define BRANCH_TO(address)              \
  do {                                  \
    pc = (address);                     \
    left -= distance(entry, ip) + kOne; \
    goto land;                          \
  } while (false)

void Interpreter::execute(std::int64_t left) {
  static const void* const kFast[] = {
#define OP(name) &&op_##name,
#include "models/arm/interpreter/operations.def"
#undef OP
  };
  // Used instead where something must be looked at between instructions: a stop was asked for, what happened may have
  // removed the planted one, or somebody observes.
  static const void* const kCareful[] = {
#define OP(name) &&careful,
#include "models/arm/interpreter/operations.def"
#undef OP
  };
#define OP(name) op_##name:

  std::uint64_t* const x = registers_.x.data();
  Flags& flags = registers_.flags;
  const void* const* table = kFast;
  const SoftTlb* tlb = &tlbs_[context_];
  const Instruction* entry = nullptr;  // where the present run of straight-line code began
  Instruction* ip = nullptr;
  std::uint64_t pc = registers_.pc;

  // Arrives at an address in any page; everything that was executed is counted.
land:
  left_ = left;
  if (left < kWholePage) [[unlikely]]
    unplant();
  if (left <= 0 || stopping_) [[unlikely]] {
    registers_.pc = pc;
    return;
  }
  if (!find_page(pc)) [[unlikely]] {
    left -= kOne;
    goto at_pc;
  }
  ip = page_->instructions.data() + (pc & (kPageSize - 1)) / 4;
  entry = ip;
  table = observed_ ? kCareful : kFast;
  if (left >= kWholePage) [[likely]]
    DISPATCH();
  // The rest of the page may be straight-line code that is longer than the budget: it stops where that ends.
boundary:
  unplant();
  if (left < distance(ip, &page_->instructions.back())) plant(moved(ip, static_cast<std::uint64_t>(left)));
  DISPATCH();

  OP(Stop)
careful:
  if (stopping_ || distance(entry, ip) >= left) {
    SAVE();
    unplant();
    return;
  }
  if (observed_ && ip->op != Op::PageEnd) {  // that one is no instruction; the next page's first comes behind it
    SAVE();
    if (!observer_->before_instruction()) {
      stopping_ = true;
      unplant();
      return;
    }
  }
  goto* kFast[static_cast<unsigned>(ip->op)];

  // The instruction took an exception, which counts as its execution.
taken:
  left -= distance(entry, ip) + (ahead_ ? 0 : kOne);
  ahead_ = false;
at_pc:
  pc = registers_.pc;
  tlb = &tlbs_[context_];
  goto land;

  OP(Decode) {
    SAVE();
    std::uint32_t word;
    if (!fetch_word(*page_, registers_.pc, word)) goto taken;
    RELOAD();
    *ip = decode(word, registers_.pc & (kPageSize - 1));
    goto* kFast[static_cast<unsigned>(ip->op)];
  }
  OP(PageEnd) {
    pc = PC;
    left -= distance(entry, ip);
    goto land;
  }

#include "models/arm/interpreter/operations_branch.inc"
#include "models/arm/interpreter/operations_data.inc"
#include "models/arm/interpreter/operations_memory.inc"
#include "models/arm/interpreter/operations_system.inc"
#include "models/arm/interpreter/operations_vector.inc"
}

}  // namespace cardvp::arm::interpreter
