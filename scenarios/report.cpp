#include "scenarios/report.h"

#include <sys/resource.h>

#include <algorithm>

#include "scenarios/network_report.h"
#include "scenarios/report_figures.h"
#include "scenarios/rtl_report.h"
#include "scenarios/security_report.h"

namespace cardvp::scenarios {
namespace {

using Json = nlohmann::ordered_json;

Histogram all_latencies(const host::IoResult& io) {
  Histogram all = io.read_latency;
  all.merge(io.write_latency);
  return all;
}

bool moves_data(const WorkloadResult& result) { return result.type == "io" || result.type == "checksum"; }

// Figures of a workload that moves a volume's data.
void add_io(Json& json, const WorkloadResult& result) {
  const host::IoResult& io = result.io;
  json["latency_ns"] = {{"all", latency_json(all_latencies(io))},
                        {"read", latency_json(io.read_latency)},
                        {"write", latency_json(io.write_latency)}};
  json["failed_commands"] = io.failed();
  json["errors"] = Json::object();
  for (const auto& [field, count] : io.errors) json["errors"][host::nvme::Status(field).text()] = count;
  if (!result.expected_error.empty()) json["expected_error"] = result.expected_error;
  if (result.type == "checksum") {
    json["sha256"] = result.sha256;
    if (!result.expected_sha256.empty()) json["expected_sha256"] = result.expected_sha256;
    return;
  }
  json["verified_blocks"] = io.verified_blocks;
  json["mismatches"] = io.mismatches;
  json["first_mismatches"] = Json::array();
  for (const host::Mismatch& mismatch : io.first_mismatches) json["first_mismatches"].push_back(mismatch.text());
  json["held_back"] = io.held_back;
}

Json workload_json(const WorkloadResult& result) {
  const host::IoResult& io = result.io;
  Json json = {{"name", result.name}, {"type", result.type}};
  if (!result.volume.empty()) json["volume"] = result.volume;
  if (result.background) json["background"] = true;
  json["passed"] = result.passed();
  json["start_ns"] = ns(io.start);
  json["end_ns"] = ns(io.end);
  if (moves_data(result)) {
    json["commands"] = io.commands();
    json["reads"] = io.reads;
    json["writes"] = io.writes;
    json["read_bytes"] = io.read_bytes;
    json["written_bytes"] = io.written_bytes;
    json["iops"] = rounded(rate(io.commands(), result.seconds()));
    json["bytes_per_second"] = rounded(rate(result.bytes(), result.seconds()));
  }
  if (!result.passed()) json["error"] = result.error;
  if (moves_data(result)) add_io(json, result);
  json.update(details_json(result));
  json.update(network_json(result));
  return json;
}

Json energy_json(const Energy& energy, double seconds) {
  Json components = Json::object();
  double total = 0;
  for (const auto& [name, meter] : energy.meters()) {
    const double dynamic = meter.dynamic_joules(), fixed = meter.static_joules(seconds);
    if (dynamic == 0 && fixed == 0) continue;
    components[name] = {{"dynamic_joules", dynamic}, {"static_joules", fixed}};
    total += dynamic + fixed;
  }
  return {{"total_joules", total}, {"components", std::move(components)}};
}

Json boot_json(platform::Machine& machine, const HostProgram& program, std::size_t server) {
  const auto time = [](const std::optional<sc_core::sc_time>& at) { return at ? Json(ns(*at)) : Json(); };
  return {{"link_up_ns", time(program.boot_of(server).link_up)},
          {"host_ready_ns", time(program.ready_time())},
          {"instructions_to_link_up", program.boot_of(server).instructions},
          {"card_resets", machine.card(server).resets()}};
}

std::uint64_t instructions(platform::Machine& machine) {
  std::uint64_t all = 0;
  for (const auto& server : machine.servers()) all += server->card().cluster().instructions();
  return all;
}

// What the scenario expects of counters, and what they are.
Json expected_json(const Scenario& scenario, const Stats& stats) {
  Json all = Json::array();
  for (const ExpectedCounter& expected : scenario.expected_counters) {
    Json json = {{"counter", expected.counter}, {"least", expected.least}};
    if (expected.most != ExpectedCounter{}.most) json["most"] = expected.most;
    const std::optional<std::uint64_t> value = stats.value(expected.counter);
    json["value"] = value ? Json(*value) : Json();
    all.push_back(std::move(json));
  }
  return all;
}

}  // namespace

Json by_server(const Scenario& scenario, const std::function<Json(std::size_t server)>& part) {
  if (scenario.servers.front().name.empty()) return part(0);
  Json all = Json::object();
  for (std::size_t server = 0; server < scenario.servers.size(); ++server)
    all[scenario.servers[server].name] = part(server);
  return all;
}

Json report_json(const Scenario& scenario, platform::Machine& machine, const HostProgram& program,
                 const Outcome& outcome) {
  static constexpr const char* kResults[] = {"passed", "failed", "interrupted"};
  const sc_core::sc_time end = machine.sim().scheduler.now();
  Json json = {
      {"scenario", scenario.name}, {"seed", scenario.seed}, {"result", kResults[static_cast<int>(outcome.result)]}};
  if (!outcome.reason.empty()) json["reason"] = outcome.reason;
  json["simulated_ns"] = ns(end);
  json["instructions"] = instructions(machine);
  json["boot"] = by_server(scenario, [&](std::size_t server) { return boot_json(machine, program, server); });
  json["controllers"] = Json::array();
  for (const ControllerFound& found : program.drivers().controllers())
    json["controllers"].push_back({{"volume", found.volume},
                                   {"address", found.address},
                                   {"serial", found.info.serial},
                                   {"model", found.info.model},
                                   {"firmware", found.info.firmware},
                                   {"blocks", found.info.blocks},
                                   {"block_size", found.info.block_size},
                                   {"io_queues", found.info.io_queues},
                                   {"queue_entries", found.info.queue_entries},
                                   {"max_transfer", found.info.max_transfer}});
  if (!program.drivers().interfaces().empty()) json["interfaces"] = interfaces_json(program.drivers());
  json["workloads"] = Json::array();
  for (const WorkloadResult& result : program.results()) json["workloads"].push_back(workload_json(result));
  if (!scenario.expected_counters.empty()) json["expected_counters"] = expected_json(scenario, machine.sim().stats);
  json["security"] =
      by_server(scenario, [&](std::size_t server) { return security_json(scenario, machine, program, server); });
  if (has_rtl(machine))
    json["rtl"] = by_server(scenario, [&](std::size_t server) { return rtl_json(machine.card(server)); });
  json["energy"] = energy_json(machine.sim().energy, end.to_seconds());
  json["counters"] = Json::object();
  for (const auto& [name, counter] : machine.sim().stats.counters())
    json["counters"][name] = {{"value", counter.value->value()}, {"unit", counter.unit}};
  json["histograms"] = Json::object();
  for (const auto& [name, entry] : machine.sim().stats.histograms()) {
    const Histogram& histogram = *entry.value;
    json["histograms"][name] = {{"unit", entry.unit},
                                {"count", histogram.count()},
                                {"min", histogram.min()},
                                {"mean", rounded(histogram.mean())},
                                {"p50", histogram.percentile(0.50)},
                                {"p99", histogram.percentile(0.99)},
                                {"p99.9", histogram.percentile(0.999)},
                                {"max", histogram.max()}};
  }
  return json;
}

Timing measure(platform::Machine& machine, const HostProgram& program, double wall_seconds) {
  Timing timing;
  timing.wall_seconds = wall_seconds;
  timing.simulated_seconds = machine.sim().scheduler.now().to_seconds();
  for (const WorkloadResult& result : program.results()) {
    timing.workload_wall_seconds += result.wall_seconds;
    timing.commands += result.io.commands();
    if (result.traffic) timing.packets += result.traffic->received;
  }
  timing.instructions = instructions(machine);
  timing.activations = machine.sim().scheduler.activations();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  timing.peak_memory_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return timing;
}

Json timing_json(const Timing& timing, const HostProgram& program) {
  Json json = {{"wall_seconds", rounded(timing.wall_seconds)},
               {"simulated_seconds", timing.simulated_seconds},
               {"simulated_seconds_per_wall_second", timing.simulated_per_wall()},
               {"commands", timing.commands},
               {"commands_per_wall_second", rounded(timing.commands_per_wall_second())},
               {"packets", timing.packets},
               {"instructions", timing.instructions},
               {"million_instructions_per_wall_second", rounded(timing.mips())},
               {"scheduler_activations", timing.activations},
               {"peak_memory_mib", rounded(timing.peak_memory_mib)}};
  json["workloads"] = Json::array();
  for (const WorkloadResult& result : program.results())
    json["workloads"].push_back(
        {{"name", result.name},
         {"wall_seconds", rounded(result.wall_seconds, 1e6)},
         {"commands_per_wall_second", rounded(rate(result.io.commands(), result.wall_seconds))}});
  return json;
}

namespace {

// A row's figures: amounts a second, bytes a second, latencies.
std::string figures(double per_second, double bytes_per_second, const Histogram& latency) {
  const auto us = [&latency](double fraction) {
    return latency.count() == 0 ? std::string("-") : fmt::format("{:.1f}", ns(latency.percentile(fraction)) / 1000);
  };
  return fmt::format("{:>10.0f}  {:>9.1f}  {:>9}  {:>9}  {:>9}", per_second, bytes_per_second / 1e6, us(0.5), us(0.99),
                     us(0.999));
}

std::string figures_of(const WorkloadResult& result) {
  if (moves_data(result))
    return figures(rate(result.io.commands(), result.seconds()), rate(result.bytes(), result.seconds()),
                   all_latencies(result.io));
  if (!result.traffic) return std::string(54, ' ');
  const double seconds = (result.traffic->end - result.traffic->start).to_seconds();
  return figures(rate(result.traffic->received, seconds), rate(result.traffic->received_bytes, seconds),
                 result.traffic->latency);
}

std::string verdict_of(const WorkloadResult& result) {
  if (!result.passed()) return "FAILED";
  if (!result.expected_sha256.empty()) return "digest equal";
  const std::string network = network_text(result);
  return network.empty() ? details_text(result) : network;
}

}  // namespace

std::vector<std::string> result_table(const HostProgram& program) {
  const auto& results = program.results();
  std::size_t width = std::string("workload").size();
  for (const WorkloadResult& result : results) width = std::max(width, result.name.size());
  const bool packets = std::any_of(results.begin(), results.end(), [](const auto& each) { return each.traffic; });

  std::vector<std::string> lines;
  lines.push_back(fmt::format("{:<{}}  {:>10}  {:>9}  {:>9}  {:>9}  {:>9}  {}", "workload", width,
                              packets ? "IOPS, pps" : "IOPS", "MB/s", "p50 us", "p99 us", "p99.9 us", "result"));
  for (const WorkloadResult& result : results)
    lines.push_back(fmt::format("{:<{}}  {}  {}", result.name, width, figures_of(result), verdict_of(result)));
  lines.push_back("");
  return lines;
}

std::string speed_line(const Timing& timing) {
  std::string line =
      fmt::format("simulated {:.3f} ms in {:.2f} s: {:.4f} x real time, {:.3f} M instructions, {:.1f} MIPS",
                  timing.simulated_seconds * 1e3, timing.wall_seconds, timing.simulated_per_wall(),
                  static_cast<double>(timing.instructions) / 1e6, timing.mips());
  if (timing.commands > 0) line += fmt::format(", {:.0f} commands per wall s", timing.commands_per_wall_second());
  if (timing.packets > 0 && timing.workload_wall_seconds > 0)
    line +=
        fmt::format(", {:.0f} packets per wall s", static_cast<double>(timing.packets) / timing.workload_wall_seconds);
  return line;
}

}  // namespace cardvp::scenarios
