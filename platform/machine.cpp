#include "platform/machine.h"

namespace cardvp::platform {

Host::Host(sc_core::sc_module_name name, Sim& sim, const HostConfig& config, pcie::Link& link, std::size_t volumes)
    : Model(name, sim), boot_("boot", sim), memory_(config.memory_size), root_("root", sim, link, memory_) {
  for (std::size_t i = 0; i < volumes; ++i)
    drivers_.push_back(
        std::make_unique<host::nvme::Driver>(fmt::format("nvme{}", i).c_str(), sim, root_, config.driver));
}

Machine::Services::Services(std::uint64_t seed, const LogConfig& log) : sim(seed) {
  sim.log.set_level(log.level);
  for (const std::string& pattern : log.traces) sim.log.trace(pattern);
  sim.log.set_sink(log.sink);
}

Machine::Machine(std::uint64_t seed, const CardConfig& card, const HostConfig& host,
                 std::vector<std::unique_ptr<storage::Medium>> media, const LogConfig& log)
    : services_(seed, log),
      link_("link", sim(), card.link),
      host_("host", sim(), host, link_, card.volumes.size()),
      card_("card", sim(), card, link_, std::move(media)) {
  host_.boot().connect(card_.host_gate(), card_.host_gate().host_reset);
}

void Machine::run_for(sc_core::sc_time duration) {
  sc_core::sc_start(duration);
  if (const std::exception_ptr failure = sim().scheduler.failure()) std::rethrow_exception(failure);
}

}  // namespace cardvp::platform
