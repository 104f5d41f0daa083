#include "platform/rtl_command.h"

#include <unistd.h>

#include <csignal>
#include <filesystem>

#include <fmt/format.h>

namespace cardvp {
namespace {

void build(rtl::BuildOptions options) {
  if (::isatty(STDERR_FILENO)) options.progress = [](const std::string& what) { fmt::print(stderr, "{}\n", what); };
  const rtl::Inspection inspection = rtl::build_block(options);
  for (const std::string& warning : inspection.warnings) fmt::print(stderr, "{}\n", warning);
  fmt::print("{}", rtl::to_report(inspection));
}

void inspect(const std::string& file) {
  const bool description = std::filesystem::path(file).extension() == ".json";
  fmt::print("{}", description ? rtl::to_report(rtl::inspect_block(file)) : rtl::plugin_report(file));
}

}  // namespace

CLI::App* add_rtl_command(CLI::App& app, RtlArguments& arguments) {
  CLI::App* const command = app.add_subcommand("rtl", "Make plug-ins of blocks of Verilog, look into them");
  command->require_subcommand(1);
  CLI::App* const build_command = command->add_subcommand(
      "build", "Verilate a block and compile it into a plug-in, which scenarios name; needs verilator, make and g++");
  build_command->add_option("FILE", arguments.build.file, "The block's description, a JSON file (see docs/rtl.md)")
      ->required();
  build_command->add_option("-o,--output", arguments.build.output, "The plug-in; by default NAME.so in this folder")
      ->type_name("FILE");
  build_command
      ->add_option("--work", arguments.build.work,
                   "Folder for what is made on the way; kept, and a second build does only what changed")
      ->type_name("DIR");
  CLI::App* const inspect_command = command->add_subcommand(
      "inspect", "Print ports, clocks and interfaces of a block, and which of them were found by their names");
  inspect_command->add_option("FILE", arguments.inspected, "A block's description, .json, or a plug-in")->required();
  return command;
}

void run_rtl_command(const CLI::App& command, const RtlArguments& arguments) {
  try {
    if (command.got_subcommand("build")) build(arguments.build);
    if (command.got_subcommand("inspect")) inspect(arguments.inspected);
  } catch (const rtl::Interrupted& interrupted) {
    std::raise(interrupted.signal);  // which ends the process, as who sent it expects
  }
}

}  // namespace cardvp
