// A GIC on a bus with two CPUs and 96 SPIs, as the GIC's tests drive it.
#pragma once

#include <gtest/gtest.h>

#include "models/arm/gic.h"
#include "models/bus/bus.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::arm {

// Offsets as firmware has them.
namespace gic_offset {
enum : std::uint32_t {
#define BANK(bank, size, doc)
#define REG(bank, name, at, bits, doc) bank##_##name = at,
#define REGS(bank, name, at, bits, count, stride, doc) bank##_##name = at,
#define FIELD(bank, reg, name, lsb, width, access, reset, doc)
#include "models/arm/gic.def"
#undef BANK
#undef REG
#undef REGS
#undef FIELD
};
}  // namespace gic_offset
using namespace gic_offset;

struct GicFixture : testing::Test {
  static constexpr std::uint64_t kCpuInterface = 0x10000;

  explicit GicFixture(unsigned number = 2) : cpus(number), gic("gic", sim, cpus, 96) {
    bus.map("GICD", 0, 0x10000, gic.distributor().socket);
    bus.map("GICC", kCpuInterface, 0x10000, gic.cpu_interface().socket);
    core.socket.bind(bus.target);
    for (unsigned cpu = 0; cpu < cpus; ++cpu) {
      gic.connect_irq(cpu, [this, cpu](bool level) { irq[cpu] = level; });
      gic.connect_fiq(cpu, [this, cpu](bool level) { fiq[cpu] = level; });
    }
  }
  void SetUp() override {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    d_write(GICD_CTLR, 3);
    for (unsigned cpu = 0; cpu < cpus; ++cpu) {
      c_write(GICC_CTLR, 1, cpu);
      c_write(GICC_PMR, 0xff, cpu);
    }
  }

  std::uint64_t d_read(std::uint64_t at, unsigned size = 4, unsigned cpu = 0) {
    core.cpu = cpu;
    return core.read(at, size);
  }
  void d_write(std::uint64_t at, std::uint64_t value, unsigned size = 4, unsigned cpu = 0) {
    core.cpu = cpu;
    EXPECT_TRUE(core.write(at, value, size));
  }
  std::uint64_t c_read(std::uint64_t at, unsigned cpu = 0) { return d_read(kCpuInterface + at, 4, cpu); }
  void c_write(std::uint64_t at, std::uint64_t value, unsigned cpu = 0) { d_write(kCpuInterface + at, value, 4, cpu); }

  std::uint64_t acknowledge(unsigned cpu = 0) { return c_read(GICC_IAR, cpu); }
  void end(std::uint64_t id, unsigned cpu = 0) { c_write(GICC_EOIR, id, cpu); }

  // Of one interrupt:
  static std::uint64_t word_of(std::uint64_t array, unsigned id) { return array + id / 32 * 4; }
  bool bit(std::uint64_t array, unsigned id, unsigned cpu = 0) {
    return d_read(word_of(array, id), 4, cpu) >> id % 32 & 1;
  }
  void set_bit(std::uint64_t array, unsigned id, unsigned cpu = 0) {
    d_write(word_of(array, id), 1u << id % 32, 4, cpu);
  }
  void make_edge(unsigned id) {
    const std::uint64_t at = GICD_ICFGR + id / 16 * 4;
    d_write(at, d_read(at) | 2u << id % 16 * 2);
  }
  void make_group1(unsigned id) {
    const std::uint64_t at = word_of(GICD_IGROUPR, id);
    d_write(at, d_read(at) | 1u << id % 32);
  }
  void set_up_spi(unsigned id, unsigned priority, unsigned targets = 1) {
    d_write(GICD_IPRIORITYR + id, priority, 1);
    d_write(GICD_ITARGETSR + id, targets, 1);
    set_bit(GICD_ISENABLER, id);
  }

  const unsigned cpus;
  Sim sim;
  bus::Bus bus{"bus", sim};
  Gic gic;
  Initiator core{"core"};
  bool irq[8] = {};
  bool fiq[8] = {};
};

}  // namespace cardvp::arm
