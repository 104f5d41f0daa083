#include "rtl/coverage.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

namespace cardvp::rtl {
namespace {

constexpr std::string_view kFirstLine = "# SystemC::Coverage-3";
constexpr char kKey = '\1';  // ahead of each key; \2 is ahead of its value
constexpr std::string_view kHierarchy = "\1h\2", kPage = "\1page\2";

// Where the value of a key is in the text of a point, from what begins it to behind it.
struct Field {
  std::size_t begin, value, end;
};
std::optional<Field> field(std::string_view text, std::string_view key) {
  const std::size_t begin = text.find(key);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t value = begin + key.size();
  return Field{begin, value, std::min(text.find(kKey, value), text.size())};
}

std::string common_name(const std::string& a, const std::string& b) {
  if (a == b) return a;
  const std::size_t shorter = std::min(a.size(), b.size());
  const auto front = static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(shorter), b.begin()).first - a.begin());
  std::size_t back = 0;
  while (back < shorter - front && a[a.size() - 1 - back] == b[b.size() - 1 - back]) ++back;
  return a.substr(0, front) + "*" + a.substr(a.size() - back);
}

struct Line {
  std::string_view text;
  std::uint64_t count = 0;
};
// C 'KEY VALUE KEY VALUE ...' COUNT
std::optional<Line> parse(std::string_view line) {
  constexpr std::string_view kBegin = "C '";
  const std::size_t end = line.rfind("' ");
  if (!line.starts_with(kBegin) || end == std::string_view::npos || end < kBegin.size()) return std::nullopt;
  Line result{line.substr(kBegin.size(), end - kBegin.size())};
  const char* const last = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data() + end + 2, last, result.count);
  if (error != std::errc() || stop != last || !field(result.text, kPage)) return std::nullopt;
  return result;
}

void count(CoverageTotals& totals, const std::string& key, bool covered) {
  const Field page = *field(key, kPage);
  const std::string_view kind = std::string_view(key).substr(page.value, page.end - page.value);
  const bool line = kind.starts_with("v_line/") || kind.starts_with("v_branch/");
  if (!line && !kind.starts_with("v_toggle/")) return;
  CoverageRatio& ratio = line ? totals.lines : totals.toggles;
  ++ratio.total;
  ratio.covered += covered;
}

}  // namespace

void Coverage::add(Points& to, const std::string& key, const Point& point) {
  const auto [found, is_new] = to.emplace(key, point);
  if (is_new) return;
  Point& sum = found->second;
  sum.hierarchy = common_name(sum.hierarchy, point.hierarchy);
  if (__builtin_add_overflow(sum.count, point.count, &sum.count)) sum.count = ~std::uint64_t{0};
}

void Coverage::add(const std::string& block, const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file.string() + ": cannot be read");
  Points points;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const bool whole = !in.eof();  // Verilator ends each line
    const auto point = number == 1 ? std::nullopt : parse(line);
    if (!whole || (number == 1 ? line != kFirstLine : !point))
      throw std::runtime_error(
          fmt::format("{}:{}: is no coverage data of Verilator, or cut short", file.string(), number));
    if (!point) continue;
    std::string key(point->text);
    std::string hierarchy;
    if (const auto name = field(key, kHierarchy)) {
      hierarchy = key.substr(name->value, name->end - name->value);
      key.erase(name->begin, name->end - name->begin);
    }
    add(points, key, {point->count, hierarchy});
  }
  if (number == 0) throw std::runtime_error(file.string() + ": is empty");
  Points& sum = blocks_[block];
  for (const auto& [key, point] : points) add(sum, key, point);
}

std::map<std::string, CoverageTotals> Coverage::totals() const {
  std::map<std::string, CoverageTotals> result;
  for (const auto& [block, points] : blocks_) {
    CoverageTotals& totals = result[block];
    for (const auto& [key, point] : points) count(totals, key, point.count > 0);
  }
  return result;
}

bool Coverage::write(const std::filesystem::path& file) const {
  Points all;
  for (const auto& [block, points] : blocks_)
    for (const auto& [key, point] : points) add(all, key, point);
  std::ofstream out(file, std::ios::binary);
  out << kFirstLine << '\n';
  for (const auto& [key, point] : all)
    out << fmt::format("C '{}{}{}' {}\n", key, point.hierarchy.empty() ? "" : kHierarchy, point.hierarchy, point.count);
  return static_cast<bool>(out.flush());
}

}  // namespace cardvp::rtl
