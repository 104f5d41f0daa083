#include "models/arm/insight/exec_trace.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "models/arm/insight/syndrome.h"

namespace cardvp::arm {
namespace {

using sc_core::sc_time;

constexpr std::size_t kBuffer = 1 << 18;
constexpr std::size_t kChangesColumn = 92;  // where the changed registers begin

// PSTATE, in the places of SPSR_ELx.
unsigned nzcv(std::uint64_t pstate) { return pstate >> 28 & 15; }
unsigned daif(std::uint64_t pstate) { return pstate >> 6 & 15; }
unsigned stack_select(std::uint64_t pstate) { return pstate & 1; }
// Whose SP_ELx the stack pointer is.
unsigned stack_bank(std::uint64_t pstate) { return stack_select(pstate) ? pstate >> 2 & 3 : 0; }

std::uint64_t banked_stack_pointer(const RegisterFile& registers, std::uint64_t pstate, unsigned bank) {
  return stack_bank(pstate) == bank ? registers.x[RegisterFile::kSp] : registers.banked_sp[bank];
}

}  // namespace

ExecTrace::ExecTrace(std::ostream& out, const Symbols& symbols, const ExecTraceConfig& config)
    : out_(out), symbols_(symbols), config_(config), disassembler_(symbols) {
  for (const std::string& function : config.functions) {
    const std::vector<std::uint64_t> found = symbols.starts(function);
    if (found.empty()) throw std::runtime_error(fmt::format("no program has a function {}", function));
    starts_.insert(starts_.end(), found.begin(), found.end());
  }
  std::sort(starts_.begin(), starts_.end());
}

bool ExecTrace::within_call(DebugPort& core) {
  const RegisterFile& registers = core.registers();
  if (core.number() >= calls_.size()) calls_.resize(core.number() + 1);
  std::optional<Call>& call = calls_[core.number()];
  if (call && registers.pc == call->return_address && registers.x[RegisterFile::kSp] == call->stack_pointer &&
      core.level() == call->level)
    call.reset();
  if (!call && std::binary_search(starts_.begin(), starts_.end(), registers.pc))
    call = Call{core.level(), registers.x[30], registers.x[RegisterFile::kSp]};
  return call.has_value();
}

bool ExecTrace::selected(DebugPort& core, sc_time now) {
  const bool called = starts_.empty() || within_call(core);
  return called && now >= config_.from && now < config_.to;
}

void ExecTrace::instruction(DebugPort& core, sc_time now) {
  end_pending();
  if (!selected(core, now)) return;
  const RegisterFile& registers = core.registers();
  pending_.core = &core;
  pending_.before = registers;
  pending_.pstate = core.pstate();

  note_place(core.number(), registers.pc);
  begin_line(now, core.number(), pending_.pstate >> 2 & 3);
  std::uint32_t word;
  if (core.read_memory(registers.pc, std::as_writable_bytes(std::span(&word, 1)))) {
    fmt::format_to(std::back_inserter(buffer_), FMT_COMPILE("{:016x} {:08x}  "), registers.pc, word);
    buffer_ += disassembler_.text(registers.pc, word);
  } else {
    fmt::format_to(std::back_inserter(buffer_), FMT_COMPILE("{:016x} --------  not readable"), registers.pc);
  }
}

void ExecTrace::exception(DebugPort& core, sc_time now, const ExceptionRecord& record) {
  const bool returns = std::strcmp(record.kind, "return") == 0;
  if (pending_.core == &core && !returns) {
    // The core is at the handler already; the target's SPSR has the state before.
    end_instruction(core.read_system(banked(record.to).spsr));
  } else {
    end_pending();
  }
  const bool called = starts_.empty() || (core.number() < calls_.size() && calls_[core.number()]);
  if (!called || now < config_.from || now >= config_.to) return;
  begin_line(now, core.number(), record.to);
  const auto out = std::back_inserter(buffer_);
  if (returns) {
    fmt::format_to(out, "return from EL{}", record.from);
  } else if (std::strcmp(record.kind, "synchronous") == 0) {
    fmt::format_to(out, "exception: {}, EL{} to EL{}, ESR {:#010x}", syndrome_text(record.syndrome), record.from,
                   record.to, record.syndrome);
    if (has_fault_address(record.syndrome)) fmt::format_to(out, ", FAR {:#x}", record.fault_address);
  } else {
    fmt::format_to(out, "exception: {}, EL{} to EL{}", record.kind, record.from, record.to);
  }
  if (!returns) append_place(", ELR ", record.link);
  append_place(", at ", record.target);
  end_line();
}

void ExecTrace::note_place(unsigned core, std::uint64_t pc) {
  const bool same_core = place_core_ == core;
  if (same_core && pc >= place_start_ && pc < place_end_) return;
  const auto place = symbols_.find(pc);
  const bool was_outside = place_end_ == 0;
  place_core_ = core;
  place_start_ = place ? place->start : 0;
  place_end_ = place ? place->end : 0;
  if (!place && was_outside && same_core) return;
  fmt::format_to(std::back_inserter(buffer_), "# core {}: {}", core, symbols_.describe(pc));
  if (place) fmt::format_to(std::back_inserter(buffer_), " ({})", place->module);
  end_line();
}

void ExecTrace::begin_line(sc_time now, unsigned core, unsigned level) {
  const std::uint64_t ns = now.value() / 1000;
  fmt::format_to(std::back_inserter(buffer_), FMT_COMPILE("{:>10}.{:03} {} EL{} "), ns / 1000, ns % 1000, core, level);
}

void ExecTrace::append_place(const char* before, std::uint64_t address) {
  fmt::format_to(std::back_inserter(buffer_), "{}{:#x}", before, address);
  if (symbols_.find(address)) buffer_ += " <" + symbols_.describe(address) + ">";
}

void ExecTrace::end_instruction(std::uint64_t pstate) {
  DebugPort& core = *std::exchange(pending_.core, nullptr);
  const RegisterFile &before = pending_.before, &after = core.registers();
  const auto out = std::back_inserter(buffer_);
  const std::size_t text_end = buffer_.size();
  for (unsigned i = 0; i < RegisterFile::kSp; ++i)
    if (before.x[i] != after.x[i]) fmt::format_to(out, FMT_COMPILE(" x{}={:#x}"), i, after.x[i]);
  const unsigned bank = stack_bank(pending_.pstate);
  const std::uint64_t stack_pointer = banked_stack_pointer(after, core.pstate(), bank);
  if (stack_pointer != before.x[RegisterFile::kSp]) fmt::format_to(out, FMT_COMPILE(" sp={:#x}"), stack_pointer);
  if (nzcv(pstate) != nzcv(pending_.pstate)) fmt::format_to(out, FMT_COMPILE(" nzcv={:04b}"), nzcv(pstate));
  if (daif(pstate) != daif(pending_.pstate)) fmt::format_to(out, FMT_COMPILE(" daif={:04b}"), daif(pstate));
  if (stack_select(pstate) != stack_select(pending_.pstate)) fmt::format_to(out, " spsel={}", stack_select(pstate));
  if (std::memcmp(before.v.data(), after.v.data(), sizeof before.v) != 0)
    for (std::size_t i = 0; i < before.v.size(); ++i)
      if (before.v[i].low != after.v[i].low || before.v[i].high != after.v[i].high)
        fmt::format_to(out, FMT_COMPILE(" v{}=0x{:016x}{:016x}"), i, after.v[i].high, after.v[i].low);
  if (before.fpcr != after.fpcr) fmt::format_to(out, " fpcr={:#x}", after.fpcr);
  if (before.fpsr != after.fpsr) fmt::format_to(out, " fpsr={:#x}", after.fpsr);

  const std::size_t width = text_end - line_;
  if (buffer_.size() > text_end && width < kChangesColumn) buffer_.insert(text_end, kChangesColumn - width, ' ');
  end_line();
}

void ExecTrace::end_line() {
  buffer_ += '\n';
  line_ = buffer_.size();
  if (line_ >= kBuffer) flush();
}

void ExecTrace::flush() {
  out_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  buffer_.clear();
  line_ = 0;
}

void ExecTrace::finish() {
  end_pending();
  flush();
  out_.flush();
}

}  // namespace cardvp::arm
