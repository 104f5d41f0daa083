// The registers of the descriptor DMA (dma.def) and what they make of writes and of what becomes of descriptors;
// without time and without memory. The model (dma.h) works by it, and other implementations are compared with it.
#pragma once

#include <functional>

#include "models/base/model.h"
#include "models/base/registers.h"
#include "models/dma/descriptor.h"

namespace cardvp::dma {

// ERROR.CODE.
enum class DmaError : std::uint8_t { kNone = 0, kSetup = 1, kFetch = 2, kDescriptor = 3, kRead = 4, kWrite = 5 };

// Whether a descriptor is one that can be done, as far as it is known without its memory.
bool usable(const dma_descriptor& descriptor);

class Ring {
 public:
  // `interrupt` is driven, and outlives it.
  explicit Ring(Line& interrupt);

  RegisterBank& registers() { return registers_; }

  // Calls, each of which may be left out, when the ring begins to be served, when nothing of it is under way any
  // longer, and when there is more to do.
  std::function<void()> on_enable, on_disable, on_doorbell;

  bool enabled() const;
  // Enabled, and not stopped by an error.
  bool running() const;
  std::uint64_t base() const;
  std::uint32_t size() const;  // descriptors
  std::uint32_t head() const;
  std::uint32_t tail() const;
  bool work() const { return running() && head() != tail(); }
  std::uint64_t address_of(std::uint32_t index) const { return base() + std::uint64_t{index} * sizeof(dma_descriptor); }
  std::uint32_t after(std::uint32_t index) const { return index + 1 == size() ? 0 : index + 1; }

  // The descriptor at HEAD is under way; has been done; cannot be done.
  void begin();
  void finish(const dma_descriptor& descriptor);
  void stop(DmaError error);

  // Card reset. Calls on_disable.
  void reset();

 private:
  void keep_while_enabled(const RegisterWrite& write, RegisterBank::Id id);
  void control(const RegisterWrite& write);
  void announce(const RegisterWrite& write);
  void enable();
  void disable();
  void note(std::uint64_t interrupts);
  void update_interrupt();

  RegisterBank registers_;
  Line& interrupt_;
};

}  // namespace cardvp::dma
