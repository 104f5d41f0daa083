#include "models/arm/gicv2m.h"

#include <stdexcept>

#include <fmt/format.h>

namespace cardvp::arm {
namespace gicv2m {
#define CARDVP_REGISTERS "models/arm/gicv2m.def"
#include "models/base/declare_registers.h"
}  // namespace gicv2m

GicV2m::GicV2m(sc_core::sc_module_name name, Sim& sim, Gic& gic, const GicV2mConfig& config)
    : RegisterTarget(name, sim, gicv2m::kBank),
      gic_(gic),
      config_(config),
      messages_(counter("messages", "interrupts")),
      ignored_(counter("ignored", "writes")) {
  if (config.count == 0 || config.first < 32 || config.first >= gic.ids() || config.count > gic.ids() - config.first)
    throw std::invalid_argument(
        fmt::format("GICv2m: {} interrupts from id {} on are not all SPIs: the GIC has ids 32 to {}", config.count,
                    config.first, gic.ids() - 1));
  registers_.set(gicv2m::MSI_TYPER_SPIS, config.count);
  registers_.set(gicv2m::MSI_TYPER_FIRST, config.first);
  registers_.on_write(gicv2m::MSI_SETSPI_NS, [this](const RegisterWrite& write) { set_spi(write); });
}

void GicV2m::set_spi(const RegisterWrite& write) {
  const bool whole = (write.mask & gicv2m::MSI_SETSPI_NS_ID.mask()) == gicv2m::MSI_SETSPI_NS_ID.mask();
  const auto id = static_cast<unsigned>(gicv2m::MSI_SETSPI_NS_ID.of(write.written));
  if (!whole || id < config_.first || id - config_.first >= config_.count) return ignored_.add();
  messages_.add();
  gic_.set_spi(id, true);
  gic_.set_spi(id, false);
}

}  // namespace cardvp::arm
