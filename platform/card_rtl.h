// The RTL of a card: units that stand in the place of parts of its models, and blocks of their own on the bus.
#pragma once

#include <bitset>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "models/arm/gic.h"
#include "models/bus/bus.h"
#include "models/security/crypto.h"
#include "platform/rtl_config.h"
#include "rtl/units/aes_unit.h"
#include "rtl/units/checksum_unit.h"
#include "rtl/units/placed_block.h"
#include "rtl/units/sha2_unit.h"
#include "rtl/units/toeplitz_unit.h"

namespace cardvp::platform {

class CardRtl : public Model {
 public:
  // Loads the plug-ins. Throws ConfigError for one that cannot be loaded, or does not fit its place.
  CardRtl(sc_core::sc_module_name name, Sim& sim, const RtlConfig& config);

  // The security engine's mathematics, by RTL as configured.
  std::unique_ptr<security::Crypto> crypto();
  // The NIC's; null: the model's.
  nic::ToeplitzMath* toeplitz() { return toeplitz_ ? &*toeplitz_ : nullptr; }
  nic::ChecksumMath* checksum() { return checksum_ ? &*checksum_ : nullptr; }
  // For a unit that somebody else holds: what it is made of; and that it is there. A unit that cannot be made of it is
  // an error of the configuration.
  rtl::UnitConfig unit_config(const RtlUnitConfig& config) const;
  void add(rtl::Unit& unit) { others_.push_back(&unit); }
  [[noreturn]] static void misfit(const RtlUnitConfig& config, const std::invalid_argument& error);

  // Connects the blocks: to the bus, in the map's window for them, and to the interrupt controller. Throws ConfigError
  // for addresses and interrupts that are not to be had.
  void place(bus::Bus& bus, arm::Gic& gic);

  // Card reset.
  void reset();

  struct Instance {
    std::string name;  // "aes"
    rtl::Block* block;
    rtl::Lockstep* lockstep;  // may be null
    std::uint64_t violations;
  };
  // All, in the order of the configuration: units first.
  std::vector<Instance> instances();

  // The difference between a model and its RTL that ends the run; null: there is none.
  const rtl::Difference* stopped_by();
  // Calls when there is one.
  void on_stop(const std::function<void()>& action);

 private:
  static constexpr unsigned kInterrupts = 12;  // of the map, from kIrqRTL on

  template <class T>
  void make(std::optional<T>& unit, const char* name, const RtlUnitConfig& config);
  rtl::BlockConfig prepared(const RtlInstanceConfig& config, const rtl::Plugin& plugin) const;
  void place(bus::Bus& bus, const RtlBlockConfig& config, rtl::PlacedBlock& block);
  void connect(arm::Gic& gic, const RtlBlockConfig& config, rtl::PlacedBlock& block);

  RtlConfig config_;
  std::optional<rtl::AesUnit> aes_;
  std::optional<rtl::Sha2Unit> sha2_;
  std::optional<rtl::ToeplitzUnit> toeplitz_;
  std::optional<rtl::ChecksumUnit> checksum_;
  std::vector<rtl::Unit*> others_;
  std::deque<rtl::PlacedBlock> blocks_;
  std::uint64_t next_address_;
  std::bitset<kInterrupts> interrupts_;  // that are taken
};

}  // namespace cardvp::platform
