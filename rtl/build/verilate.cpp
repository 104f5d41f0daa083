#include "rtl/build/verilate.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "models/support/config_error.h"
#include "models/support/subprocess.h"

namespace cardvp::rtl {
namespace {

namespace fs = std::filesystem;

std::string program(const char* name, const char* package) {
  const std::string found = find_program(name);
  if (found.empty())
    throw std::runtime_error(
        fmt::format("{} is not installed (Debian's package {}); an RTL block cannot be built without", name, package));
  return found;
}

std::vector<std::string> command(const BlockSource& source, const fs::path& work) {
  std::vector<std::string> arguments = {
      program("verilator", "verilator"), "--cc", "--exe", "plugin_main.cpp", "-o", kPluginFile, "--prefix", "Vblock",
      "--top-module", source.top, "--Mdir", work.string(), "-O3", "--no-timing", "--x-initial", "unique",
      // Time is in ps, whatever the sources say of the precision.
      "--timescale-override", "/1ps",
      // -w: warnings of the compiler would be about generated code.
      "-CFLAGS", "-std=c++20 -fPIC -fvisibility=hidden -fno-gnu-unique -w -DVL_TIME_CONTEXT -include plugin_hooks.h",
      "-CFLAGS",
      fmt::format("-DCARDVP_RTL_FST={:d} -DCARDVP_RTL_VCD={:d} -DCARDVP_RTL_COVERAGE={:d}", source.trace == "fst",
                  source.trace == "vcd", source.coverage),
      "-LDFLAGS", "-shared -Wl,-Bsymbolic -Wl,--version-script=exports.map"};
  if (source.trace == "fst") arguments.push_back("--trace-fst");
  if (source.trace == "vcd") arguments.push_back("--trace");
  if (source.coverage) arguments.push_back("--coverage");
  if (!source.warnings_are_errors) arguments.push_back("-Wno-fatal");
  arguments.push_back(source.loops_allowed ? "-Wno-UNOPTFLAT" : "-Werror-UNOPTFLAT");
  for (const auto& [name, text] : source.defines) arguments.push_back(fmt::format("-D{}={}", name, text));
  for (const auto& [name, value] : source.parameters) arguments.push_back(fmt::format("-G{}={}", name, value));
  for (const fs::path& folder : source.include_dirs) arguments.push_back("-I" + folder.string());
  arguments.insert(arguments.end(), source.arguments.begin(), source.arguments.end());
  for (const fs::path& file : source.sources) arguments.push_back(file.string());
  return arguments;
}

std::vector<std::string> lines_with(const std::string& output, std::string_view begin) {
  std::vector<std::string> lines;
  std::istringstream in(output);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(begin)) lines.push_back(line);
  return lines;
}

// From the first error on; from the first warning, if warnings are all that there is.
std::string complaint(const std::string& output) {
  const auto line_with = [&](std::string_view begin) {
    std::size_t at = 0;
    while (at < output.size() &&
           (output.compare(at, begin.size(), begin) != 0 || output.compare(at, 15, "%Error: Exiting") == 0))
      at = std::min(output.find('\n', at), output.size() - 1) + 1;
    return at;
  };
  const std::size_t error = line_with("%Error");
  return output.substr(error < output.size() ? error : line_with("%Warning"));
}

std::string first_lines(const std::string& output, std::size_t count) {
  std::istringstream in(output);
  std::string text;
  for (std::string line; count > 0 && std::getline(in, line); --count) text += "\n  " + line;
  return text;
}

void write_log(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

constexpr std::size_t kShownLines = 12;
constexpr char kLoop[] =
    "a combinational loop: {}\n  A signal depends on itself without a flip-flop between. If it only seems so (bits of "
    "one "
    "vector that depend on each other), or it settles, set /verilator/combinational_loops to \"allow\"";

// Which part of the description a complaint is about.
[[noreturn]] void explain(const BlockSource& source, const std::string& output) {
  const auto has = [&](std::string_view text) { return output.find(text) != std::string::npos; };
  for (const std::string& loop : lines_with(output, "%Error-UNOPTFLAT"))
    throw ConfigError("/sources", fmt::format(kLoop, loop));
  if (has("--top-module") && has("was not found"))
    throw ConfigError("/top", "a module of the sources (by default it is called as the block)", source.top);
  for (const auto& [name, value] : source.parameters)
    if (has("Parameters from the command line were not found") && has(name))
      throw ConfigError("/parameters/" + name, fmt::format("the module {} has no such parameter", source.top));
  const std::string problem = complaint(output);
  std::string pointer = "/sources";
  for (std::size_t i = 0; i < source.sources.size(); ++i)
    if (problem.substr(0, problem.find('\n')).find(": " + source.sources[i].string() + ":") != std::string::npos)
      pointer = fmt::format("/sources/{}", i);
  std::string advice;
  if (problem.find("Cannot find file containing module") != std::string::npos)
    advice = "\n  Add the module's file to /sources, or its folder to /include_dirs.";
  if (problem.find("Cannot find include file") != std::string::npos) advice = "\n  Add its folder to /include_dirs.";
  throw ConfigError(pointer, "verilator does not take it:" + first_lines(problem, kShownLines) + advice);
}

}  // namespace

std::string verilator_version() {
  std::string text = run_program({program("verilator", "verilator"), "--version"}, {}).output;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::vector<std::string> verilate(const BlockSource& source, const fs::path& work) {
  const ProgramResult result = run_program(command(source, work), {});
  write_log(work / "verilator.log", result.output);
  if (result.status != 0) explain(source, result.output);
  return lines_with(result.output, "%Warning");
}

void compile(const fs::path& work) {
  const std::string ccache = find_program("ccache");
  program("g++", "g++");
  const unsigned jobs = std::max(std::thread::hardware_concurrency(), 1u);
  const ProgramResult result =
      run_program({program("make", "make"), "-C", work.string(), "-f", "Vblock.mk", fmt::format("-j{}", jobs),
                   "OPT_FAST=-O2", "OPT_SLOW=-O1", "OPT_GLOBAL=-O1", "OBJCACHE=" + ccache},
                  {});
  write_log(work / "make.log", result.output);
  if (result.status == 0) return;
  const std::size_t error = std::min(result.output.find("error"), result.output.size());
  const std::size_t line = result.output.rfind('\n', error) + 1;  // 0 if there is none
  throw std::runtime_error("the verilated block does not compile:" +
                           first_lines(result.output.substr(line), kShownLines));
}

}  // namespace cardvp::rtl
