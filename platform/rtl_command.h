// `cardvp rtl`: builds plug-ins of blocks of Verilog, and shows what is in them.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "rtl/build/builder.h"

namespace cardvp {

struct RtlArguments {
  rtl::BuildOptions build;
  std::string inspected;
};

CLI::App* add_rtl_command(CLI::App& app, RtlArguments& arguments);

// What its parsed subcommand says. Throws what rtl/build/builder.h and rtl/plugin.h do.
void run_rtl_command(const CLI::App& command, const RtlArguments& arguments);

}  // namespace cardvp
