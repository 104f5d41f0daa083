// The ports of a verilated block, as its generated header has them.
#pragma once

#include <string>
#include <vector>

namespace cardvp::rtl {

struct Port {
  std::string name;    // in the Verilog source
  std::string member;  // in the generated class
  unsigned width = 0;
  bool is_input = false;
};

// Throws ConfigError for ports that no bridge can drive: of two directions, real numbers, unpacked arrays.
std::vector<Port> read_ports(const std::string& header);

}  // namespace cardvp::rtl
