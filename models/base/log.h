// Structured logging: one line per event, with simulated time, the model's hierarchical name and key=value pairs.
//
//   log_.info("queue created", {{"qid", qid}, {"entries", size}});
//   [      1.204 us] card.nvme info: queue created qid=1 entries=32
//
// Levels: error (the simulator or its set-up is at fault), warning (the simulated software or host did something it
// should not), info (milestones), debug (each step; off unless --trace names the model). A call whose level is off
// costs a comparison.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cardvp {

enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

// True if `name` matches `pattern`, in which * stands for any run of characters. A pattern also matches everything
// below what it names: "card.nvme" matches "card.nvme.fn1".
bool matches_hierarchy(std::string_view pattern, std::string_view name);

struct LogValue {
  std::string_view key;
  std::string value;

  LogValue(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogValue(std::string_view k, const char* v) : key(k), value(v) {}
  LogValue(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
  template <class T>
  requires std::is_integral_v<T> LogValue(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
};

// "0x1f", for addresses and register values.
std::string hex(std::uint64_t value);

struct LogRecord {
  std::uint64_t time_ps;
  LogLevel level;
  std::string_view source;  // hierarchical name
  std::string_view text;
  std::initializer_list<LogValue> values;
};

// Where the records of a machine go. Level per source: `level`, or debug where a trace pattern matches.
class Log {
 public:
  using Sink = std::function<void(const LogRecord&)>;

  void set_level(LogLevel level) { level_ = level; }
  void trace(std::string pattern) { patterns_.push_back(std::move(pattern)); }
  void set_sink(Sink sink) { sink_ = std::move(sink); }

  LogLevel level_of(std::string_view source) const;
  void write(const LogRecord& record) {
    if (sink_) sink_(record);
  }

  // The line shown above, without a newline.
  static std::string format(const LogRecord& record);

 private:
  LogLevel level_ = LogLevel::kWarning;
  std::vector<std::string> patterns_;
  Sink sink_;
};

// A model's own access to the Log; its level is fixed when it is made, so set levels and patterns before.
class Logger {
 public:
  Logger(Log& log, std::string source) : log_(log), source_(std::move(source)), level_(log.level_of(source_)) {}

  bool debugging() const { return level_ >= LogLevel::kDebug; }
  using Values = std::initializer_list<LogValue>;
  void error(std::string_view text, Values values = {}) const { write(LogLevel::kError, text, values); }
  void warning(std::string_view text, Values values = {}) const { write(LogLevel::kWarning, text, values); }
  void info(std::string_view text, Values values = {}) const { write(LogLevel::kInfo, text, values); }
  // Ask debugging() first where the values cost something to make.
  void debug(std::string_view text, Values values = {}) const { write(LogLevel::kDebug, text, values); }

 private:
  void write(LogLevel level, std::string_view text, Values values) const;

  Log& log_;
  std::string source_;
  LogLevel level_;
};

}  // namespace cardvp
