#include "scenarios/rtl_report.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "scenarios/report_figures.h"

namespace cardvp::scenarios {

using Json = nlohmann::ordered_json;

namespace {

Json difference_json(const rtl::Difference& difference) {
  return {{"at_ps", difference.at.value()},
          {"transaction", difference.transaction},
          {"what", difference.what},
          {"model", difference.model},
          {"rtl", difference.rtl}};
}

Json clocks_json(rtl::Block& block) {
  Json clocks = Json::object();
  for (const rtl::ClockDescription& clock : block.description().clocks) {
    const rtl::Domain& domain = *block.domain(clock.port);
    clocks[clock.port] = {{"cycles", domain.cycles()}, {"period_ps", domain.period().value()}};
  }
  return clocks;
}

}  // namespace

bool has_rtl(platform::Machine& machine) {
  return std::ranges::any_of(machine.servers(),
                             [](const auto& server) { return !server->card().rtl().instances().empty(); });
}

Json rtl_json(platform::Card& card) {
  Json all = Json::object();
  for (const platform::CardRtl::Instance& instance : card.rtl().instances()) {
    rtl::Block& block = *instance.block;
    Json json = {{"block", block.description().name},
                 {"digest", block.plugin().abi().digest},
                 {"clocks", clocks_json(block)},
                 {"time_outs", block.time_outs()}};
    if (!block.running()) json["stopped"] = block.error();
    json["violations"] = instance.violations;
    if (instance.lockstep) {
      json["differences"] = instance.lockstep->differences();
      if (const auto& first = instance.lockstep->first()) json["first_difference"] = difference_json(*first);
    }
    all[instance.name] = std::move(json);
  }
  return all;
}

std::map<std::string, rtl::CoverageTotals> collect_coverage(platform::Machine& machine, const OutputFolder& out) {
  rtl::Coverage coverage;
  const std::filesystem::path part = out.file("coverage.part");
  for (const auto& server : machine.servers())
    for (const platform::CardRtl::Instance& instance : server->card().rtl().instances())
      if (instance.block->write_coverage(part)) coverage.add(instance.block->description().name, part);
  std::filesystem::remove(part);
  std::map<std::string, rtl::CoverageTotals> totals = coverage.totals();
  if (!totals.empty() && !coverage.write(out.file("coverage.dat")))
    throw std::runtime_error(out.file("coverage.dat").string() + ": cannot be written");
  return totals;
}

Json coverage_json(const std::map<std::string, rtl::CoverageTotals>& totals) {
  const auto ratio = [](const rtl::CoverageRatio& points) -> Json {
    return {{"covered", points.covered}, {"total", points.total}};
  };
  Json all = Json::object();
  for (const auto& [block, of] : totals) all[block] = {{"lines", ratio(of.lines)}, {"toggles", ratio(of.toggles)}};
  return all;
}

std::vector<std::string> coverage_lines(const std::map<std::string, rtl::CoverageTotals>& totals) {
  const auto percent = [](const rtl::CoverageRatio& points) {
    return points.total == 0 ? std::string("none")
                             : fmt::format("{:.1f} %", 100.0 * static_cast<double>(points.covered) /
                                                           static_cast<double>(points.total));
  };
  std::vector<std::string> lines;
  for (const auto& [block, of] : totals)
    lines.push_back(fmt::format("coverage of {}: lines {}, toggles {}", block, percent(of.lines), percent(of.toggles)));
  return lines;
}

}  // namespace cardvp::scenarios
