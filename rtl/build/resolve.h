// From the description of an author and the ports of the block to what the plug-in says of itself.
#pragma once

#include <string>
#include <vector>

#include "rtl/build/block_source.h"
#include "rtl/build/ports.h"
#include "rtl/description.h"

namespace cardvp::rtl {

struct Resolution {
  BlockDescription description;
  std::vector<std::string> by_convention;  // names of clocks, resets, interfaces and interrupts that were found so
  std::vector<Port> left_over;             // ports that nobody drives or looks at
};

// Throws ConfigError: a port or signal that is not there, of another direction or width.
Resolution resolve(const BlockSource& source, const std::vector<Port>& ports);

}  // namespace cardvp::rtl
