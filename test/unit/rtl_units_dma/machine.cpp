#include "test/unit/rtl_units_dma/machine.h"

#include <cstring>

namespace cardvp::rtl::test {

DmaMachine::DmaMachine(Use use, const char* plugin, unsigned fault) : interrupt(make(use, plugin, fault)) {
  sim.log.set_sink([this](const LogRecord& record) { log.push_back(Log::format(record)); });
  bus.map("ram", kRam, kRamSize, ram.socket);
  core.socket.bind(bus.target);
  interrupt.connect([this](bool level) { interrupts += level; });
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

Line& DmaMachine::make(Use use, const char* plugin, unsigned fault) {
  if (use == Use::kModel) {
    model.emplace("dma", sim, dma::DmaConfig{});
    bus.map("dma", kRegisters, 0x1000, model->socket);
    model->memory.bind(bus.target);
    return model->interrupt;
  }
  UnitConfig config{.use = use, .plugin = Plugin::load(plugin), .block = {}, .checkers = true};
  if (fault != 0) config.block.tie_offs = {{"fault", fault}};
  config.block.time_out_cycles = 20'000;
  unit.emplace("dma", sim, config);
  bus.map("dma", kRegisters, 0x1000, unit->registers());
  unit->memory().bind(bus.target);
  return unit->interrupt;
}

void DmaMachine::enable(std::uint32_t size, std::uint64_t base) {
  set(offset::CONTROL, 0);
  set(offset::RING_BASE, base, 8);
  set(offset::RING_SIZE, size);
  set(offset::CONTROL, 1);
  entries = size;
  tail = 0;
}

void DmaMachine::add(const dma_descriptor& descriptor) {
  const std::uint64_t place = kRing + tail * sizeof descriptor;
  std::memcpy(at(place), &descriptor, sizeof descriptor);
  if (!expected.empty()) std::memcpy(expected.data() + (place - kRam), &descriptor, sizeof descriptor);
  tail = (tail + 1) % entries;
}

void DmaMachine::copy(std::uint64_t source, std::uint64_t destination, std::uint32_t length, bool interrupt_when_done) {
  add({source, destination, length, interrupt_when_done ? std::uint32_t{DMA_INTERRUPT} : 0, ~std::uint64_t{0}});
  std::memmove(expected.data() + (destination - kRam), expected.data() + (source - kRam), length);
}

void DmaMachine::fill() {
  for (std::uint64_t i = 0; i < kRamSize; ++i) *at(kRam + i) = static_cast<std::uint8_t>(random());
  expected.assign(at(kRam), at(kRam) + kRamSize);
}

void DmaMachine::finish() {
  for (unsigned i = 0; i < 2000; ++i) {
    sc_core::sc_start(us(5));
    if (get(offset::HEAD) == get(offset::TAIL) || regs::ERROR_CODE.of(get(offset::ERROR)) != 0) return;
  }
  FAIL() << "not done: HEAD " << get(offset::HEAD) << ", TAIL " << get(offset::TAIL);
}

void DmaMachine::expect_error(DmaError code, std::uint32_t index) {
  EXPECT_EQ(get(offset::ERROR), index << 16 | static_cast<std::uint32_t>(code));
  EXPECT_EQ(get(offset::HEAD), index);
  EXPECT_EQ(get(offset::INTERRUPT_STATUS) & kFailed, kFailed);
  EXPECT_EQ(get(offset::STATUS), 0u);
  set(offset::INTERRUPT_STATUS, ~0u);
}

std::uint64_t DmaMachine::differences() { return unit && unit->lockstep() ? unit->lockstep()->differences() : 0; }

std::uint64_t DmaMachine::comparisons() const {
  const auto found = sim.stats.counters().find("dma.comparisons");
  return found == sim.stats.counters().end() ? 0 : found->second.value->value();
}

std::string DmaMachine::first_difference() {
  return unit && unit->lockstep() && unit->lockstep()->first() ? unit->lockstep()->first()->text() : "";
}

}  // namespace cardvp::rtl::test
