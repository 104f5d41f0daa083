#include "models/arm/interpreter/interpreter.h"

#include <algorithm>
#include <cstring>

namespace cardvp::arm::interpreter {

StopReason Interpreter::run(std::uint64_t limit) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 56;
  stopping_ = false;
  budget_ = left_ = static_cast<std::int64_t>(std::min(limit, kMost) * sizeof(Instruction));
  execute(budget_);
  executed_ = instructions();
  const bool stopped = stopping_;
  budget_ = left_ = 0;
  return stopped ? StopReason::kRequested : StopReason::kLimit;
}

void Interpreter::flush_translations() {
  for (SoftTlb& tlb : tlbs_) tlb.flush();
  flush_fetches();
}

void Interpreter::flush_page(std::uint64_t address) {
  for (SoftTlb& tlb : tlbs_) tlb.flush_page(address);
  for (auto& entries : fetch_) entries[address >> kPageBits & (kFetchEntries - 1)].tag = kEmpty;
}

void Interpreter::flush_lower_half() {
  constexpr std::uint64_t kUpper = std::uint64_t{1} << 55;
  for (unsigned context = 0; context < 2; ++context) {
    tlbs_[context].flush_lower_half();
    for (FetchEntry& entry : fetch_[context])
      if (!(entry.tag & kUpper)) entry.tag = kEmpty;
  }
}

CodePage* Interpreter::fill_fetch_entry(std::uint64_t pc) {
  registers_.pc = pc;
  if (pc & 3) {
    callbacks_.trap(Trap::kPcAlignment, 0);
    return nullptr;
  }
  Translation translation;
  if (!callbacks_.translate({pc, 4, AccessKind::kExecute}, translation)) return nullptr;
  const std::byte* const host = translation.host ? translation.host - (pc & (kPageSize - 1)) : nullptr;
  CodePage* page = cache_.find(translation.physical);
  if (page) {
    page->host = host;
  } else {
    if (cache_.full()) {
      cache_.clear();
      flush_fetches();
    }
    page = &cache_.add(translation.physical, host);
    for (SoftTlb& tlb : tlbs_) tlb.flush_writes();  // from now on writes to the page are watched
  }
  // What is observed stays out of the fetch cache, so that whoever hits there need not ask.
  observed_ = observer_ && observer_->observes(pc & ~(kPageSize - 1));
  if (!observed_) fetch_[context_][pc >> kPageBits & (kFetchEntries - 1)] = {pc & ~(kPageSize - 1), page};
  return page;
}

bool Interpreter::fetch_word(CodePage& page, std::uint64_t pc, std::uint32_t& word) {
  const std::uint64_t offset = pc & (kPageSize - 1);
  if (page.host) {
    std::memcpy(&word, page.host + offset, sizeof word);
    return true;
  }
  return callbacks_.read_bus({pc, sizeof word, AccessKind::kExecute}, page.physical + offset, &word);
}

}  // namespace cardvp::arm::interpreter

namespace cardvp::arm {

std::unique_ptr<InstructionEngine> make_engine(EngineCallbacks& callbacks) {
  return std::make_unique<interpreter::Interpreter>(callbacks);
}

}  // namespace cardvp::arm
