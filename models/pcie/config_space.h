// The configuration space of one function: a type 0 header (PCIe 4.0, 7.5.1) and the capabilities
//   0x40 PCI Power Management (7.5.2)   0x50 PCI Express, version 2 (7.5.3)   0x90 MSI-X (7.7.2)
//   0x100 ARI (7.8.7)                   0x110 SR-IOV (9.3.3), of a physical function
// Storage and access rules only; what a change brings about is Function's.
//
// A virtual function (chapter 9) has the same space with less in it: ids read 0xffff, BARs and Memory Space Enable 0,
// since its physical function's SR-IOV capability gives it memory; of Command only Bus Master Enable is there, and
// settings that belong to the device are the physical function's (9.3.4, 9.3.5).
//
// Not there, and hardwired to 0 as the specification allows: I/O space, INTx, expansion ROM, PME, D1 and D2, ASPM.
// Max_Payload_Size and Max_Read_Request_Size are kept for the host but change nothing: LinkConfig says what is used.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/pcie/link.h"

namespace cardvp::pcie {

struct FunctionConfig {
  struct Bar {
    unsigned index = 0;      // 0, 2 or 4: all memory BARs are 64-bit
    std::uint64_t size = 0;  // bytes, a power of two, at least 4096
    bool prefetchable = false;
  };
  std::vector<Bar> bars;
  unsigned msix_vectors = 1;     // 1 to 2048
  unsigned msix_bar = 0;         // the BAR that holds table and pending bits,
  std::uint64_t msix_table = 0;  // at these offsets, multiples of 8; accesses there do not reach the client
  std::uint64_t msix_pending = 0;
  // Of a virtual function: the number of its physical function. `bars` are what it gets by the VF BARs there; all
  // virtual functions of a physical one have the same.
  std::optional<std::uint8_t> physical = std::nullopt;
};

class ConfigSpace {
 public:
  ConfigSpace(const FunctionConfig& config, const LinkConfig& link);

  // Function-level reset leaves alone what belongs to the link (6.6.2).
  enum class Reset : std::uint8_t { kFunctionLevel, kConventional };
  void reset(Reset kind);

  // 1, 2 or 4 bytes within a dword, below 0x1000.
  std::uint32_t read(std::uint16_t offset, unsigned size) const;
  // True if the write asks for a reset: Initiate Function Level Reset, or the way from D3hot to D0 (7.5.2.2).
  [[nodiscard]] bool write(std::uint16_t offset, unsigned size, std::uint32_t value);

  bool memory_enabled() const { return dword(kCommand) & kMemorySpace; }
  bool bus_master() const { return dword(kCommand) & kBusMaster; }
  bool in_d0() const { return (dword(kPowerControl) & kPowerState) == 0; }
  bool msix_enabled() const { return dword(kMsix) & kMsixEnable; }
  bool msix_masked() const { return dword(kMsix) & kMsixMask; }
  std::uint64_t bar_base(unsigned bar) const;

  // SR-IOV. Makes the capability of the function `number`, or one virtual function more; `first` is the first one's
  // number, the others follow.
  void add_virtual_function(std::uint8_t number, std::uint8_t first, const std::vector<FunctionConfig::Bar>& bars);
  // ARI Capable Hierarchy is the lowest physical function's; 0 in the others (9.3.3.3.5).
  void offer_ari_hierarchy(bool on);
  bool vf_enabled() const { return dword(kSriovControl) & kVfEnable; }
  bool vf_memory_enabled() const { return dword(kSriovControl) & kVfMemorySpace; }
  unsigned vf_count() const { return dword(kSriovCount) & 0xffff; }
  // Where the BAR of the first virtual function is, and how far apart are those of two: their size, or System Page
  // Size if that is more (9.3.3.14).
  std::uint64_t vf_bar_base(unsigned bar) const { return base_at(kSriovBar0 + 4 * bar); }
  std::uint64_t vf_bar_stride(std::uint64_t size) const;

  // The device has other functions, too.
  void set_multifunction() {
    rules_[kHeaderType / 4].reset |= kMultifunction;
    values_[kHeaderType / 4] |= kMultifunction;
  }

