#include "scenarios/insight.h"

#include <algorithm>
#include <charconv>

#include "models/arm/insight/backtrace.h"
#include "models/arm/insight/symbol_files.h"

namespace cardvp::scenarios {
namespace {

namespace fs = std::filesystem;
using platform::ConfigError;

constexpr std::string_view kExec = "exec", kExecOf = "exec:";

sc_core::sc_time us(double value) { return {value, sc_core::SC_US}; }

// FILE@OFFSET; a file may have an @ in its name.
std::pair<fs::path, std::uint64_t> split_offset(const std::string& text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string::npos || fs::exists(text)) return {text, 0};
  std::string_view digits = std::string_view(text).substr(at + 1);
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  std::uint64_t offset = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset, 16);
  if (error != std::errc() || end != digits.data() + digits.size())
    throw ConfigError("--symbols", "FILE or FILE@OFFSET with a hexadecimal offset", text);
  return {text.substr(0, at), offset};
}

}  // namespace

void take_exec_traces(std::vector<std::string>& traces, InsightOptions& options) {
  std::erase_if(traces, [&options](const std::string& trace) {
    const bool of_function = trace.starts_with(kExecOf);
    if (trace != kExec && !of_function) return false;
    options.trace_exec = true;
    if (of_function) options.trace_functions.push_back(trace.substr(kExecOf.size()));
    return true;
  });
}

Insight::Insight(const InsightOptions& options, const platform::CardConfig& card,
                 const std::optional<OutputFolder>& out, Terminal& terminal)
    : options_(options),
      images_{card.rom, card.firmware, card.boot.flash},
      out_(out ? &*out : nullptr),
      terminal_(terminal) {
  const bool profiles = options.profile_period_us != 0;
  if (!out && (options.trace_exec || profiles))
    throw ConfigError(options.trace_exec ? "--trace exec" : "--profile", "--out DIR, for its file", "none");
  if (options.trace_exec || profiles || !options.symbols.empty()) load_symbols();
}

void Insight::load_symbols() {
  loaded_ = true;
  for (const std::string& given : options_.symbols) {
    const auto [file, offset] = split_offset(given);
    try {
      symbols_.add(file, offset);
    } catch (const std::runtime_error& error) {
      throw ConfigError("--symbols", error.what());
    }
  }
  for (fs::path file : images_) {
    if (!arm::is_elf(file)) file.replace_extension(".elf");
    if (!fs::is_regular_file(file)) continue;
    try {
      symbols_.add(file);
    } catch (const std::runtime_error& error) {
      terminal_.error(fmt::format("cardvp: no symbols from {}", error.what()));
    }
  }
}

void Insight::attach(platform::Card& card) {
  const std::vector<arm::Core*> all = card.cluster().cores();
  if (options_.trace_exec) {
    log_.open(out_->file("exec.log"), std::ios::binary);
    try {
      trace_.emplace(log_, symbols_,
                     arm::ExecTraceConfig{options_.trace_functions, us(options_.trace_from_us),
                                          options_.trace_to_us ? us(*options_.trace_to_us) : sc_core::sc_max_time()});
    } catch (const std::runtime_error& error) {
      throw ConfigError("--trace exec", error.what());
    }
    for (arm::Core* const core : all) core->attach(&*trace_);
  }
  if (options_.profile_period_us != 0) {
    profile_.emplace(symbols_, options_.profile_period_us, all.size() > 1);
    for (arm::Core* const core : all) core->attach(&*profile_, us(static_cast<double>(options_.profile_period_us)));
  }
}

void Insight::finish() {
  if (trace_) {
    trace_->finish();
    log_.close();
    if (!log_) throw std::runtime_error(out_->file("exec.log").string() + ": cannot be written: is the disk full?");
  }
  if (profile_) out_->write("profile.folded", [this](std::ostream& file) { profile_->write(file); });
}

std::vector<std::string> Insight::backtraces(platform::Card& card) {
  if (!loaded_) load_symbols();
  std::vector<std::string> lines;
  for (arm::Core* const core : card.cluster().cores()) {
    arm::DebugPort& port = core->debug_port();
    if (!port.powered()) continue;
    lines.push_back(fmt::format("backtrace of core {}, EL{}:", port.number(), port.level()));
    for (const std::string& line : arm::backtrace(port, symbols_)) lines.push_back("  " + line);
  }
  return lines;
}

}  // namespace cardvp::scenarios
