// A VCD file, as IEEE 1364-2005, 18.2 has it, read as far as the tests ask.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace cardvp::rtl::test {

class Vcd {
 public:
  using Change = std::pair<std::uint64_t, std::string>;  // time in ps, bits

  explicit Vcd(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::vector<std::string> scopes;
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::vector<std::string> word;
      for (std::string text; words >> text;) word.push_back(text);
      if (word.empty()) continue;
      if (word[0] == "$timescale") timescale = word[1];
      if (word[0] == "$scope") scopes.push_back(word[2]);
      if (word[0] == "$upscope") scopes.pop_back();
      if (word[0] == "$var") codes_.emplace(scopes.back() + "." + word[4], word[3]);
      if (word[0][0] == '$') continue;
      if (word[0][0] == '#')
        times.push_back(std::stoull(word[0].substr(1)));
      else if (word.size() == 2)
        values_[word[1]].emplace_back(times.back(), word[0].substr(1));
      else
        values_[word[0].substr(1)].emplace_back(times.back(), word[0].substr(0, 1));
    }
  }

  // Of "scope.name".
  const std::vector<Change>& changes(const std::string& name) const {
    const auto code = codes_.find(name);
    if (code == codes_.end()) return nothing_;
    const auto found = values_.find(code->second);
    return found == values_.end() ? nothing_ : found->second;
  }
  // The number that it was at a time.
  std::optional<std::uint64_t> at(const std::string& name, std::uint64_t time) const {
    std::optional<std::uint64_t> value;
    for (const auto& [when, bits] : changes(name))
      if (when <= time) value = std::stoull(bits, nullptr, 2);
    return value;
  }

  std::string timescale;
  std::vector<std::uint64_t> times;

 private:
  std::map<std::string, std::string> codes_;
  std::map<std::string, std::vector<Change>> values_;
  std::vector<Change> nothing_;
};

// The characters of a track, of eight bits each.
inline std::string text_of(std::string bits) {
  bits.insert(0, (8 - bits.size() % 8) % 8, '0');
  std::string text;
  for (std::size_t i = 0; i < bits.size(); i += 8)
    if (const auto code = std::stoul(bits.substr(i, 8), nullptr, 2)) text += static_cast<char>(code);
  return text;
}

}  // namespace cardvp::rtl::test
