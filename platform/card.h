// The card: its blocks on one bus by the one memory map (memory_map.def), their interrupts, reset, its volumes and its
// network interfaces.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "models/arm/cluster.h"
#include "models/arm/gic.h"
#include "models/arm/gicv2m.h"
#include "models/arm/pl011.h"
#include "models/arm/pl031.h"
#include "models/arm/watchdog.h"
#include "models/bus/bus.h"
#include "models/memory/flash.h"
#include "models/memory/fuses.h"
#include "models/memory/mailbox.h"
#include "models/memory/ram.h"
#include "models/memory/rom.h"
#include "models/nic/engine.h"
#include "models/nic/vpc/vpc.h"
#include "models/nvme/engine.h"
#include "models/pcie/endpoint.h"
#include "models/security/alarms.h"
#include "models/security/engine.h"
#include "models/security/host_gate.h"
#include "models/storage/volume.h"
#include "models/wire/port.h"
#include "platform/boot.h"
#include "platform/card_dma.h"
#include "platform/card_rtl.h"
#include "platform/config.h"
#include "platform/control_plane.h"
#include "platform/gateway.h"

namespace cardvp::platform {

class Card : public Model {
 public:
  // `config` names its images, and has a medium in `media` for each volume. Connects itself to the link and, as its
  // uplink, to the wire; frames come from `frames`. Throws ConfigError for images that the boot cannot use,
  // std::runtime_error for a ROM that cannot be read.
  Card(sc_core::sc_module_name name, Sim& sim, const CardConfig& config, pcie::Link& link, wire::Port& uplink,
       wire::FramePool& frames, std::vector<std::unique_ptr<storage::Medium>> media);

  // Reset of everything: memory keeps its contents, what the boot puts there aside; the link goes down; the cores start
  // as the configuration says. Happens by itself when the simulation starts, when the watchdog expires twice, and by
  // PSCI SYSTEM_RESET.
  void reset();

  // PSCI SYSTEM_OFF: the cores stand still until reset(), the rest of the card goes on.
  void on_power_off(std::function<void()> action) { on_power_off_ = std::move(action); }
  bool powered_off() const { return powered_off_; }

  arm::Pl011& uart() { return uart_; }
  arm::Cluster& cluster() { return cluster_; }
  const arm::Cluster& cluster() const { return cluster_; }
  ControlPlane& control_plane() { return control_plane_; }
  const ControlPlane& control_plane() const { return control_plane_; }
  Gateway& gateway() { return gateway_; }
  security::Engine& security() { return security_; }
  security::HostGate& host_gate() { return host_gate_; }
  security::Alarms& alarms() { return alarms_; }
  CardDma& dma() { return dma_; }
  CardRtl& rtl() { return rtl_; }
  std::uint64_t resets() const { return resets_.value(); }  // the first included

 private:
  void start_of_simulation() override;
  void tamper() { security_.tamper(); }
  Gateway::Surroundings gateway_surroundings(const memory::FusesConfig& fuses);
  void map_blocks();
  void wire_interrupts();
  void wire_core(unsigned number);
  void add_volumes(const CardConfig& config, pcie::Link& link, std::vector<std::unique_ptr<storage::Medium>> media);
  void add_interfaces(const CardConfig& config, pcie::Link& link);

  Boot boot_;
  security::Alarms alarms_;
  bus::Bus bus_;
  memory::Rom rom_;
  memory::Flash flash_;
  memory::Flash variables_;
  memory::Ram sram_;
  memory::Ram dram_;
  memory::Fuses fuses_;
  memory::Mailbox mailbox_;
  CardRtl rtl_;
  security::Engine security_;
  security::HostGate host_gate_;
  CardDma dma_;
  arm::Pl011 uart_;
  arm::Pl031 rtc_;
  arm::Gic gic_;
  arm::GicV2m gic_v2m_;
  arm::Watchdog watchdog_;
  arm::Cluster cluster_;
  pcie::Endpoint endpoint_;
  std::vector<std::unique_ptr<storage::Volume>> volumes_;  // outlive the engine
  nvme::Engine nvme_;
  nic::Vpc vpc_;
  nic::Engine nic_;
  ControlPlane control_plane_;
  Gateway gateway_;
  std::uint64_t dram_size_;
  std::function<void()> on_power_off_;
  bool powered_off_ = false;
  sc_core::sc_time reset_pulse_;  // of PSCI SYSTEM_RESET
  Callback<&Card::reset> system_reset_;
  sc_core::sc_time tamper_at_;
  Callback<&Card::tamper> tamper_;
  Counter& resets_;
};

}  // namespace cardvp::platform
