// The default instruction engine: a decoded-block interpreter with direct-threaded dispatch.
//
// Decoded code is kept by physical page, so it survives changes of translation; a page's instructions stand in their
// order, so that a branch within the page is pointer arithmetic and straight-line code costs no book-keeping at all.
// Instructions are counted at taken branches, by the distance from where the run of straight-line code began.
#pragma once

#include <array>
#include <cstdint>

#include "models/arm/instruction_engine.h"
#include "models/arm/interpreter/decode_cache.h"
#include "models/arm/interpreter/soft_tlb.h"

namespace cardvp::arm::interpreter {

class Interpreter final : public InstructionEngine {
 public:
  explicit Interpreter(EngineCallbacks& callbacks) : callbacks_(callbacks) { flush_translations(); }

  RegisterFile& registers() override { return registers_; }
  StopReason run(std::uint64_t limit) override;
  void stop() override { stopping_ = true; }
  void stop_ahead() override { stopping_ = ahead_ = true; }
  std::uint64_t instructions() const override {
    return executed_ + static_cast<std::uint64_t>(budget_ - left_) / sizeof(Instruction);
  }
  void select_context(unsigned context, bool check_sp) override {
    context_ = context;
    sp_mask_ = check_sp ? 15 : 0;
  }
  void enable_vectors(bool enabled) override { vectors_enabled_ = enabled; }
  void flush_translations() override;
  void flush_page(std::uint64_t address) override;
  void flush_lower_half() override;
  void observe(InstructionObserver* observer) override {
    observer_ = observer;
    flush_fetches();
  }
  void invalidate(std::uint64_t physical, std::uint64_t bytes) override { cache_.invalidate(physical, bytes); }
  void invalidate_all() override { cache_.invalidate_all(); }
  bool clear_exclusive() override {
    const bool was_set = monitor_.size != 0;
    monitor_.size = 0;
    return was_set;
  }

 private:
  // What a virtual address leads to.
  struct Location {
    MemoryAccess access;
    std::uint64_t physical = 0;  // of what is not host memory, or is code
    std::byte* host = nullptr;
    bool code = false;  // decoded instructions depend on it
  };
  struct Manner {      // of an access
    unsigned element;  // bytes; what alignment counts for, and what a device sees at once
    bool must_align = false;
    bool unprivileged = false;
  };
  struct FetchEntry {
    std::uint64_t tag;  // the page's virtual address
    CodePage* page;
  };
  struct Monitor {
    std::uint64_t address = 0;  // host address, or physical address of a device
    unsigned size = 0;          // bytes; 0: open
  };
  static constexpr std::size_t kFetchEntries = 256;
  static constexpr std::uint64_t kEmpty = ~0ull;

  void execute(std::int64_t left);
  void flush_fetches() {
    for (auto& entries : fetch_) entries.fill({kEmpty, nullptr});
  }

  void plant(Instruction* at);
  void unplant();

  // The code page of an address, by which pc_base_ is set; null: the fetch took an exception.
  CodePage* find_page(std::uint64_t pc);
  CodePage* fill_fetch_entry(std::uint64_t pc);
  bool fetch_word(CodePage& page, std::uint64_t pc, std::uint32_t& word);

  // Accesses that the soft TLB does not serve. False: an exception was taken, and nothing was done.
  bool load(std::uint64_t address, void* to, unsigned size, Manner manner);
  bool store(std::uint64_t address, const void* from, unsigned size, Manner manner);
  bool locate(AccessKind kind, std::uint64_t address, unsigned size, Manner manner, bool unaligned, Location& out);
  bool read(const Location& from, void* to, unsigned element);
  bool write(const Location& to, const void* from, unsigned element);

  bool load_exclusive(const Instruction& instruction, bool pair);
  bool store_exclusive(const Instruction& instruction, bool pair);
  bool load_acquire(const Instruction& instruction);
  bool store_release(const Instruction& instruction);

  // LD1 to LD4, ST1 to ST4.
  bool load_structures(const Instruction& instruction);
  bool store_structures(const Instruction& instruction);
  bool load_elements(const Instruction& instruction);
  bool store_elements(const Instruction& instruction);
  bool load_replicated(const Instruction& instruction);

  EngineCallbacks& callbacks_;
  RegisterFile registers_;
  std::uint64_t sp_mask_ = 0;  // the bits of SP that must be 0 where it is a base
  unsigned context_ = 0;
  bool vectors_enabled_ = false;
  bool stopping_ = false;
  bool ahead_ = false;  // the instruction that is stopped at does not count
  InstructionObserver* observer_ = nullptr;
  bool observed_ = false;           // the executing page
  std::uint64_t pc_base_ = 0;       // + a quarter of an Instruction's host address = the instruction's virtual address
  CodePage* page_ = nullptr;        // the executing page
  Instruction* planted_ = nullptr;  // stands as Op::Stop, in place of planted_over_
  Op planted_over_ = Op::Decode;
  std::uint64_t executed_ = 0;  // before the present run()
  std::int64_t budget_ = 0;     // of the present run(), and what is left of it: bytes of decoded instructions
  std::int64_t left_ = 0;
  Monitor monitor_;
  std::array<SoftTlb, kContexts> tlbs_;
  std::array<std::array<FetchEntry, kFetchEntries>, kContexts> fetch_;
  DecodeCache cache_;
};

}  // namespace cardvp::arm::interpreter
