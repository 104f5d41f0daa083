#include "test/unit/security/vectors.h"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>

namespace cardvp::security {
namespace {

const std::filesystem::path kFolder = "/usr/lib/python3/dist-packages/cryptography_vectors";

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::pair<std::string, std::string> name_and_value(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return {trimmed(text), ""};
  return {trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1))};
}

}  // namespace

const std::string& VectorCase::text(const std::string& name) const {
  const auto found = fields.find(name);
  if (found == fields.end()) throw std::runtime_error(fmt::format("a test vector without {}", name));
  return found->second;
}

std::vector<VectorCase> read_vectors(const std::filesystem::path& file, bool by_count) {
  std::ifstream in(kFolder / file);
  if (!in)
    throw std::runtime_error(
        fmt::format("{}: not there; python3-cryptography-vectors has it", (kFolder / file).string()));
  std::vector<VectorCase> all;
  VectorCase now;
  bool after_section = false;
  const auto end_case = [&] {
    if (now.fields.empty()) return;
    all.push_back(now);
    now.fields.clear();
  };
  for (std::string line; std::getline(in, line);) {
    line = trimmed(line);
    if (line.empty()) {
      if (!by_count) end_case();
    } else if (line[0] == '[') {
      end_case();
      if (!after_section && line.find('=') == std::string::npos) now.section.clear();
      now.section.insert_or_assign(name_and_value(line.substr(1, line.find(']') - 1)).first,
                                   name_and_value(line.substr(1, line.find(']') - 1)).second);
    } else if (line[0] != '#') {
      if (by_count && line.starts_with("COUNT")) end_case();
      now.fields.insert(name_and_value(line));
    }
    after_section = !line.empty() && line[0] == '[';
  }
  end_case();
  if (all.empty()) throw std::runtime_error(fmt::format("{}: no test vector in it", file.string()));
  return all;
}

}  // namespace cardvp::security
