#include "test/differential/shrink.h"

#include <capstone/capstone.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <functional>

namespace cardvp::arm::differential {

namespace {

// Calls `visit` with the name of each register and references to its halves; the second is null but for vectors.
void for_each_register(State& state,
                       const std::function<void(const std::string&, std::uint64_t&, std::uint64_t*)>& visit) {
  for (std::size_t i = 0; i < state.x.size(); ++i) visit(fmt::format("x{}", i), state.x[i], nullptr);
  visit("sp", state.sp, nullptr);
  for (std::size_t i = 0; i < state.v.size(); ++i) visit(fmt::format("v{}", i), state.v[i][0], &state.v[i][1]);
  for (const auto& [name, word] : {std::pair{"nzcv", &state.nzcv}, {"fpcr", &state.fpcr}, {"fpsr", &state.fpsr}}) {
    std::uint64_t value = *word;
    visit(name, value, nullptr);
    *word = static_cast<std::uint32_t>(value);
  }
}

bool differs(Comparison& comparison, const Case& candidate) {
  comparison.load(candidate.sequence);
  return comparison.run(candidate.state).has_value();
}

bool number(std::string_view text, std::uint64_t& value) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Case shrink(Comparison& comparison, Case failing) {
  for (bool shorter = true; shorter;) {
    shorter = false;
    for (std::size_t i = failing.sequence.words.size(); i-- > 0 && failing.sequence.words.size() > 1;) {
      Case candidate = failing;
      candidate.sequence.words.erase(candidate.sequence.words.begin() + static_cast<std::ptrdiff_t>(i));
      if (!differs(comparison, candidate)) continue;
      failing = std::move(candidate);
      shorter = true;
    }
  }
  std::size_t count = 0;
  for_each_register(failing.state, [&](const std::string&, std::uint64_t&, std::uint64_t*) { ++count; });
  for (std::size_t i = 0; i < count; ++i) {
    Case candidate = failing;
    std::size_t at = 0;
    for_each_register(candidate.state, [&](const std::string&, std::uint64_t& low, std::uint64_t* high) {
      if (at++ != i) return;
      low = 0;
      if (high) *high = 0;
    });
    if (differs(comparison, candidate)) failing = std::move(candidate);
  }
  return failing;
}

std::string disassemble(std::uint32_t word, std::uint64_t address) {
  csh handle;
  if (cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &handle) != CS_ERR_OK) return "";
  std::array<std::uint8_t, 4> bytes;
  for (unsigned i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(word >> 8 * i);
  cs_insn* instruction;
  std::string result = "?";
  if (const std::size_t count = cs_disasm(handle, bytes.data(), bytes.size(), address, 1, &instruction)) {
    result = fmt::format("{} {}", instruction->mnemonic, instruction->op_str);
    cs_free(instruction, count);
  }
  cs_close(&handle);
  return result;
}

std::string describe(const Case& found, const Difference& difference) {
  std::string words, result;
  std::uint64_t address = found.sequence.address();
  for (const std::uint32_t word : found.sequence.words) {
    result += fmt::format("  {:#x}: {:08x}  {}\n", address, word, disassemble(word, address));
    words += fmt::format("{}{:08x}", words.empty() ? "" : " ", word);
    address += 4;
  }
  const std::string state = to_text(found.state);
  return fmt::format("{}  from: {}\n{}  replay: cardvp_differential --offset {} --words '{}' --state '{}'\n", result,
                     state, difference.what, found.sequence.offset, words, state);
}

std::string to_text(const State& state) {
  State copy = state;
  std::string result;
  for_each_register(copy, [&](const std::string& name, std::uint64_t& low, std::uint64_t* high) {
    if (low == 0 && (!high || *high == 0)) return;
    if (!result.empty()) result += ' ';
    result += high ? fmt::format("{}={:#x}:{:#x}", name, *high, low) : fmt::format("{}={:#x}", name, low);
  });
  return result;
}

bool from_text(std::string_view text, State& state) {
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const std::size_t equals = item.find('='), colon = item.find(':');
    if (equals == item.npos) return false;
    bool found = false;
    for_each_register(state, [&](const std::string& name, std::uint64_t& low, std::uint64_t* high) {
      if (name != item.substr(0, equals) || (colon != item.npos) != (high != nullptr)) return;
      found = high ? number(item.substr(equals + 1, colon - equals - 1), *high) && number(item.substr(colon + 1), low)
                   : number(item.substr(equals + 1), low);
    });
    if (!found) return false;
  }
  return true;
}

}  // namespace cardvp::arm::differential
