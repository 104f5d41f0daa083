// What a block or a plug-in is, for people.
#include <algorithm>

#include <fmt/format.h>

#include "rtl/build/builder.h"
#include "rtl/plugin.h"

namespace cardvp::rtl {
namespace {

std::string description_report(const BlockDescription& description, const std::vector<std::string>& by_convention) {
  const auto how = [&](const std::string& name) {
    const bool found = std::find(by_convention.begin(), by_convention.end(), name) != by_convention.end();
    return found ? "  (found by name)" : "";
  };
  std::string text;
  for (const ClockDescription& clock : description.clocks)
    text += fmt::format("clock      {:<20} {} ns{}\n", clock.port, static_cast<double>(clock.period_ps) / 1000,
                        how(clock.port));
  for (const ResetDescription& reset : description.resets)
    text += fmt::format("reset      {:<20} active {}, {} cycles of {}{}\n", reset.port,
                        reset.active_low ? "low" : "high", reset.cycles, reset.clock, how(reset.port));
  for (const InterfaceDescription& interface : description.interfaces) {
    text += fmt::format("interface  {:<20} {} {}, clock {}{}\n", interface.name, to_string(interface.kind),
                        to_string(interface.role), interface.clock, how(interface.name));
    for (const auto& [signal, port] : interface.signals) text += fmt::format("             {:<12} {}\n", signal, port);
  }
  for (const std::string& port : description.interrupts) text += fmt::format("interrupt  {}{}\n", port, how(port));
  if (description.address_size > 0) text += fmt::format("addresses  {:#x} bytes\n", description.address_size);
  return text;
}

std::string port_line(const std::string& name, bool input, unsigned width) {
  return fmt::format("  {:<6} {:>4}  {}\n", input ? "in" : "out", width, name);
}

}  // namespace

std::string to_report(const Inspection& inspection) {
  std::string text = fmt::format("block      {} (module {})\n", inspection.source.name, inspection.source.top);
  text += description_report(inspection.resolution.description, inspection.resolution.by_convention);
  text += "ports\n";
  for (const Port& port : inspection.ports) text += port_line(port.name, port.is_input, port.width);
  if (!inspection.resolution.left_over.empty())
    text += "left over: inputs are 0 unless tied off, outputs are not looked at\n";
  for (const Port& port : inspection.resolution.left_over) text += port_line(port.name, port.is_input, port.width);
  if (!inspection.warnings.empty()) text += fmt::format("{} warnings of verilator\n", inspection.warnings.size());
  return text;
}

std::string plugin_report(const std::filesystem::path& file) {
  const auto plugin = Plugin::load(file);
  const cardvp_rtl_plugin& abi = plugin->abi();
  std::string text =
      fmt::format("block      {} (module {})\nplug-in    version {}, {}, {}\nsources    SHA-256 {}\n", abi.name,
                  plugin->description().top, abi.abi_version, abi.cpu, abi.verilator, abi.digest);
  text += fmt::format("waveforms  {}\ncoverage   {}\n", abi.trace_format, abi.coverage_write ? "line, toggle" : "none");
  text += description_report(plugin->description(), {});
  text += "ports\n";
  for (std::uint32_t i = 0; i < abi.port_count; ++i)
    text += port_line(abi.ports[i].name, abi.ports[i].is_input != 0, abi.ports[i].width);
  return text;
}

}  // namespace cardvp::rtl
