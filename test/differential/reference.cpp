#include "test/differential/reference.h"

#include <cstring>

namespace cardvp::arm::differential {

namespace {

constexpr auto kHalt = Dynarmic::HaltReason::UserDefined1;

Dynarmic::A64::UserConfig config(Dynarmic::A64::UserCallbacks* callbacks, Dynarmic::ExclusiveMonitor* monitor) {
  Dynarmic::A64::UserConfig result{};
  result.callbacks = callbacks;
  result.global_monitor = monitor;
  // MiscIROpt makes one fallback of several instructions, behind the end of the block too; with the other two, a loop
  // by way of BR or RET never looks at the ticks.
  using Flag = Dynarmic::OptimizationFlag;
  result.optimizations =
      Dynarmic::all_safe_optimizations & ~(Flag::MiscIROpt | Flag::FastDispatch | Flag::ReturnStackBuffer);
  result.code_cache_size = 32 * 1024 * 1024;
  return result;
}

}  // namespace

Reference::Reference() : jit_(std::make_unique<Dynarmic::A64::Jit>(config(this, &monitor_))) {}

void Reference::load(const Sequence& sequence) {
  memory_.load(sequence);
  jit_->ClearCache();
}

void Reference::set(const State& state) {
  jit_->SetRegisters(state.x);
  jit_->SetSP(state.sp);
  jit_->SetPC(state.pc);
  jit_->SetVectors(state.v);
  jit_->SetPstate(state.nzcv << 28);
  jit_->SetFpcr(state.fpcr);
  jit_->SetFpsr(state.fpsr);
  jit_->ClearExclusiveState();
  jit_->ClearHalt(kHalt);
  monitor_.Clear();
  wrote_ = false;
  stop_ = Stop::kLimit;
  stop_address_ = 0;
  stop_pc_.reset();
}

Outcome Reference::get() const {
  Outcome result;
  result.stop = stop_;
  result.address = stop_address_;
  result.state.x = jit_->GetRegisters();
  result.state.sp = jit_->GetSP();
  result.state.pc = stop_pc_ ? *stop_pc_ : jit_->GetPC();
  result.state.v = jit_->GetVectors();
  result.state.nzcv = jit_->GetPstate() >> 28;
  result.state.fpcr = jit_->GetFpcr();
  result.state.fpsr = jit_->GetFpsr();
  return result;
}

Outcome Reference::run(const State& from) {
  set(from);
  // Blocks are executed as a whole, so the exact limit cannot be asked for; this is beyond it in any case.
  ticks_ = 2 * kLimit;
  while (stop_ == Stop::kLimit && ticks_) jit_->Run();
  return get();
}

Outcome Reference::step(const State& from, std::uint64_t count) {
  set(from);
  for (ticks_ = count; stop_ == Stop::kLimit && count; --count) jit_->Step();
  return get();
}

void Reference::end(Stop stop, std::uint64_t address, std::optional<std::uint64_t> pc) {
  if (stop_ != Stop::kLimit) return;  // the first counts
  stop_ = stop;
  stop_address_ = address;
  stop_pc_ = pc;
  jit_->HaltExecution(kHalt);
}

std::optional<std::uint32_t> Reference::MemoryReadCode(std::uint64_t address) {
  if (address - Memory::kCode >= Memory::kCodeSize || address % 4) return std::nullopt;
  std::uint32_t word;
  std::memcpy(&word, memory_.host(address), sizeof word);
  return word;
}

template <typename T>
T Reference::read(std::uint64_t address) {
  T value{};
  if (const auto fault = memory_.fault(address, sizeof value, false)) {
    end(Stop::kDataAbort, *fault);
  } else {
    std::memcpy(&value, memory_.host(address), sizeof value);
  }
  return value;
}

template <typename T>
bool Reference::write(std::uint64_t address, const T& value) {
  if (const auto fault = memory_.fault(address, sizeof value, true)) {
    end(Stop::kDataAbort, *fault);
  } else {
    std::memcpy(memory_.host(address), &value, sizeof value);
    wrote_ = true;
  }
  return true;
}

void Reference::InterpreterFallback(std::uint64_t pc, std::size_t) { end(Stop::kNotImplemented, 0, pc); }

void Reference::CallSVC(std::uint32_t number) {
  end(number == 0 ? Stop::kEnd : Stop::kException, 0, jit_->GetPC() - 4);
}

void Reference::ExceptionRaised(std::uint64_t pc, Dynarmic::A64::Exception exception) {
  using Dynarmic::A64::Exception;
  switch (exception) {
    case Exception::UnallocatedEncoding:
    case Exception::ReservedValue: return end(Stop::kUndefined, 0, pc);
    case Exception::UnpredictableInstruction: return end(Stop::kUnpredictable, 0, pc);
    case Exception::NoExecuteFault: return end(Stop::kFetchAbort, pc, pc);
    case Exception::WaitForInterrupt:
    case Exception::WaitForEvent:
    case Exception::SendEvent:
    case Exception::SendEventLocal:
    case Exception::Yield: return;  // hints: execution goes on
    default: return end(Stop::kException, 0, pc);
  }
}

}  // namespace cardvp::arm::differential
