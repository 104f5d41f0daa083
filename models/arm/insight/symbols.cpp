#include "models/arm/insight/symbols.h"

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include <fmt/format.h>

#include "models/arm/insight/symbol_files.h"

namespace cardvp::arm {
namespace {

// One name for each address, and no labels inside of functions.
std::vector<FunctionSymbol> resolved(std::vector<FunctionSymbol> symbols) {
  constexpr unsigned kLabel = 2;
  std::sort(symbols.begin(), symbols.end(), [](const FunctionSymbol& a, const FunctionSymbol& b) {
    return std::tie(a.start, a.rank, a.name) < std::tie(b.start, b.rank, b.name);
  });
  std::vector<FunctionSymbol> kept;
  std::uint64_t function_end = 0;
  for (FunctionSymbol& symbol : symbols) {
    if (!kept.empty() && kept.back().start == symbol.start) continue;
    if (symbol.rank >= kLabel && symbol.start < function_end) continue;
    if (symbol.rank < kLabel) function_end = std::max(function_end, symbol.start + symbol.size);
    kept.push_back(std::move(symbol));
  }
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (kept[i].size == 0) {
      const std::uint64_t next = i + 1 < kept.size() ? kept[i + 1].start : kept[i].limit;
      kept[i].size = std::min(next, std::max(kept[i].limit, kept[i].start)) - kept[i].start;
    }
  return kept;
}

}  // namespace

void Symbols::add(const std::filesystem::path& file, std::uint64_t load_offset) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) throw std::runtime_error(file.string() + ": no such file");
  const std::vector<FunctionSymbol> found = resolved(is_elf(file) ? read_elf_symbols(file) : read_system_map(file));
  if (found.empty()) throw std::runtime_error(file.string() + ": it has no functions");

  const std::size_t module = modules_.size();
  modules_.push_back(printable(file.stem().string()));
  for (const FunctionSymbol& symbol : found) {
    const std::uint64_t start = symbol.start + load_offset;
    functions_.push_back({start, start + symbol.size, symbol.name, module});
  }
  const auto by_start = [](const Function& a, const Function& b) { return a.start < b.start; };
  const auto same_start = [](const Function& a, const Function& b) { return a.start == b.start; };
  std::stable_sort(functions_.begin(), functions_.end(), by_start);  // who came first keeps its place
  functions_.erase(std::unique(functions_.begin(), functions_.end(), same_start), functions_.end());
}

std::optional<Symbols::Place> Symbols::find(std::uint64_t address) const {
  const auto behind = std::upper_bound(functions_.begin(), functions_.end(), address,
                                       [](std::uint64_t at, const Function& function) { return at < function.start; });
  if (behind == functions_.begin()) return {};
  const Function& function = *std::prev(behind);
  if (address >= function.end) return {};
  return Place{function.name, modules_[function.module], function.start, function.end, address - function.start};
}

std::string Symbols::describe(std::uint64_t address) const {
  const std::optional<Place> place = find(address);
  if (!place) return fmt::format("{:#x}", address);
  return place->offset == 0 ? std::string(place->function) : fmt::format("{}+{:#x}", place->function, place->offset);
}

std::vector<std::uint64_t> Symbols::starts(std::string_view function) const {
  std::vector<std::uint64_t> found;
  for (const Function& at : functions_)
    if (at.name == function) found.push_back(at.start);
  return found;
}

}  // namespace cardvp::arm
