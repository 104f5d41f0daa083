// What a run shows of the software on the card's cores: execution trace, profile, backtraces.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/arm/insight/exec_trace.h"
#include "models/arm/insight/profile.h"
#include "models/arm/insight/symbols.h"
#include "platform/card.h"
#include "scenarios/output_folder.h"
#include "scenarios/terminal.h"

namespace cardvp::scenarios {

struct InsightOptions {
  bool trace_exec = false;
  std::vector<std::string> trace_functions;  // none: all
  double trace_from_us = 0;                  // simulated time
  std::optional<double> trace_to_us;
  std::uint64_t profile_period_us = 0;  // 0: no profile
  std::vector<std::string> symbols;     // FILE or FILE@OFFSET; ELF files or System.map
};

// Moves "exec" and "exec:FUNCTION" from patterns of hierarchical names, as --trace has them, into the options.
void take_exec_traces(std::vector<std::string>& traces, InsightOptions& options);

class Insight {
 public:
  // For the programs that `card` starts: the ELF files that its images are, or that are beside them under the same
  // name. Throws ConfigError for what the options name and cannot be had. `out`: where exec.log and profile.folded go.
  Insight(const InsightOptions& options, const platform::CardConfig& card, const std::optional<OutputFolder>& out,
          Terminal& terminal);

  // Of several servers, to the first one's card. This outlives the machine's last step.
  void attach(platform::Card& card);
  // Completes the files. Throws std::runtime_error if not all of it could be written.
  void finish();
  // Lines, of all cores.
  std::vector<std::string> backtraces(platform::Card& card);

 private:
  void load_symbols();

  InsightOptions options_;
  std::vector<std::filesystem::path> images_;
  const OutputFolder* out_;
  Terminal& terminal_;
  bool loaded_ = false;
  arm::Symbols symbols_;
  std::ofstream log_;
  std::optional<arm::ExecTrace> trace_;
  std::optional<arm::Profile> profile_;
};

}  // namespace cardvp::scenarios
