#include "platform/card.h"

#include <algorithm>

#include "platform/memory_map.h"

namespace cardvp::platform {
namespace {

constexpr unsigned kSpis = 128;  // the map's interrupts are below 32 + kSpis

// Ids of the generic timer's PPIs (Arm Base System Architecture).
enum TimerInterrupt : unsigned { kHypervisorTimer = 26, kVirtualTimer = 27, kSecureTimer = 29, kPhysicalTimer = 30 };

arm::ClusterConfig with_entry(arm::ClusterConfig cluster, const arm::Entry& entry) {
  cluster.core.entry = entry;
  return cluster;
}

// Firmware keeps its updates in the flash; directly booted software finds it write-protected.
memory::FlashWrites flash_writes(const BootConfig& boot) {
  return boot.type == BootConfig::Type::kRom ? memory::FlashWrites::kAllowed : memory::FlashWrites::kRefused;
}

Gateway::Config gateway_config(const CardConfig& config) {
  Gateway::Config gateway{.operator_key = std::nullopt,
                          .card_id = config.fuses.card_id,
                          .volumes = config.volumes,
                          .network = config.network};
  if (config.operator_key.empty()) return gateway;
  try {
    gateway.operator_key = read_operator_key(config.operator_key);
  } catch (const std::runtime_error& error) {
    throw ConfigError(config.pointer + "/operator_key", "a P-384 public key in PEM form", error.what());
  }
  return gateway;
}

}  // namespace

Card::Card(sc_core::sc_module_name name, Sim& sim, const CardConfig& config, pcie::Link& link, wire::Port& uplink,
           wire::FramePool& frames, std::vector<std::unique_ptr<storage::Medium>> media)
    : Model(name, sim),
      boot_(prepare_boot(config, sim.seed)),
      alarms_("alarms", sim),
      bus_("bus", sim),
      rom_("rom", sim, map::kROM.size, config.rom.string()),
      flash_("flash", sim, {.size = map::kFLASH.size, .writes = flash_writes(config.boot)}, boot_.flash),
      variables_("variables", sim, {.size = map::kFLASH1.size, .writes = memory::FlashWrites::kAllowed}),
      sram_("sram", sim, {.size = map::kSRAM.size}),
      dram_("dram", sim, {.size = config.dram_size}),
      fuses_("fuses", sim, config.fuses),
      mailbox_("mailbox", sim, memory::kMailboxChannels),
      rtl_("rtl", sim, config.rtl),
      security_("security", sim, config.security, config.fuses, alarms_, rtl_.crypto()),
      host_gate_("host_gate", sim, alarms_, map::kHOST_FLASH.size, boot_.host_flash),
      dma_("dma", sim, config.dma, config.rtl.dma, rtl_),
      uart_("uart", sim),
      rtc_("rtc", sim, config.rtc),
      gic_("gic", sim, config.cluster.cores, kSpis),
      gic_v2m_("gic_v2m", sim, gic_),
      watchdog_("watchdog", sim),
      cluster_("cluster", sim, with_entry(config.cluster, boot_.entry)),
      endpoint_("pcie", sim, link),
      nvme_("nvme", sim, mailbox_.channel(memory::kNvmeChannel), &security_),
      vpc_("vpc", sim, config.vpc, mailbox_.channel(memory::kVpcChannel), &security_, frames),
      nic_("nic", sim, mailbox_.channel(memory::kNicChannel), vpc_, frames, rtl_.toeplitz(), rtl_.checksum()),
      control_plane_("control_plane", sim, mailbox_.channel(memory::kControlChannel), config.volumes, alarms_,
                     config.network),
      gateway_("gateway", sim, gateway_config(config), control_plane_, alarms_, gateway_surroundings(config.fuses)),
      dram_size_(config.dram_size),
      reset_pulse_(config.cluster.core.quantum + sc_core::sc_time(1, sc_core::SC_US)),
      system_reset_(sim.scheduler, *this),
      tamper_at_(config.tamper_at),
      tamper_(sim.scheduler, *this),
      resets_(counter("resets", "resets")) {
  nvme_.card.bind(bus_.target);
  security_.card.bind(bus_.target);
  vpc_.card.bind(bus_.target);
  dma_.memory().bind(bus_.target);
  nic_.card.bind(bus_.target);
  vpc_.connect_uplink(uplink);
  map_blocks();
  wire_interrupts();
  rtl_.place(bus_, gic_);
  for (unsigned i = 0; i < cluster_.size(); ++i) wire_core(i);
  add_volumes(config, link, std::move(media));
  add_interfaces(config, link);
  if (config.fuses.life_cycle != memory::kDevelopment)
    cluster_.lock_debug([this] { alarms_.raise("debug_refused", "a debugger came to the card's cores"); });
  watchdog_.on_reset([this] {
    log_.warning("the watchdog expired twice");
    reset();
  });
  // Longer than the core may be ahead of the kernel, so that a guest that resets again and again makes time pass.
  cluster_.on_system_reset([this] { system_reset_.call_at(now() + reset_pulse_); });
  cluster_.on_system_off([this] {
    log_.info("powered off");
    powered_off_ = true;
    if (on_power_off_) on_power_off_();
  });
}

Gateway::Surroundings Card::gateway_surroundings(const memory::FusesConfig& fuses) {
  return {
      .verify = [this](auto message, auto key, auto signature) { return security_.verify(message, key, signature); },
      .card =
          [this, life_cycle = memory::kLifeCycleNames.at(fuses.life_cycle)] {
            return Gateway::CardState{.life_cycle = life_cycle,
                                      .host_released = host_gate_.released(),
                                      .tampered = security_.tampered(),
                                      .resets = resets()};
          }};
}

void Card::map_blocks() {
  const auto place = [this](const map::Region& region, tlm::tlm_target_socket<>& block) {
    bus_.map(region.name, region.base, region.size, block);
  };
  place(map::kFLASH, flash_.socket);
  place(map::kFLASH1, variables_.socket);
  place(map::kGIC_DIST, gic_.distributor().socket);
  place(map::kGIC_CPU, gic_.cpu_interface().socket);
  place(map::kGIC_V2M, gic_v2m_.socket);
  place(map::kUART, uart_.socket);
  place(map::kRTC, rtc_.socket);
  place(map::kROM, rom_.socket);
  place(map::kFUSES, fuses_.socket);
  place(map::kWATCHDOG, watchdog_.socket);
  place(map::kMAILBOX, mailbox_.socket);
  place(map::kSECURITY, security_.socket);
  place(map::kHOST_GATE, host_gate_.socket);
  place(map::kHOST_FLASH, host_gate_.flash().socket);
  place(map::kDMA, dma_.registers());
  place(map::kSRAM, sram_.socket);
  place(map::kPCIE, endpoint_.socket);
  place(map::kNVME, nvme_.socket);
  place(map::kNIC, nic_.socket);
  place(map::kVPC, vpc_.socket);
  bus_.map(map::kDRAM.name, map::kDRAM.base, dram_size_, dram_.socket);
}

void Card::wire_interrupts() {
  const auto spi = [this](Line& line, unsigned id) {
    line.connect([this, id](bool level) { gic_.set_spi(id, level); });
  };
  spi(uart_.interrupt, map::kIrqUART);
  spi(rtc_.interrupt, map::kIrqRTC);
  spi(mailbox_.interrupt, map::kIrqMAILBOX);
  spi(watchdog_.interrupt, map::kIrqWATCHDOG);
  spi(security_.interrupt, map::kIrqSECURITY);
  spi(dma_.interrupt(), map::kIrqDMA);
}

void Card::wire_core(unsigned number) {
  arm::Core& core = cluster_.core(number);
  core.bus.bind(bus_.target);
  const auto ppi = [this, number](Line& line, unsigned id) {
    line.connect([this, number, id](bool level) { gic_.set_ppi(number, id, level); });
  };
  ppi(core.hypervisor_timer, kHypervisorTimer);
  ppi(core.virtual_timer, kVirtualTimer);
  ppi(core.secure_timer, kSecureTimer);
  ppi(core.physical_timer, kPhysicalTimer);
  gic_.connect_irq(number, [&core](bool level) { core.set_irq(level); });
  gic_.connect_fiq(number, [&core](bool level) { core.set_fiq(level); });
}

void Card::add_volumes(const CardConfig& config, pcie::Link& link,
                       std::vector<std::unique_ptr<storage::Medium>> media) {
  nvme::ControllerConfig controller = config.nvme;
  for (std::size_t i = 0; i < config.volumes.size(); ++i) {
    volumes_.push_back(std::make_unique<storage::Volume>(fmt::format("volume{}", i).c_str(), sim(),
                                                         config.volumes[i].timing, std::move(media.at(i))));
    controller.function = static_cast<std::uint8_t>(i);
    nvme_.add(controller, link, endpoint_, *volumes_.back());
  }
}

// Their functions are behind those of the volumes.
void Card::add_interfaces(const CardConfig& config, pcie::Link& link) {
  const std::vector<InterfaceConfig>& interfaces = config.network.interfaces;
  const auto function = [&config](std::size_t interface) {
    return static_cast<std::uint8_t>(config.volumes.size() + interface);
  };
  for (std::size_t i = 0; i < interfaces.size(); ++i) {
    nic::EnaConfig ena = config.nic;
    ena.function = function(i);
    if (interfaces[i].physical) ena.physical = function(*interfaces[i].physical);
    nic_.add(ena, link, endpoint_);
  }
}

void Card::start_of_simulation() {
  reset();
  if (tamper_at_ != sc_core::SC_ZERO_TIME) tamper_.call_at(tamper_at_);
}

void Card::reset() {
  resets_.add();
  log_.info("reset");
  powered_off_ = false;
  system_reset_.cancel();
  endpoint_.reset();
  nvme_.reset();
  nic_.reset();
  vpc_.reset();
  rom_.reset();
  flash_.reset();
  variables_.reset();
  sram_.reset();
  dram_.reset();
  for (const Boot::Piece& piece : boot_.memory)
    std::copy(piece.bytes.begin(), piece.bytes.end(),
              dram_.bytes().begin() + static_cast<std::ptrdiff_t>(piece.address - map::kDRAM.base));
  fuses_.reset();
  mailbox_.reset();
  rtl_.reset();
  security_.reset();
  host_gate_.reset();
  dma_.reset();
  uart_.reset();
  rtc_.reset();
  watchdog_.reset();
  gic_.reset();
  gic_v2m_.reset();
  cluster_.reset();
  control_plane_.start();
}

}  // namespace cardvp::platform
