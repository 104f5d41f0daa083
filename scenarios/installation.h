// Where the program's own files are: beside it in a build folder, or under share/cardvp of an installation.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cardvp::scenarios {

// firmware/NAME; empty if there is none.
std::filesystem::path installed_firmware(const std::string& name);
// A path of a scenario: of one that begins with platform::kInstalled what installed_firmware has, of others themselves.
// Throws platform::ConfigError, with `pointer`, if the installation has no such file.
std::filesystem::path located(const std::filesystem::path& path, const std::string& pointer);
// The same of a plug-in of RTL: rtl/plugins/NAME.
std::filesystem::path located_plugin(const std::filesystem::path& path, const std::string& pointer);
// The scenarios that come with the program, by name.
std::vector<std::filesystem::path> installed_scenarios();

}  // namespace cardvp::scenarios
