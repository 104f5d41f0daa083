#include "test/unit/rtl_blocks/dma_devices.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "models/bus/bus.h"
#include "models/dma/dma.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::rtl_blocks {
namespace {

namespace regs {
#define CARDVP_REGISTERS "models/dma/dma.def"
#include "models/base/declare_registers.h"
}  // namespace regs

class FaultyMemory : public BusTarget {
 public:
  FaultyMemory(sc_core::sc_module_name name, Sim& sim) : BusTarget(name, sim), bytes(DmaDevice::kSize) {}
  Bytes bytes;
  std::vector<AxiMemory::Fault> bad_reads, bad_writes;

 private:
  bool access(const BusAccess& access) override {
    const std::uint64_t first = DmaDevice::kBase + access.offset, last = first + access.size - 1;
    for (const AxiMemory::Fault& fault : access.write ? bad_writes : bad_reads)
      if (last >= fault.first && first <= fault.last) return false;
    if (access.write)
      std::memcpy(bytes.data() + access.offset, access.data, access.size);
    else
      std::memcpy(access.data, bytes.data() + access.offset, access.size);
    return true;
  }
};

class DmaModel : public DmaDevice {
 public:
  DmaModel() : bus_("bus", sim_), memory_("memory", sim_), dma_("dma", sim_, {}), core_("core") {
    bus_.map("registers", 0, 0x1000, dma_.socket);
    bus_.map("memory", kBase, kSize, memory_.socket);
    core_.socket.bind(bus_.target);
    dma_.memory.bind(bus_.target);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }

  bool write(std::uint32_t address, std::uint32_t value, unsigned strobes) override {
    if (strobes == 0xf) return core_.write(address, value);
    bool ok = true;
    for (unsigned i = 0; i < 4; ++i)
      if (strobes >> i & 1) ok = core_.write(address + i, value >> 8 * i & 0xff, 1) && ok;
    return ok;
  }
  std::optional<std::uint32_t> read(std::uint32_t address) override {
    std::uint32_t value = 0;
    if (!core_.access(false, address, &value, 4)) return std::nullopt;
    return value;
  }
  std::span<std::uint8_t> memory() override { return memory_.bytes; }
  void fail(std::vector<AxiMemory::Fault> reads, std::vector<AxiMemory::Fault> writes) override {
    memory_.bad_reads = std::move(reads);
    memory_.bad_writes = std::move(writes);
  }
  bool irq() const override { return dma_.interrupt.level(); }
  void begin() override { sc_core::sc_start(sc_core::sc_time(300, sc_core::SC_NS)); }
  void finish() override { sc_core::sc_start(); }

 private:
  Sim sim_;
  bus::Bus bus_;
  FaultyMemory memory_;
  dma::Dma dma_;
  Initiator core_;
};

class DmaRtl : public DmaDevice {
 public:
  explicit DmaRtl(Block& block) : block_(block) {
    block.memory.base = kBase;
    block.memory.bytes.resize(kSize);
  }

  bool write(std::uint32_t address, std::uint32_t value, unsigned strobes) override {
    return block_.write(address, value, strobes);
  }
  std::optional<std::uint32_t> read(std::uint32_t address) override { return block_.read(address); }
  std::span<std::uint8_t> memory() override { return block_.memory.bytes; }
  void fail(std::vector<AxiMemory::Fault> reads, std::vector<AxiMemory::Fault> writes) override {
    block_.memory.bad_reads = std::move(reads);
    block_.memory.bad_writes = std::move(writes);
  }
  bool irq() const override { return block_.irq(); }
  void begin() override {
    for (unsigned i = 0; i < 60; ++i) block_.cycle();
  }
  void finish() override {
    constexpr std::uint64_t kMost = 10'000'000;
    for (const std::uint64_t from = block_.cycles; block_.cycles - from < kMost;) {
      for (unsigned i = 0; i < 20; ++i) block_.cycle();
      const bool running = get(regs::offset::CONTROL) != 0 && get(regs::offset::ERROR) == 0;
      const bool waiting = running && get(regs::offset::HEAD) != get(regs::offset::TAIL);
      if (!waiting && get(regs::offset::STATUS) == 0) return;
    }
    ADD_FAILURE() << "the DMA does not come to an end";
  }

 private:
  Block& block_;
};

}  // namespace

std::unique_ptr<DmaDevice> make_dma_model() { return std::make_unique<DmaModel>(); }
std::unique_ptr<DmaDevice> make_dma_rtl(Block& block) { return std::make_unique<DmaRtl>(block); }

}  // namespace cardvp::rtl_blocks
