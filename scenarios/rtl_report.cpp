#include "scenarios/rtl_report.h"

#include <algorithm>

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

}  // namespace cardvp::scenarios
