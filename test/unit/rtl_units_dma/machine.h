// The descriptor DMA, its memory and who programs it, on one bus: model, RTL, or both in lockstep.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "models/bus/bus.h"
#include "models/dma/descriptor.h"
#include "models/dma/dma.h"
#include "models/memory/ram.h"
#include "rtl/units/dma_unit.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::rtl::test {

namespace regs {
#define CARDVP_REGISTERS "models/dma/dma.def"
#include "models/base/declare_registers.h"
}  // namespace regs
namespace offset = regs::offset;

using dma::DmaError;

inline constexpr std::uint64_t kRegisters = 0x1000, kRam = 0x10'0000, kRamSize = 0x40'0000;
inline constexpr std::uint64_t kRing = kRam, kFrom = kRam + 0x2'0000, kTo = kRam + 0x20'0000;
inline constexpr std::uint64_t kNowhere = 0x7000'0000;
inline constexpr std::uint32_t kDone = 1, kFailed = 2;  // interrupts

inline sc_core::sc_time us(double value) { return {value, sc_core::SC_US}; }

class DmaMachine {
 public:
  // Of a plug-in with rtl or lockstep; `fault` of faulty_dma.sv, otherwise 0.
  DmaMachine(Use use, const char* plugin, unsigned fault = 0);

  std::uint32_t get(std::uint64_t at) { return static_cast<std::uint32_t>(core.read(kRegisters + at)); }
  void set(std::uint64_t at, std::uint64_t value, unsigned size = 4) {
    EXPECT_TRUE(core.write(kRegisters + at, value, size)) << at;
  }
  std::uint8_t* at(std::uint64_t address) {
    return reinterpret_cast<std::uint8_t*>(ram.bytes().data()) + (address - kRam);
  }

  // A ring of so many descriptors, enabled.
  void enable(std::uint32_t entries, std::uint64_t base = kRing);
  // Puts it into the ring; no doorbell.
  void add(const dma_descriptor& descriptor);
  // The same, and copies in `expected`.
  void copy(std::uint64_t source, std::uint64_t destination, std::uint32_t length, bool interrupt_when_done = false);
  void doorbell() { set(offset::TAIL, tail); }
  void fill();  // all memory, at random
  // Lets time pass until the DMA has done all, or stopped; polls, as firmware may.
  void finish();
  bool as_expected() { return std::equal(expected.begin(), expected.end(), at(kRam)); }
  void expect_error(DmaError code, std::uint32_t index);

  std::uint64_t differences();
  std::uint64_t comparisons() const;
  std::string first_difference();

  Sim sim;
  std::vector<std::string> log;
  bus::Bus bus{"bus", sim};
  memory::Ram ram{"ram", sim, {.size = kRamSize}};
  Initiator core{"core"};
  std::optional<dma::Dma> model;
  std::optional<DmaUnit> unit;
  Line& interrupt;
  unsigned interrupts = 0;
  std::vector<std::uint8_t> expected;
  std::uint32_t entries = 0, tail = 0;
  std::mt19937 random{7};

 private:
  Line& make(Use use, const char* plugin, unsigned fault);
};

}  // namespace cardvp::rtl::test
