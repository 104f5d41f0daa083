// The descriptor DMA with memory behind it, as RTL and as the model, for tests that are the same for both.
#pragma once

#include <memory>
#include <span>

#include "test/unit/rtl_blocks/block.h"

namespace cardvp::rtl_blocks {

class DmaDevice : public Registers {
 public:
  static constexpr std::uint64_t kBase = 0x1'0000;  // memory's
  static constexpr std::size_t kSize = 0x8'0000;

  virtual std::span<std::uint8_t> memory() = 0;
  // Addresses whose accesses fail, to their end.
  virtual void fail(std::vector<AxiMemory::Fault> reads, std::vector<AxiMemory::Fault> writes) = 0;
  virtual bool irq() const = 0;
  // Some time, so little that a copy of some KiB does not end in it.
  virtual void begin() = 0;
  // Until it does nothing more.
  virtual void finish() = 0;
  bool has_register_port() const override { return false; }
};

std::unique_ptr<DmaDevice> make_dma_model();
// block: with memory as above.
std::unique_ptr<DmaDevice> make_dma_rtl(Block& block);

}  // namespace cardvp::rtl_blocks
