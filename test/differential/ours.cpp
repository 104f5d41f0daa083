#include "test/differential/ours.h"

#include <algorithm>
#include <cstring>

namespace cardvp::arm::differential {

Ours::Ours() : engine_(make_engine(*this)) {
  engine_->select_context(1, false);
  engine_->enable_vectors(true);
}

void Ours::load(const Sequence& sequence) {
  memory_.load(sequence);
  engine_->invalidate(Memory::kCode, Memory::kCodeSize);
  code_begin_ = sequence.address();
  counts_.assign(sequence.words.size(), 0);
  // Where the path is known the observer is not needed to count.
  if (observed_ == sequence.straight) {
    observed_ = !sequence.straight;
    engine_->observe(observed_ ? this : nullptr);
  }
}

Outcome Ours::run(const State& from) {
  RegisterFile& registers = engine_->registers();
  std::copy(from.x.begin(), from.x.end(), registers.x.begin());
  registers.x[RegisterFile::kSp] = from.sp;
  registers.pc = from.pc;
  registers.flags.set_nzcv(from.nzcv);
  std::memcpy(registers.v.data(), from.v.data(), sizeof registers.v);
  registers.fpcr = from.fpcr;
  registers.fpsr = from.fpsr;
  engine_->clear_exclusive();
  stop_ = Stop::kLimit;
  stop_address_ = 0;
  if (observed_) std::fill(counts_.begin(), counts_.end(), 0);

  const std::uint64_t before = engine_->instructions();
  engine_->run(kLimit);
  executed_ = engine_->instructions() - before - (stop_ != Stop::kLimit);
  if (!observed_) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] = i < executed_;
  }

  Outcome result;
  result.stop = stop_;
  result.address = stop_address_;
  std::copy_n(registers.x.begin(), result.state.x.size(), result.state.x.begin());
  result.state.sp = registers.x[RegisterFile::kSp];
  result.state.pc = registers.pc;
  result.state.nzcv = registers.flags.nzcv();
  std::memcpy(result.state.v.data(), registers.v.data(), sizeof registers.v);
  result.state.fpcr = registers.fpcr;
  result.state.fpsr = registers.fpsr;
  return result;
}

void Ours::end(Stop stop, std::uint64_t address) {
  stop_ = stop;
  stop_address_ = address;
  engine_->stop();
}

bool Ours::translate(const MemoryAccess& access, Translation& result) {
  if (access.unaligned && access.must_align) {
    end(Stop::kAlignment, access.address);
    return false;
  }
  const bool fetch = access.kind == AccessKind::kExecute;
  const auto page = memory_.page(access.address, access.kind == AccessKind::kWrite);
  if (page.empty() || (fetch && access.address >= Memory::kData)) {
    end(fetch ? Stop::kFetchAbort : Stop::kDataAbort, access.address);
    return false;
  }
  result.physical = access.address;
  if (!Memory::on_bus(access.address)) result.host = page.data();
  return true;
}

bool Ours::read_bus(const MemoryAccess& access, std::uint64_t physical, void* to) {
  std::memcpy(to, memory_.host(physical), access.size);
  return true;
}

bool Ours::write_bus(const MemoryAccess& access, std::uint64_t physical, const void* from) {
  std::memcpy(memory_.host(physical), from, access.size);
  return true;
}

bool Ours::read_system(std::uint32_t, std::uint64_t&) {
  end(Stop::kException);
  return false;
}

Next Ours::write_system(std::uint32_t, std::uint64_t) {
  end(Stop::kException);
  return Next::kPc;
}

void Ours::trap(Trap trap, std::uint32_t word) {
  switch (trap) {
    case Trap::kUndefined: return end(Stop::kUndefined);
    case Trap::kPcAlignment: return end(Stop::kFetchAbort, engine_->registers().pc);
    case Trap::kSupervisorCall: return end(word == kEnd ? Stop::kEnd : Stop::kException);
    default: return end(Stop::kException);
  }
}

void Ours::exception_return(std::uint32_t) { end(Stop::kException); }

bool Ours::before_instruction() {
  const std::uint64_t index = (engine_->registers().pc - code_begin_) / 4;
  if (index < counts_.size()) ++counts_[index];
  return true;
}

}  // namespace cardvp::arm::differential
