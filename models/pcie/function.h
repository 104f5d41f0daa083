// One PCIe function of the card: configuration space, BARs, MSI-X, resets, and its own DMA.
//
// The engine behind it implements FunctionClient. Identity and presence are the firmware's (pcie_function.def).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/base/model.h"
#include "models/base/registers.h"
#include "models/pcie/link.h"
#include "models/pcie/types.h"

namespace cardvp::pcie {

// The engine behind a function. Called in simulated time, after the checks (presence, Memory Space Enable, decode).
class FunctionClient {
 public:
  virtual ~FunctionClient() = default;
  // 1, 2, 4 or 8 bytes, aligned. What cannot be read that way: std::nullopt, answered as completer abort.
  virtual std::optional<std::uint64_t> bar_read(unsigned bar, std::uint64_t offset, unsigned size) = 0;
  // Up to 64 bytes.
  virtual void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) = 0;
  // Function-level reset, link reset, D3hot to D0, or removal: drop everything in flight, registers to their initial
  // state. Afterwards the function sends nothing until it is set up again.
  virtual void function_reset() = 0;
};

struct FunctionConfig {
  struct Bar {
    unsigned index = 0;      // 0, 2 or 4: all memory BARs are 64-bit
    std::uint64_t size = 0;  // bytes, a power of two, at least 4096
    bool prefetchable = false;
  };
  std::vector<Bar> bars;
  unsigned msix_vectors = 1;      // 1 to 2048
  unsigned msix_bar = 0;          // the BAR that holds table and pending bits,
  std::uint64_t msix_table = 0;   // at these offsets; accesses there do not reach the client
  std::uint64_t msix_pending = 0;
};

class Function : public Model, public DmaPort {
 public:
  Function(sc_core::sc_module_name name, Sim& sim, Link& link, std::uint8_t number, const FunctionConfig& config);

  void connect(FunctionClient& client) { client_ = &client; }
  std::uint8_t number() const { return number_; }
  RequesterId requester() const;

  // For the firmware, through the endpoint: the bank of pcie_function.def.
  RegisterBank& control() { return control_; }

  // For the host side: the endpoint's decode, and servers that know BAR and offset (vfio-user).
  bool present() const;
  std::uint32_t config_read(std::uint16_t offset, unsigned size);
  void config_write(std::uint16_t offset, unsigned size, std::uint32_t value);
  std::optional<std::uint64_t> bar_offset(unsigned bar, std::uint64_t address) const;  // by Memory Space Enable and base
  ReadResult bar_read(unsigned bar, std::uint64_t offset, unsigned size);
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data);
  void capture_bus(std::uint8_t bus) { bus_ = bus; }
  void reset();  // as for a link reset

  // For the engine.
  // Raises an MSI-X vector: sends its message, or remembers it in the pending bits while the vector or the function is
  // masked. Dropped while MSI-X is disabled, or Bus Master Enable is off.
  void interrupt(unsigned vector);
  unsigned vectors() const { return config_.msix_vectors; }
  // DmaPort: with this function's requester id; refused while Bus Master Enable is off or the link is down.
  bool write(std::uint64_t address, std::span<const std::byte> from) override;
  bool post(std::uint64_t address, std::span<const std::byte> from) override;
};

}  // namespace cardvp::pcie
