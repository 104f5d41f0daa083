#include "scenarios/report.h"

#include <sys/resource.h>

#include <cmath>

#include "scenarios/security_report.h"

namespace cardvp::scenarios {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kPsPerNs = 1000;

double rounded(double value, double digits = 1000) { return std::round(value * digits) / digits; }
double ns(std::uint64_t ps) { return static_cast<double>(ps) / kPsPerNs; }
double ns(sc_core::sc_time time) { return ns(time.value()); }
double rate(std::uint64_t amount, double seconds) { return seconds > 0 ? static_cast<double>(amount) / seconds : 0; }

Histogram all_latencies(const host::IoResult& io) {
  Histogram all = io.read_latency;
  all.merge(io.write_latency);
  return all;
}

bool moves_data(const WorkloadResult& result) { return result.type == "io" || result.type == "checksum"; }

Json latency_json(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"min", ns(histogram.min())},
          {"mean", rounded(histogram.mean() / kPsPerNs)},
          {"p50", ns(histogram.percentile(0.50))},
          {"p99", ns(histogram.percentile(0.99))},
          {"p99.9", ns(histogram.percentile(0.999))},
          {"max", ns(histogram.max())}};
}

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
  json["workloads"] = Json::array();
  for (const WorkloadResult& result : program.results()) json["workloads"].push_back(workload_json(result));
  json["security"] =
      by_server(scenario, [&](std::size_t server) { return security_json(scenario, machine, program, server); });
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

std::vector<std::string> result_table(const HostProgram& program) {
  std::size_t width = std::string("workload").size();
  for (const WorkloadResult& result : program.results()) width = std::max(width, result.name.size());

  std::vector<std::string> lines;
  lines.push_back(fmt::format("{:<{}}  {:>10}  {:>9}  {:>9}  {:>9}  {:>9}  {}", "workload", width, "IOPS", "MB/s",
                              "p50 us", "p99 us", "p99.9 us", "result"));
  for (const WorkloadResult& result : program.results()) {
    if (!moves_data(result)) {
      lines.push_back(fmt::format("{:<{}}  {:>56}{}", result.name, width, "",
                                  result.passed() ? "  " + details_text(result) : "  FAILED"));
      continue;
    }
    const Histogram latency = all_latencies(result.io);
    const auto us = [&latency](double fraction) {
      return latency.count() == 0 ? std::string("-") : fmt::format("{:.1f}", ns(latency.percentile(fraction)) / 1000);
    };
    const std::string verdict = !result.passed()                  ? "FAILED"
                                : !result.expected_sha256.empty() ? "digest equal"
                                                                  : details_text(result);
    lines.push_back(fmt::format("{:<{}}  {:>10.0f}  {:>9.1f}  {:>9}  {:>9}  {:>9}  {}", result.name, width,
                                rate(result.io.commands(), result.seconds()),
                                rate(result.bytes(), result.seconds()) / 1e6, us(0.5), us(0.99), us(0.999), verdict));
  }
  lines.push_back("");
  return lines;
}

std::string speed_line(const Timing& timing) {
  std::string line =
      fmt::format("simulated {:.3f} ms in {:.2f} s: {:.4f} x real time, {:.3f} M instructions, {:.1f} MIPS",
                  timing.simulated_seconds * 1e3, timing.wall_seconds, timing.simulated_per_wall(),
                  static_cast<double>(timing.instructions) / 1e6, timing.mips());
  if (timing.commands > 0) line += fmt::format(", {:.0f} commands per wall s", timing.commands_per_wall_second());
  return line;
}

}  // namespace cardvp::scenarios
