// One PCIe function of the card: configuration space, BARs, MSI-X, resets, and its own DMA.
//
// The engine behind it implements FunctionClient. Identity and presence are the firmware's (pcie_function.def).
// Sections are of the PCI Express Base Specification 4.0.
//
// A virtual function (chapter 9) is there while the firmware says so and its physical function's VF Enable and NumVFs
// cover it; its memory follows the VF BARs and VF MSE there, and its bus number is the physical function's. Clearing VF
// Enable, which a function-level reset of the physical function does, too, resets it and takes it away.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "models/base/model.h"
#include "models/base/registers.h"
#include "models/pcie/config_space.h"
#include "models/pcie/link.h"
#include "models/pcie/msix.h"
#include "models/pcie/types.h"

namespace cardvp::pcie {

// The engine behind a function. Called in simulated time, after the checks (presence, Memory Space Enable, decode).
class FunctionClient {
 public:
  virtual ~FunctionClient() = default;
  // 1, 2, 4 or 8 bytes, aligned. What cannot be read that way: std::nullopt, answered as completer abort.
  virtual std::optional<std::uint64_t> bar_read(unsigned bar, std::uint64_t offset, unsigned size) = 0;
  // Up to 64 bytes, within the BAR; any alignment.
  virtual void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) = 0;
  // Function-level reset, link reset, D3hot to D0, or removal: drop everything in flight, registers to their initial
  // state. Afterwards the function sends nothing until it is set up again.
  virtual void function_reset() = 0;
};

class Function : public Model, public DmaPort {
 public:
  Function(sc_core::sc_module_name name, Sim& sim, Link& link, std::uint8_t number, const FunctionConfig& config);

  void connect(FunctionClient& client) { client_ = &client; }
  std::uint8_t number() const { return number_; }
  RequesterId requester() const {
    return static_cast<RequesterId>((physical_ ? physical_->bus_ : bus_) << 8 | number_);
  }

  // For the endpoint: the bank of pcie_function.def, and what follows from the rest of the device.
  RegisterBank& control() { return control_; }
  void set_present(bool on);
  void set_multifunction() { config_.set_multifunction(); }
  void set_next_function(std::uint8_t number) { config_.set_next_function(number); }
  // Of a virtual function; adopt_virtual: of a physical one, in the order of their numbers, which must follow each
  // other, before simulation.
  std::optional<std::uint8_t> physical_number() const { return physical_number_; }
  void adopt_virtual(Function& function);
  bool has_virtual() const { return !virtual_.empty(); }
  void offer_ari_hierarchy(bool on) { config_.offer_ari_hierarchy(on); }
  // `notify` is called when a BAR's window came, went or moved.
  void on_decode_change(std::function<void()> notify) { decode_changed_ = std::move(notify); }
  // A request that nobody claimed, or that this function refused: see Device Status.
  void note_unsupported_request(bool posted) { config_.note_unsupported_request(posted); }

  // For the host side: the endpoint's decode, and servers that know BAR and offset (vfio-user).
  bool present() const { return present_ && enabled_; }
  std::uint32_t config_read(std::uint16_t offset, unsigned size);
  void config_write(std::uint16_t offset, unsigned size, std::uint32_t value);
  // The addresses that a BAR claims, if Memory Space Enable and power state let it; nullopt for a BAR that is not
  // there.
  struct Window {
    std::uint64_t first, last;
  };
  std::optional<Window> window(unsigned bar) const;
  std::optional<std::uint64_t> bar_offset(unsigned bar, std::uint64_t address) const;
  ReadResult bar_read(unsigned bar, std::uint64_t offset, unsigned size);
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data);
  void capture_bus(std::uint8_t bus) { bus_ = bus; }
  void reset();  // as for a link reset
  // For a server that keeps the MSI-X table itself: interrupts go to `sink`, whatever table and masks say.
  void intercept_interrupts(std::function<void(unsigned vector)> sink) { intercept_ = std::move(sink); }

  // For the engine.
  // Raises an MSI-X vector: sends its message, or remembers it in the pending bits while the vector or the function is
  // masked, or may not send (Bus Master Enable is off, or it is not in D0). Sent once nothing holds it back. Dropped
  // while MSI-X is disabled, and if there is no such vector.
  //
  // PCIe leaves open what becomes of an event while Bus Master Enable is off; it only forbids the write. Keeping it
  // loses no interrupt to a driver that enables MSI-X before bus mastering.
  void interrupt(unsigned vector);
  unsigned vectors() const { return msix_.vectors(); }
  // DmaPort: with this function's requester id; refused while Bus Master Enable is off, outside of D0, or while the
  // link is down. Reads of memory that is not direct are handed to the host at once: they take up the link, but their
  // time is the host's.
  bool write(std::uint64_t address, std::span<const std::byte> from) override;
  std::byte* write_in_place(std::uint64_t address, std::size_t size) override;
  bool post(std::uint64_t address, std::span<const std::byte> from) override;

 protected:
  void start(DmaRead& read) override;
  void abandon(DmaRead& read) override;
  DmaStatus settle(DmaRead& read) override;
  Scheduler& scheduler_of_port() override { return scheduler(); }

 private:
  void reset(ConfigSpace::Reset kind);
  void settings_changed();
  void update_virtual();
  void set_enabled(bool on);
  void send_message(unsigned vector);
  bool memory_enabled() const { return physical_ ? physical_->config_.vf_memory_enabled() : config_.memory_enabled(); }
  std::uint64_t bar_size(unsigned bar) const { return bar < bar_sizes_.size() ? bar_sizes_[bar] : 0; }

  Link& link_;
  FunctionClient* client_ = nullptr;
  RegisterBank control_;
  ConfigSpace config_;
  Msix msix_;
  std::array<std::uint64_t, 6> bar_sizes_{};  // 0: no such BAR
  const std::vector<FunctionConfig::Bar> bars_;
  const std::optional<std::uint8_t> physical_number_;
  Function* physical_ = nullptr;    // of a virtual function
  unsigned index_ = 0;              // of a virtual function, among its fellows
  std::vector<Function*> virtual_;  // of a physical function
  std::function<void()> decode_changed_;
  std::function<void(unsigned)> intercept_;
  const std::uint8_t number_;
  std::uint8_t bus_ = 0;
  bool present_ = false;          // for the firmware
  bool enabled_;                  // by the physical function, if there is one
  bool decodes_ = false;          // memory requests: present, Memory Space Enable, D0
  bool masters_ = false;          // may send requests: present, Bus Master Enable, D0
  bool messages_ = false;         // MSI-X messages may go out now: masters_, enabled, function not masked
  sc_core::sc_time reads_until_;  // when the last read that the link serves is due

  Counter& interrupts_;
  Counter& interrupts_dropped_;
  Counter& writes_dropped_;
};

}  // namespace cardvp::pcie
