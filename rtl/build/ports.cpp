#include "rtl/build/ports.h"

#include <regex>
#include <sstream>

#include <fmt/format.h>

#include "models/support/config_error.h"

namespace cardvp::rtl {
namespace {

// Verilator writes what C++ does not take as __0XX, hexadecimal, and marks names that are words of C++.
std::string source_name(const std::string& member) {
  static const std::string kMark = "__SYM__";
  std::string text = member.starts_with(kMark) ? member.substr(kMark.size()) : member;
  static const std::regex kEscape("__0([0-9A-F]{2})");
  std::string name;
  std::smatch match;
  while (std::regex_search(text, match, kEscape)) {
    name += match.prefix().str();
    name += static_cast<char>(std::stoul(match[1].str(), nullptr, 16));
    text = match.suffix().str();
  }
  return name + text;
}

}  // namespace

std::vector<Port> read_ports(const std::string& header) {
  static const std::regex kPort(R"(\s*VL_(IN|OUT|INOUT)(8|16|64|W)?\(&(\w+),\s*(-?\d+),\s*(-?\d+)(?:,\s*\d+)?\);)");
  static const std::regex kArray(R"(\s*VL_(?:IN|OUT|INOUT)(?:8|16|64|W)?\(\(&(\w+)\)\[.*)");
  static const std::regex kReal(R"(\s*double\s*&(\w+);)");
  std::vector<Port> ports;
  std::istringstream lines(header);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, kArray) || std::regex_match(line, match, kReal))
      throw ConfigError("/top", fmt::format("port {} is an unpacked array or a real number, which has no bridge",
                                            source_name(match[1])));
    if (!std::regex_match(line, match, kPort)) continue;
    if (match[1] == "INOUT")
      throw ConfigError("/top", fmt::format("port {} is an inout: split it into an input, an output and an enable",
                                            source_name(match[3])));
    ports.push_back({source_name(match[3]), match[3],
                     static_cast<unsigned>(std::stoi(match[4]) - std::stoi(match[5]) + 1), match[1] == "IN"});
  }
  return ports;
}

}  // namespace cardvp::rtl
