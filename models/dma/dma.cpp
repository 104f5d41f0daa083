#include "models/dma/dma.h"

#include <algorithm>
#include <limits>

namespace cardvp::dma {
namespace regs {
#define CARDVP_REGISTERS "models/dma/dma.def"
#include "models/base/declare_registers.h"
}  // namespace regs

namespace {

using sc_core::sc_time;

constexpr std::uint64_t kMostEntries = 4096;

// Whether `size` bytes at `address` are there before the address space ends.
bool fits(std::uint64_t address, std::uint64_t size) {
  return size == 0 || size - 1 <= std::numeric_limits<std::uint64_t>::max() - address;
}

bool usable(const dma_descriptor& descriptor) {
  return (descriptor.flags & ~std::uint32_t{DMA_INTERRUPT}) == 0 && fits(descriptor.source, descriptor.length) &&
         fits(descriptor.destination, descriptor.length);
}

}  // namespace

Dma::Dma(sc_core::sc_module_name name, Sim& sim, const DmaConfig& config)
    : RegisterTarget(name, sim, regs::kBank),
      config_(config),
      descriptors_(counter("descriptors", "descriptors")),
      bytes_(counter("bytes", "bytes")),
      doorbell_(sim.scheduler),
      tasks_(sim.scheduler) {
  registers_.on_write(regs::CONTROL, [this](const RegisterWrite& write) { control(write); });
  registers_.on_write(regs::TAIL, [this](const RegisterWrite& write) { announce(write); });
  registers_.on_write(regs::RING_BASE,
                      [this](const RegisterWrite& write) { keep_while_enabled(write, regs::RING_BASE); });
  registers_.on_write(regs::RING_SIZE,
                      [this](const RegisterWrite& write) { keep_while_enabled(write, regs::RING_SIZE); });
  registers_.on_write(regs::INTERRUPT_STATUS, [this](const RegisterWrite&) { update_interrupt(); });
  registers_.on_write(regs::INTERRUPT_ENABLE, [this](const RegisterWrite&) { update_interrupt(); });
}

void Dma::reset() {
  disable();
  registers_.reset();
  ready_at_ = sc_core::SC_ZERO_TIME;
  update_interrupt();
}

bool Dma::running() const { return registers_.get(regs::CONTROL_ENABLE) != 0 && registers_.get(regs::ERROR_CODE) == 0; }

void Dma::keep_while_enabled(const RegisterWrite& write, RegisterBank::Id id) {
  if (registers_.get(regs::CONTROL_ENABLE) != 0) registers_.set(id, write.old);
}

void Dma::control(const RegisterWrite& write) {
  const bool was = regs::CONTROL_ENABLE.of(write.old) != 0, is = regs::CONTROL_ENABLE.of(write.value) != 0;
  if (is && !was) enable();
  if (!is && was) disable();
}

void Dma::enable() {
  ++session_;
  registers_.set(regs::HEAD, 0);
  registers_.set(regs::TAIL, 0);
  registers_.set(regs::ERROR, 0);
  const std::uint64_t base = registers_.get(regs::RING_BASE), entries = registers_.get(regs::RING_SIZE);
  const std::uint64_t size = entries * sizeof(dma_descriptor);
  if (base % sizeof(dma_descriptor) != 0 || entries < 2 || entries > kMostEntries || !fits(base, size))
    return stop(DmaError::kSetup);
  tasks_.spawn(serve());
}

void Dma::disable() {
  ++session_;
  tasks_.cancel();
  registers_.set(regs::STATUS_BUSY, 0);
}

void Dma::announce(const RegisterWrite& write) {
  const std::uint64_t entries = registers_.get(regs::RING_SIZE);
  const bool possible = regs::TAIL_INDEX.of(write.value) < entries;
  if (!running() || !possible) registers_.set(regs::TAIL, write.old);
  if (!running()) return;
  if (!possible) {
    disable();
    return stop(DmaError::kSetup);
  }
  ready_at_ = std::max(ready_at_, access_time());
  doorbell_.notify();
}

void Dma::stop(DmaError error) {
  registers_.set(regs::ERROR_CODE, static_cast<std::uint64_t>(error));
  registers_.set(regs::ERROR_INDEX, registers_.get(regs::HEAD_INDEX));
  registers_.set(regs::STATUS_BUSY, 0);
  note(regs::INTERRUPT_STATUS_ERROR.mask());
}

void Dma::note(std::uint64_t interrupts) {
  registers_.set(regs::INTERRUPT_STATUS, registers_.get(regs::INTERRUPT_STATUS) | interrupts);
  update_interrupt();
}

void Dma::update_interrupt() {
  interrupt.set((registers_.get(regs::INTERRUPT_STATUS) & registers_.get(regs::INTERRUPT_ENABLE)) != 0);
}

Task<> Dma::serve() {
  const std::uint64_t session = session_;
  while (true) {
    while (registers_.get(regs::HEAD) == registers_.get(regs::TAIL)) co_await doorbell_;
    co_await scheduler().until(ready_at_);
    registers_.set(regs::STATUS_BUSY, 1);
    dma_descriptor descriptor;
    sc_time delay = config_.latency;
    DmaError error = fetch(descriptor, delay);
    co_await scheduler().delay(delay);
    for (std::uint32_t done = 0; error == DmaError::kNone && done < descriptor.length;) {
      const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(kPiece, descriptor.length - done));
      delay = sc_time(size / config_.bytes_per_second, sc_core::SC_SEC);
      error = move(descriptor, done, size, delay);
      done += size;
      co_await scheduler().delay(delay);
    }
    if (session != session_) co_return;
    if (error != DmaError::kNone) co_return stop(error);
    finish(descriptor);
  }
}

DmaError Dma::fetch(dma_descriptor& descriptor, sc_time& delay) {
  const std::uint64_t address =
      registers_.get(regs::RING_BASE) + registers_.get(regs::HEAD_INDEX) * sizeof(dma_descriptor);
  if (!card_memory_.read(address, std::as_writable_bytes(std::span(&descriptor, 1)), delay)) return DmaError::kFetch;
  return usable(descriptor) ? DmaError::kNone : DmaError::kDescriptor;
}

DmaError Dma::move(const dma_descriptor& descriptor, std::uint32_t done, std::size_t size, sc_time& delay) {
  const std::span piece = std::span(buffer_).first(size);
  // The bus's time for both is within the bandwidth.
  sc_time bus;
  if (!card_memory_.read(descriptor.source + done, piece, bus)) return DmaError::kRead;
  if (!card_memory_.write(descriptor.destination + done, piece, bus)) return DmaError::kWrite;
  delay = std::max(delay, bus);
  return DmaError::kNone;
}

void Dma::finish(const dma_descriptor& descriptor) {
  descriptors_.add();
  bytes_.add(descriptor.length);
  const std::uint64_t next = registers_.get(regs::HEAD_INDEX) + 1;
  registers_.set(regs::HEAD_INDEX, next == registers_.get(regs::RING_SIZE) ? 0 : next);
  registers_.set(regs::STATUS_BUSY, 0);
  if (descriptor.flags & DMA_INTERRUPT) note(regs::INTERRUPT_STATUS_DONE.mask());
}

}  // namespace cardvp::dma
