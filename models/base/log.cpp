#include "models/base/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <systemc>

namespace cardvp {
namespace {

bool glob(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty() || name.front() == '.';
  if (pattern.front() == '*') {
    for (std::size_t skip = 0; skip <= name.size(); ++skip)
      if (glob(pattern.substr(1), name.substr(skip))) return true;
    return false;
  }
  return !name.empty() && name.front() == pattern.front() && glob(pattern.substr(1), name.substr(1));
}

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kError: return "error";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kInfo: return "info";
    case LogLevel::kDebug: break;
  }
  return "debug";
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

}  // namespace

bool matches_hierarchy(std::string_view pattern, std::string_view name) { return glob(pattern, name); }

std::string hex(std::uint64_t value) { return fmt::format("{:#x}", value); }

LogLevel Log::level_of(std::string_view source) const {
  const bool traced = std::any_of(patterns_.begin(), patterns_.end(),
                                  [&](const std::string& pattern) { return matches_hierarchy(pattern, source); });
  return traced ? LogLevel::kDebug : level_;
}

std::string Log::format(const LogRecord& record) {
  std::string line = fmt::format("[{:>14.3f} us] {} {}: {}", static_cast<double>(record.time_ps) / 1e6, record.source,
                                 name_of(record.level), record.text);
  for (const LogValue& value : record.values) {
    const bool quote = value.value.empty() || value.value.find_first_of(" =\"\n") != std::string::npos;
    line += quote ? fmt::format(" {}=\"{}\"", value.key, escaped(value.value))
                  : fmt::format(" {}={}", value.key, value.value);
  }
  return line;
}

void Logger::write(LogLevel level, std::string_view text, Values values) const {
  if (level > level_) return;
  log_.write({sc_core::sc_time_stamp().value(), level, source_, text, values});
}

}  // namespace cardvp
