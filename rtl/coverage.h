// Coverage of a run: what Verilator counted in each instance (Block::write_coverage), merged.
//
// Instances of one block count together, and so do, in the merged file, modules that blocks have in common. Of two
// hierarchical names what they have in common stays, the rest becomes a *, as in Verilator's own files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace cardvp::rtl {

struct CoverageRatio {
  std::uint64_t covered = 0, total = 0;  // points; covered: reached at least once
};

struct CoverageTotals {
  CoverageRatio lines;    // statements and branches
  CoverageRatio toggles;  // bits of signals
};

class Coverage {
 public:
  // What a file of an instance of that block says. Throws std::runtime_error with file and line if it is none, or cut
  // short; nothing of it counts then.
  void add(const std::string& block, const std::filesystem::path& file);

  // By block.
  std::map<std::string, CoverageTotals> totals() const;

  // All blocks, in Verilator's format, for verilator_coverage. False if the file cannot be written.
  bool write(const std::filesystem::path& file) const;

 private:
  struct Point {
    std::uint64_t count = 0;  // sticks at the largest
    std::string hierarchy;
  };
  // By all that Verilator says of the point but its hierarchy.
  using Points = std::map<std::string, Point>;

  static void add(Points& to, const std::string& key, const Point& point);

  std::map<std::string, Points> blocks_;
};

}  // namespace cardvp::rtl
