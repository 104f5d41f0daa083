// What a block that is a bus master reads and writes.
#pragma once

#include <cstdint>
#include <span>

#include <systemc>

#include "rtl/bridges/transaction.h"

namespace cardvp::rtl {

class MasterMemory {
 public:
  virtual ~MasterMemory() = default;
  // `delay` is how far the block is ahead of the simulated time; what the access takes is added. The response is
  // kOkay, kSlvErr (somebody is there, and refuses) or kDecErr (nobody is).
  virtual Response read(std::uint64_t address, std::span<std::uint8_t> to, sc_core::sc_time& delay) = 0;
  virtual Response write(std::uint64_t address, std::span<const std::uint8_t> from, sc_core::sc_time& delay) = 0;
};

}  // namespace cardvp::rtl
