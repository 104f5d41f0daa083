// The card: its blocks on one bus by the one memory map (memory_map.def), their interrupts, reset, and its volumes.
#pragma once

#include <memory>
#include <vector>

#include "models/arm/core.h"
#include "models/arm/gic.h"
#include "models/arm/pl011.h"
#include "models/arm/watchdog.h"
#include "models/bus/bus.h"
#include "models/memory/flash.h"
#include "models/memory/fuses.h"
#include "models/memory/mailbox.h"
#include "models/memory/ram.h"
#include "models/memory/rom.h"
#include "models/nvme/engine.h"
#include "models/pcie/endpoint.h"
#include "models/storage/volume.h"
#include "platform/config.h"
#include "platform/control_plane.h"

namespace cardvp::platform {

class Card : public Model {
 public:
  // `config` names its images, and has a medium in `media` for each volume. Connects itself to the link. Throws
  // std::runtime_error, with path and remedy, for an image that cannot be read.
  Card(sc_core::sc_module_name name, Sim& sim, const CardConfig& config, pcie::Link& link,
       std::vector<std::unique_ptr<storage::Medium>> media);

  // Reset of everything: memory keeps its contents, the link goes down, the core starts at the ROM. Happens by itself
  // when the simulation starts, and when the watchdog expires twice.
  void reset();

  arm::Pl011& uart() { return uart_; }
  arm::Core& core() { return core_; }
  const arm::Core& core() const { return core_; }
  const ControlPlane& control_plane() const { return control_plane_; }
  std::uint64_t resets() const { return resets_.value(); }  // the first included

 private:
  void start_of_simulation() override { reset(); }
  void map_blocks();
  void wire_interrupts();
  void add_volumes(const CardConfig& config, pcie::Link& link, std::vector<std::unique_ptr<storage::Medium>> media);

  bus::Bus bus_;
  memory::Rom rom_;
  memory::Flash flash_;
  memory::Ram sram_;
  memory::Ram dram_;
  memory::Fuses fuses_;
  memory::Mailbox mailbox_;
  arm::Pl011 uart_;
  arm::Gic gic_;
  arm::Watchdog watchdog_;
  arm::Core core_;
  pcie::Endpoint endpoint_;
  std::vector<std::unique_ptr<storage::Volume>> volumes_;  // outlive the engine
  nvme::Engine nvme_;
  ControlPlane control_plane_;
  std::uint64_t dram_size_;
  Counter& resets_;
};

}  // namespace cardvp::platform
