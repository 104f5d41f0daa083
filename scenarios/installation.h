// Where the program's own files are: beside it in a build folder, or under share/cardvp of an installation.
#pragma once

#include <filesystem>
#include <vector>

namespace cardvp::scenarios {

// firmware/NAME; empty if there is none.
std::filesystem::path installed_firmware(const std::string& name);
// The scenarios that come with the program, by name.
std::vector<std::filesystem::path> installed_scenarios();

}  // namespace cardvp::scenarios
