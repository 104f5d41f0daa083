// cardvp_rtl_builder DESCRIPTION PLUGIN WORK: builds a block of the tree (cmake/rtl_block.cmake), ahead of the program
// whose command `cardvp rtl build` does the same.
#include <exception>

#include <fmt/format.h>
#include <systemc>

#include "rtl/build/builder.h"

int sc_main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    const auto inspection = cardvp::rtl::build_block({argv[1], argv[2], argv[3]});
    for (const std::string& warning : inspection.warnings) fmt::print(stderr, "{}\n", warning);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[1], error.what());
    return 1;
  }
}

int main(int argc, char** argv) { return sc_core::sc_elab_and_sim(argc, argv); }
