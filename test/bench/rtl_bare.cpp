#include "test/bench/rtl_bare.h"

#include "Vblock.h"

namespace cardvp::bench {

struct BareBlock::Parts {
  Parts() {
    const char* arguments[] = {"bare"};
    context.commandArgs(1, arguments);
    context.traceEverOn(true);  // as in the plug-in, whether or not there is a waveform
  }
  VerilatedContext context;
  Vblock block{&context};
};

BareBlock::BareBlock() : parts_(new Parts) {
  run(4);
  parts_->block.rst_n = 1;
}
BareBlock::~BareBlock() { delete parts_; }

void BareBlock::run(std::uint64_t cycles) {
  Vblock& block = parts_->block;
  for (std::uint64_t i = 0; i < cycles; ++i) {
    block.clk = 0;
    block.eval();
    block.clk = 1;
    block.eval();
  }
}

}  // namespace cardvp::bench
