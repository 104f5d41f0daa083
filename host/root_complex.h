// The host's root complex: one root port with the card below it, on bus 1.
//
// Upwards, it is where the card's requests end: host memory behind the IOMMU, and the interrupt window. Downwards, it
// finds the card's functions by configuration cycles and gives them addresses.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "host/iommu.h"
#include "host/memory.h"
#include "host/pci_function.h"
#include "models/base/model.h"
#include "models/base/sync.h"
#include "models/pcie/link.h"

namespace cardvp::host {

class RootComplex : public Model, public pcie::HostPort {
 public:
  // Writes of devices in here are interrupt messages; they never reach memory or the IOMMU.
  static constexpr std::uint64_t kMsiWindow = 0xfee00000;
  static constexpr std::uint64_t kMsiWindowEnd = 0xfef00000;
  static constexpr std::uint64_t kMmioWindow32 = 0xc0000000;  // for 32-bit BARs, up to kMmioWindow32End
  static constexpr std::uint64_t kMmioWindow32End = 0xfe000000;
  static constexpr std::uint64_t kMmioWindow64 = 0x4000000000;
  static constexpr std::uint8_t kBus = 1;

  // Connects itself to the link. Link and memory outlive it.
  RootComplex(sc_core::sc_module_name name, Sim& sim, pcie::Link& link, Memory& memory);

  Memory& memory() const { return memory_; }
  pcie::Link& link() const { return link_; }

  // Default: PassThrough. The IOMMU outlives the root complex.
  void set_iommu(Iommu& iommu) { iommu_ = &iommu; }

  bool link_up() const { return link_.up(); }
  // Notified at each change of the link.
  Trigger& link_event() { return link_event_; }
  // True as soon as the link is up; false if it is not after `timeout`.
  Task<bool> wait_link(sc_core::sc_time timeout);

  // Functions that come and go, by themselves (hot-plug), as virtual ones or with the link. Notified at each change,
  Trigger& presence_event() { return presence_event_; }
  // and how often a function number was taken away while the link was up: who uses a function compares with what it was
  // at the start.
  unsigned removals(std::uint8_t function) const { return removals_[function]; }
  // A function as probe() finds it, as soon as it is there; std::nullopt if it is not after `timeout`.
  Task<std::optional<PciFunction>> wait_function(std::uint8_t function, sc_core::sc_time timeout);

  // Every function on the card's bus, by number: identified, its BARs sized and placed, Memory Space and Bus Master
  // enabled. All 256 function numbers are asked (some 0.1 ms), so no ARI capability is needed to find those above 7.
  // Repeating it is harmless: BARs keep their addresses.
  Task<std::vector<PciFunction>> enumerate();
  // One of them; std::nullopt if there is none.
  Task<std::optional<PciFunction>> probe(std::uint8_t function);

  // SR-IOV: gives the physical function so many virtual ones, in place of those that it had, with memory and Bus Master
  // enabled (takes 100 ms). Returns those that are there; the card may keep some back, and add or take them later, as
  // it may any function: wait_function() and removals(). None if the function has not so many, or there is no room.
  Task<std::vector<PciFunction>> enable_virtual(const PciFunction& physical, unsigned count);
  // Takes them away, which counts as their removal; takes a second if there are any.
  Task<> disable_virtual(const PciFunction& physical);

  // An interrupt of its own for `handler`, which is called when the message arrives (it must not destroy itself).
  Interrupt allocate_interrupt(std::function<void()> handler);
  void free_interrupt(const Interrupt& interrupt);

  // HostPort
  std::byte* direct(pcie::RequesterId requester, std::uint64_t address, std::size_t size, bool write) override;
  void write(pcie::RequesterId requester, std::uint64_t address, std::span<const std::byte> data) override;
  void read(pcie::RequesterId requester, DmaRead& read) override;
  void abandon(DmaRead& read) override;
  void link_changed(bool up) override;
  void presence_changed(std::uint8_t function, bool present) override;

 private:
  friend class PciFunction;

  static constexpr unsigned kVectorsPerTarget = 224;  // message data 32 to 255; 0 to 31 are exceptions on a PC
  static constexpr unsigned kTargets = 256;           // address bits 19:12
  static constexpr unsigned kFirstVector = 32;
  static constexpr unsigned kFaultsLogged = 16;  // the others are only counted

  using Bars = std::array<PciFunction::Bar, 6>;
  // A virtual function that was enabled: what its configuration space does not say.
  struct Virtual {
    std::uint8_t physical;
    std::uint16_t vendor, device;
    Bars bars;
  };

  Task<std::optional<PciFunction>> identify(PciFunction function, bool is_virtual);
  // What the BAR at `offset` says of itself when it is written with ones; size 0: there is none, or of no use.
  struct BarKind {
    std::uint64_t size = 0;
    bool wide = false;
    bool prefetchable = false;
  };
  Task<BarKind> size_bar(const PciFunction& function, std::uint16_t offset, unsigned index);
  Task<> write_bar(const PciFunction& function, std::uint16_t offset, std::uint64_t address, bool wide);
  // Sizes and places the BAR at `index`; says how many of the six it takes.
  Task<unsigned> place_bar(PciFunction& function, unsigned index);
  std::uint64_t place(PciFunction::Bar& window, std::uint64_t size, bool wide);
  Task<std::optional<Bars>> place_virtual_bars(const PciFunction& physical, unsigned total);
  void forget_virtual(std::uint8_t physical);
  Task<> announce_ari(const PciFunction& physical);
  Task<> walk_capabilities(PciFunction& function);
  Task<> walk_extended_capabilities(PciFunction& function);
  Task<> read_msix(PciFunction& function, std::uint16_t capability);
  bool interrupt_message(std::uint64_t address, std::span<const std::byte> data);
  std::byte* translate(pcie::RequesterId requester, std::uint64_t address, std::uint64_t size, bool write);
  void fault(pcie::RequesterId requester, std::uint64_t address, bool write);
  Task<> notify_at(Trigger& trigger, sc_core::sc_time time);
  auto delay(sc_core::sc_time time) { return scheduler().delay(time); }
  void count(pcie::Completion status) {
    if (status != pcie::Completion::kSuccess) failed_requests_.add();
  }

  pcie::Link& link_;
  Memory& memory_;
  PassThrough pass_through_;
  Iommu* iommu_ = &pass_through_;
  Trigger link_event_;
  Trigger presence_event_;
  std::array<unsigned, 256> removals_{};
  std::uint64_t presence_changes_ = 0;
  std::deque<std::function<void()>> interrupts_;  // by target * kVectorsPerTarget + vector - 32
  std::vector<unsigned> free_interrupts_;
  std::array<Bars, 256> windows_{};          // what each BAR was given, kept over enumerations
  std::array<Bars, 256> virtual_windows_{};  // and each VF BAR, by physical function, for all of its virtual ones
  std::array<std::optional<Virtual>, 256> virtual_{};
  std::uint64_t next_mmio32_ = kMmioWindow32;
  std::uint64_t next_mmio64_ = kMmioWindow64;
  Counter& dma_faults_;
  Counter& interrupts_received_;
  Counter& interrupts_dropped_;
  Counter& failed_requests_;  // of the host, not answered with success
};

}  // namespace cardvp::host
