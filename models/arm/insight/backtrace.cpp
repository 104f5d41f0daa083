#include "models/arm/insight/backtrace.h"

#include <span>
#include <utility>

#include <fmt/format.h>

namespace cardvp::arm {
namespace {

constexpr unsigned kFramePointer = 29, kLink = 30;
constexpr std::uint64_t kInstruction = 4;
constexpr std::uint32_t kReturn = 0xd65f03c0;    // RET
constexpr std::uint32_t kSetFrame = 0x910003fd;  // ADD X29, SP, #imm (MOV X29, SP if it is 0)
constexpr std::uint32_t kSetFrameMask = 0xffc003ff;

template <class T>
bool read(DebugPort& core, std::uint64_t address, T& to) {
  return core.read_memory(address, std::as_writable_bytes(std::span(&to, 1)));
}

}  // namespace

// Where the function's x29 has been set behind its first instructions; its end, if they do not.
std::uint64_t Unwinder::frame_setup(DebugPort& core, std::uint64_t function, std::uint64_t end) {
  const auto [known, is_new] = setups_.try_emplace(function, end);
  if (!is_new) return known->second;
  constexpr std::uint64_t kPrologue = 32 * kInstruction;
  for (std::uint64_t at = function; at < end && at - function < kPrologue; at += kInstruction) {
    std::uint32_t word;
    if (!read(core, at, word)) break;
    if ((word & kSetFrameMask) == kSetFrame) return known->second = at + kInstruction;
  }
  return known->second;
}

// False in a function without a frame record, and in others before they have set x29 or after they have restored it:
// then x30 is the return address and x29 the caller's.
bool Unwinder::has_frame(DebugPort& core, std::uint64_t pc) {
  const auto place = symbols_.find(pc);
  if (!place) return true;
  std::uint32_t word;
  if (read(core, pc, word) && word == kReturn) return false;
  return pc >= frame_setup(core, place->start, place->end);
}

std::vector<std::uint64_t> Unwinder::unwind(DebugPort& core) {
  const RegisterFile& registers = core.registers();
  std::vector<std::uint64_t> calls = {registers.pc};
  const auto add_caller = [&calls](std::uint64_t return_address) {
    if (return_address == 0 || return_address % kInstruction != 0) return false;
    calls.push_back(return_address - kInstruction);
    return true;
  };
  if (!has_frame(core, registers.pc)) {
    // A return into the function itself is one that has happened: assembler code that calls without a frame record.
    const auto here = symbols_.find(registers.pc), caller = symbols_.find(registers.x[kLink] - kInstruction);
    if ((!caller || caller->start != here->start) && !add_caller(registers.x[kLink])) return calls;
  }

  struct Record {
    std::uint64_t next, return_address;
  } record;
  std::uint64_t frame = registers.x[kFramePointer];
  bool other_stack = false;  // an exception handler's stack may be above the one that it interrupted: once
  while (calls.size() < kDeepest && frame != 0 && frame % 8 == 0 && read(core, frame, record) &&
         add_caller(record.return_address)) {
    if (record.next <= frame && std::exchange(other_stack, true)) break;
    frame = record.next;
  }
  return calls;
}

std::vector<std::string> backtrace(DebugPort& core, const Symbols& symbols) {
  std::vector<std::string> lines;
  for (const std::uint64_t at : Unwinder(symbols).unwind(core)) {
    std::string line = fmt::format("#{:<2} {:#018x}", lines.size(), at);
    if (const auto place = symbols.find(at)) line += fmt::format(" {} ({})", symbols.describe(at), place->module);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace cardvp::arm
