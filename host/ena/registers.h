// The device's registers: written directly, read directly or, as a device of an even revision wants it, by requests
// that it answers in host memory.
#pragma once

#include <optional>

#include "host/ena/spec.h"
#include "host/memory.h"
#include "host/pci_function.h"
#include "models/base/scheduler.h"

namespace cardvp::host::ena {

class Registers {
 public:
  Registers(Scheduler& scheduler, Memory& memory) : scheduler_(scheduler), memory_(memory) {}

  void open(const PciFunction& function);
  // Takes the answers' address from the device.
  void close();
  bool readless() const { return readless_; }
  void set_timeout(sc_core::sc_time timeout) { timeout_ = timeout; }

  void write(std::uint16_t offset, std::uint32_t value) const { function_->write32(0, offset, value); }
  // Low half, then high half.
  void write_address(std::uint16_t offset, std::uint64_t value) const;
  // Tells the device where answers go: at the start, and again in a reset, which forgets it.
  void announce() const { write_address(reg::kResponse, response_.address()); }
  // One at a time; std::nullopt if the device does not answer, in time or at all.
  Task<std::optional<std::uint32_t>> read(std::uint16_t offset);

 private:
  Task<std::optional<std::uint32_t>> request(std::uint16_t offset);

  Scheduler& scheduler_;
  Memory& memory_;
  std::optional<PciFunction> function_;
  Buffer response_;
  bool readless_ = false;
  std::uint16_t id_ = 0;
  sc_core::sc_time timeout_{200, sc_core::SC_MS};
};

}  // namespace cardvp::host::ena
