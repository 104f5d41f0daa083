// The files that a run needs: where they are.
#pragma once

#include <vector>

#include "platform/config.h"
#include "scenarios/terminal.h"
#include "scenarios/workload.h"

namespace cardvp::scenarios {

// The card, with the files that its configuration names, or else those of the installation. Says on the terminal what a
// card can be without. Throws platform::ConfigError for what is missing otherwise.
platform::CardConfig with_images(platform::CardConfig card, Terminal& terminal);

// The workloads, with the files that they name. Throws platform::ConfigError for what is missing.
std::vector<Workload> with_files(std::vector<Workload> workloads);

}  // namespace cardvp::scenarios
