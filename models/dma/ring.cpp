#include "models/dma/ring.h"

#include <limits>

namespace cardvp::dma {
namespace regs {
#define CARDVP_REGISTERS "models/dma/dma.def"
#include "models/base/declare_registers.h"
}  // namespace regs

namespace {

constexpr std::uint64_t kMostEntries = 4096;

// Whether `size` bytes at `address` are there before the address space ends.
bool fits(std::uint64_t address, std::uint64_t size) {
  return size == 0 || size - 1 <= std::numeric_limits<std::uint64_t>::max() - address;
}

}  // namespace

bool usable(const dma_descriptor& descriptor) {
  return (descriptor.flags & ~std::uint32_t{DMA_INTERRUPT}) == 0 && fits(descriptor.source, descriptor.length) &&
         fits(descriptor.destination, descriptor.length);
}

Ring::Ring(Line& interrupt) : registers_(regs::kBank), interrupt_(interrupt) {
  registers_.on_write(regs::CONTROL, [this](const RegisterWrite& write) { control(write); });
  registers_.on_write(regs::TAIL, [this](const RegisterWrite& write) { announce(write); });
  registers_.on_write(regs::RING_BASE,
                      [this](const RegisterWrite& write) { keep_while_enabled(write, regs::RING_BASE); });
  registers_.on_write(regs::RING_SIZE,
                      [this](const RegisterWrite& write) { keep_while_enabled(write, regs::RING_SIZE); });
  registers_.on_write(regs::INTERRUPT_STATUS, [this](const RegisterWrite&) { update_interrupt(); });
  registers_.on_write(regs::INTERRUPT_ENABLE, [this](const RegisterWrite&) { update_interrupt(); });
}

bool Ring::enabled() const { return registers_.get(regs::CONTROL_ENABLE) != 0; }
bool Ring::running() const { return enabled() && registers_.get(regs::ERROR_CODE) == 0; }
std::uint64_t Ring::base() const { return registers_.get(regs::RING_BASE); }
std::uint32_t Ring::size() const { return static_cast<std::uint32_t>(registers_.get(regs::RING_SIZE_ENTRIES)); }
std::uint32_t Ring::head() const { return static_cast<std::uint32_t>(registers_.get(regs::HEAD_INDEX)); }
std::uint32_t Ring::tail() const { return static_cast<std::uint32_t>(registers_.get(regs::TAIL_INDEX)); }

void Ring::reset() {
  disable();
  registers_.reset();
  update_interrupt();
}

void Ring::keep_while_enabled(const RegisterWrite& write, RegisterBank::Id id) {
  if (enabled()) registers_.set(id, write.old);
}

void Ring::control(const RegisterWrite& write) {
  const bool was = regs::CONTROL_ENABLE.of(write.old) != 0, is = regs::CONTROL_ENABLE.of(write.value) != 0;
  if (is && !was) enable();
  if (!is && was) disable();
}

void Ring::enable() {
  registers_.set(regs::HEAD, 0);
  registers_.set(regs::TAIL, 0);
  registers_.set(regs::ERROR, 0);
  const std::uint64_t entries = size(), bytes = entries * sizeof(dma_descriptor);
  if (base() % sizeof(dma_descriptor) != 0 || entries < 2 || entries > kMostEntries || !fits(base(), bytes))
    return stop(DmaError::kSetup);
  if (on_enable) on_enable();
}

void Ring::disable() {
  registers_.set(regs::STATUS_BUSY, 0);
  if (on_disable) on_disable();
}

void Ring::announce(const RegisterWrite& write) {
  const bool possible = regs::TAIL_INDEX.of(write.value) < size();
  if (!running() || !possible) registers_.set(regs::TAIL, write.old);
  if (!running()) return;
  if (!possible) {
    disable();
    return stop(DmaError::kSetup);
  }
  if (on_doorbell) on_doorbell();
}

void Ring::begin() { registers_.set(regs::STATUS_BUSY, 1); }

void Ring::finish(const dma_descriptor& descriptor) {
  registers_.set(regs::HEAD_INDEX, after(head()));
  registers_.set(regs::STATUS_BUSY, 0);
  if (descriptor.flags & DMA_INTERRUPT) note(regs::INTERRUPT_STATUS_DONE.mask());
}

void Ring::stop(DmaError error) {
  registers_.set(regs::ERROR_CODE, static_cast<std::uint64_t>(error));
  registers_.set(regs::ERROR_INDEX, head());
  registers_.set(regs::STATUS_BUSY, 0);
  note(regs::INTERRUPT_STATUS_ERROR.mask());
}

void Ring::note(std::uint64_t interrupts) {
  registers_.set(regs::INTERRUPT_STATUS, registers_.get(regs::INTERRUPT_STATUS) | interrupts);
  update_interrupt();
}

void Ring::update_interrupt() {
  interrupt_.set((registers_.get(regs::INTERRUPT_STATUS) & registers_.get(regs::INTERRUPT_ENABLE)) != 0);
}

}  // namespace cardvp::dma
