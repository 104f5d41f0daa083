// A Verilated block in a bare loop of C++: what no clocking of ours can be faster than.
#pragma once

#include <cstdint>

namespace cardvp::bench {

class BareBlock {
 public:
  BareBlock();
  ~BareBlock();
  BareBlock(const BareBlock&) = delete;
  BareBlock& operator=(const BareBlock&) = delete;
  void run(std::uint64_t cycles);

 private:
  struct Parts;
  Parts* parts_;
};

}  // namespace cardvp::bench
