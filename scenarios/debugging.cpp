#include "scenarios/debugging.h"

namespace cardvp::scenarios {
namespace {

std::string connect_command(std::uint16_t port, std::filesystem::path image) {
  image.replace_extension(".elf");
  std::error_code ignored;
  return fmt::format("gdb-multiarch -ex 'target remote :{}' {}", port,
                     std::filesystem::exists(image, ignored) ? image.string() : "FILE");
}

std::vector<arm::DebugPort*> ports(const arm::Cluster& cluster) {
  std::vector<arm::DebugPort*> all;
  for (arm::Core* const core : cluster.cores()) all.push_back(&core->debug_port());
  return all;
}

}  // namespace

Debugging::Debugging(const arm::gdb::GdbServer::Config& config, platform::Machine& machine,
                     const std::filesystem::path& firmware, const InterruptGuard& guard, Terminal& terminal)
    : server_(config, ports(machine.card().cluster()),
              {.monitor = {.now = [&machine] { return machine.sim().scheduler.now(); },
                           .reset = [&machine] { machine.card().reset(); }},
               .cancelled = [&guard] { return guard.interrupted(); },
               .kill = [this] { killed_ = true; }}) {
  for (arm::Core* const core : machine.card().cluster().cores()) core->attach(&server_);
  // Not even a quiet run may wait for somebody without saying so.
  terminal.error(fmt::format("cardvp: {} on port {}: {}", config.wait ? "waiting for gdb" : "gdb can attach",
                             server_.port(), connect_command(server_.port(), firmware)));
}

}  // namespace cardvp::scenarios
