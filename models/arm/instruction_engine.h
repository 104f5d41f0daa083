// The narrow interface between the architecture layer (Processor) and whatever executes instructions.
//
// The engine fetches, decodes and executes; it owns the register file, the soft TLB, decoded code and the exclusive
// monitor. Everything that is not plain computation or a hit in the soft TLB it asks of the architecture layer, through
// EngineCallbacks. Nothing above this interface knows which engine runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "models/arm/registers.h"

namespace cardvp::arm {

enum class StopReason : std::uint8_t {
  kLimit,      // executed as many instructions as it was told to
  kRequested,  // stop() was called
};

enum class AccessKind : std::uint8_t { kRead, kWrite, kExecute };

// An access to memory, within one page of kPageSize.
struct MemoryAccess {
  std::uint64_t address;  // virtual
  unsigned size;          // bytes
  AccessKind kind;
  bool unaligned = false;     // not aligned to the size that counts for its instruction
  bool must_align = false;    // that is a fault whatever the memory (exclusives, acquire/release)
  bool unprivileged = false;  // LDTR, STTR
  bool maintenance = false;   // a cache operation by address
};

inline constexpr unsigned kPageBits = 12;
inline constexpr std::uint64_t kPageSize = std::uint64_t{1} << kPageBits;

struct Translation {
  std::uint64_t physical = 0;
  // Host memory behind `physical`, good for the whole page; null: go through read_bus/write_bus.
  std::byte* host = nullptr;
  bool watched = false;       // every access to this page is to ask again
  bool aligned_only = false;  // memory of this page may not be accessed unaligned (Device, or SCTLR_ELx.A)
};

// Where execution goes on after a callback.
enum class Next : std::uint8_t {
  kFollowing,  // with the instruction behind this one
  kPc,         // at RegisterFile::pc, which the callback set: an exception was taken, or returned from
};

// Exceptions that instructions cause by themselves. Aborts are raised by translate, read_bus and write_bus.
enum class Trap : std::uint8_t {
  kUndefined,
  kFloatingPoint,  // an FP or SIMD instruction while enable_vectors(false)
  kSupervisorCall,
  kHypervisorCall,
  kMonitorCall,
  kBreakpoint,
  kSpAlignment,
  kPcAlignment,
};

enum class Hint : std::uint8_t { kWaitForEvent, kWaitForInterrupt, kSendEvent, kSendEventLocal };

// What the architecture layer does for the engine. During a callback RegisterFile::pc is the address of the
// instruction, all other registers are as before it, and InstructionEngine::instructions() counts those before it.
// A callback that returns false has taken an exception: the instruction has no effect, RegisterFile::pc is new.
class EngineCallbacks {
 public:
  virtual bool translate(const MemoryAccess& access, Translation& result) = 0;
  virtual bool read_bus(const MemoryAccess& access, std::uint64_t physical, void* to) = 0;
  virtual bool write_bus(const MemoryAccess& access, std::uint64_t physical, const void* from) = 0;

  // MRS, SYSL; MSR (register and immediate) and SYS, with the cache, TLB and address translation operations. `word` is
  // the instruction. Writes take effect at once, which is why barriers need no callback.
  virtual bool read_system(std::uint32_t word, std::uint64_t& value) = 0;
  virtual Next write_system(std::uint32_t word, std::uint64_t value) = 0;
  virtual Next hint(std::uint32_t word, Hint hint) = 0;

  virtual void trap(Trap trap, std::uint32_t word) = 0;
  virtual void exception_return(std::uint32_t word) = 0;

 protected:
  ~EngineCallbacks() = default;
};

// Sees instructions ahead of their execution: breakpoints, traces. What it does not want to see costs nothing.
class InstructionObserver {
 public:
  // Whether instructions of the page at this virtual address are to be observed.
  virtual bool observes(std::uint64_t page) = 0;
  // Ahead of the instruction at RegisterFile::pc. False: run() returns without executing it (StopReason::kRequested).
  virtual bool before_instruction() = 0;

 protected:
  ~InstructionObserver() = default;
};

class InstructionEngine {
 public:
  virtual ~InstructionEngine() = default;

  virtual RegisterFile& registers() = 0;

  // Executes up to `limit` instructions, exactly that many if nobody calls stop(). An instruction that takes an
  // exception counts, and so does a fetch that fails.
  virtual StopReason run(std::uint64_t limit) = 0;
  // From a callback: run() returns behind the present instruction.
  virtual void stop() = 0;
  // From a callback that then returns false: run() returns ahead of the present instruction, which does not count.
  virtual void stop_ahead() = 0;
  // Executed since the engine was made.
  virtual std::uint64_t instructions() const = 0;

  // Which of the translation contexts data accesses and fetches use, one per exception level; unprivileged accesses
  // use context 0. SP alignment is checked if `check_sp`.
  static constexpr unsigned kContexts = 4;
  virtual void select_context(unsigned context, bool check_sp) = 0;
  // Whether FP and SIMD instructions execute, rather than trap.
  virtual void enable_vectors(bool enabled) = 0;
  // Translations may have changed: forget those of all contexts, or what one page of them said.
  virtual void flush_translations() = 0;
  virtual void flush_page(std::uint64_t address) = 0;
  // The same for the lower half of the address space (bit 55 clear) in contexts 0 and 1.
  virtual void flush_lower_half() = 0;

  // Code in physical memory may have changed in a way that the engine has not seen.
  virtual void invalidate(std::uint64_t physical, std::uint64_t bytes) = 0;
  virtual void invalidate_all() = 0;

  // Clears the exclusive monitor; true if it was set.
  virtual bool clear_exclusive() = 0;

  // Null: nobody observes. To be called again when what observes() answers has changed. Not from before_instruction().
  virtual void observe(InstructionObserver* observer) = 0;
};

// The default engine: the decoded-block interpreter.
std::unique_ptr<InstructionEngine> make_engine(EngineCallbacks& callbacks);

}  // namespace cardvp::arm
