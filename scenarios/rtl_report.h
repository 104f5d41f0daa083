// The part of report.json that is about RTL: what each block did, and where it was not as its model.
#pragma once

#include <nlohmann/json.hpp>

#include "platform/machine.h"
#include "rtl/coverage.h"
#include "scenarios/output_folder.h"

namespace cardvp::scenarios {

bool has_rtl(platform::Machine& machine);
// Of one card.
nlohmann::ordered_json rtl_json(platform::Card& card);

// What the run covered of the blocks whose plug-ins count it, of all cards together: in coverage.dat, and summed up by
// block. Empty if no block does.
std::map<std::string, rtl::CoverageTotals> collect_coverage(platform::Machine& machine, const OutputFolder& out);
nlohmann::ordered_json coverage_json(const std::map<std::string, rtl::CoverageTotals>& totals);
// A line for each block.
std::vector<std::string> coverage_lines(const std::map<std::string, rtl::CoverageTotals>& totals);

}  // namespace cardvp::scenarios
