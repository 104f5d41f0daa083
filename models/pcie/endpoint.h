// The card's PCIe endpoint: up to 256 functions on one link, and the registers by which the firmware rules them.
// On the card bus: the link page (pcie_link.def), then a page per function (pcie_function.def).
#pragma once

#include <array>
#include <vector>

#include "models/base/bus_target.h"
#include "models/pcie/function.h"
#include "models/pcie/link.h"

namespace cardvp::pcie {

class Endpoint : public RegisterTarget, public DevicePort {
 public:
  Endpoint(sc_core::sc_module_name name, Sim& sim, Link& link);

  // Adds a function; its number must be free. The endpoint does not own it. A virtual function comes behind its
  // physical one, and those of one physical function in the order of their numbers, which must follow each other.
  void add(Function& function);

  // Card reset: link down, every function absent.
  void reset();

  ReadResult config_read(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size) override;
  Completion config_write(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size,
                          std::uint32_t value) override;
  ReadResult memory_read(std::uint64_t address, unsigned size) override;
  void memory_write(std::uint64_t address, std::span<const std::byte> data) override;
  void link_reset() override;

 protected:
  bool access(const BusAccess& access) override;

 private:
  static constexpr std::size_t kMaxFunctions = 256;  // function numbers have 8 bits

  // Addresses that one BAR answers, after overlaps were settled: the lowest function, then the lowest BAR, wins.
  struct Claim {
    std::uint64_t first, last;
    std::uint64_t base;  // of the BAR
    Function* function;
    unsigned bar;
  };
  const Claim* find(std::uint64_t address);
  void decode();
  void add_claim(Claim claim);

  std::uint8_t next_function(const Function& function) const;
  bool is_lowest_physical(const Function& function) const;
  Function* configured(std::uint8_t function, std::uint16_t offset, unsigned size);
  void unclaimed(bool posted);

  // The core that writes a register may be ahead of the simulated time: what it asks for happens when it gets there.
  Task<> enable_at(sc_core::sc_time time, bool on);
  Task<> set_present_at(sc_core::sc_time time, Function& function, bool on);

  Link& link_;
  std::array<Function*, kMaxFunctions> functions_{};
  unsigned count_ = 0;         // without virtual functions
  RegisterBank vacant_;        // what a page without hardware reads as
  std::vector<Claim> claims_;  // disjoint, by address
  std::size_t last_hit_ = 0;
  bool decode_changed_ = false;
  Counter& unclaimed_reads_;
  Counter& unclaimed_writes_;
  TaskScope actions_{scheduler()};
};

}  // namespace cardvp::pcie