  // What the function itself knows.
  void set_identity(std::uint32_t ids, std::uint32_t class_and_revision, std::uint32_t subsystem);
  void set_next_function(std::uint8_t number) { values_[kAriFunctions / 4] = std::uint32_t{number} << 8; }
  void set_vf_device(std::uint16_t id) { values_[kSriovDevice / 4] = std::uint32_t{id} << 16; }
  void set_transactions_pending(bool on) { assign(kDeviceControl, kTransactionsPending, on); }
  // Error bits of Status and Device Status. An unsupported request that has a completion is advisory (6.2.3.2.4.1).
  void note_unsupported_request(bool posted);
  void note_sent_completer_abort();
  void note_received_unsupported_request() { values_[kCommand / 4] |= kReceivedMasterAbort; }

 private:
  enum Offset : std::uint16_t {
    kIds = 0x00,
    kCommand = 0x04,
    kClass = 0x08,
    kHeaderType = 0x0c,  // with cache line size
    kBar0 = 0x10,
    kSubsystem = 0x2c,
    kCapabilities = 0x34,
    kInterruptLine = 0x3c,
    kPower = 0x40,
    kPowerControl = 0x44,
    kExpress = 0x50,
    kDeviceCapabilities = 0x54,
    kDeviceControl = 0x58,
    kLinkCapabilities = 0x5c,
    kLinkControl = 0x60,
    kDeviceCapabilities2 = 0x74,
    kDeviceControl2 = 0x78,
    kLinkCapabilities2 = 0x7c,
    kLinkControl2 = 0x80,
    kMsix = 0x90,
    kMsixTable = 0x94,
    kMsixPending = 0x98,
    kAri = 0x100,
    kAriFunctions = 0x104,  // the next one in bits 15:8
    kSriov = 0x110,
    kSriovControl = 0x118,
    kSriovTotal = 0x11c,      // InitialVFs, TotalVFs
    kSriovCount = 0x120,      // NumVFs, Function Dependency Link
    kSriovPlacement = 0x124,  // First VF Offset, VF Stride
    kSriovDevice = 0x128,
    kSriovPageSizes = 0x12c,
    kSriovPageSize = 0x130,
    kSriovBar0 = 0x134,
    kEnd = 0x150,
  };
  enum Bit : std::uint32_t {  // in the dword at the offset
    kMemorySpace = 1u << 1,
    kBusMaster = 1u << 2,
    kSignalledTargetAbort = 1u << 27,
    kReceivedMasterAbort = 1u << 29,
    kMultifunction = 1u << 23,
    kPowerState = 3u,
    kInitiateReset = 1u << 15,
    kCorrectableDetected = 1u << 16,
    kNonFatalDetected = 1u << 17,
    kUnsupportedDetected = 1u << 19,
    kTransactionsPending = 1u << 21,
    kMsixMask = 1u << 30,
    kMsixEnable = 1u << 31,
    kVfEnable = 1u << 0,
    kVfMemorySpace = 1u << 3,
    kAriHierarchy = 1u << 4,
  };
  struct Rules {
    std::uint32_t reset = 0, rw = 0, w1c = 0, kept = 0;  // kept by a function-level reset
  };

  void define(unsigned offset, const Rules& rules);
  void define_bars(unsigned offset, const std::vector<FunctionConfig::Bar>& bars);
  void restrict_to_virtual();
  void check_sriov_write(unsigned offset, std::uint32_t old);
  void fit_vf_bars();
  std::uint64_t base_at(unsigned offset) const {
    return (dword(offset) & ~0xfull) | std::uint64_t{dword(offset + 4)} << 32;
  }
  std::uint32_t dword(unsigned offset) const { return values_[offset / 4]; }
  void assign(unsigned offset, std::uint32_t bits, bool on) {
    values_[offset / 4] = on ? values_[offset / 4] | bits : values_[offset / 4] & ~bits;
  }

  std::array<std::uint32_t, kEnd / 4> values_{};
  std::array<Rules, kEnd / 4> rules_{};
  bool is_virtual_;
  std::vector<FunctionConfig::Bar> vf_bars_;
};

}  // namespace cardvp::pcie
