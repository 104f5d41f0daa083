// The breakpoints and watchpoints that gdb has inserted, by its types (GDB manual, "Packets", Z).
#pragma once

#include <compare>
#include <cstdint>
#include <set>

#include "models/arm/debug.h"

namespace cardvp::arm::gdb {

enum class PointType : std::uint8_t { kSoftware, kHardware, kWrite, kRead, kAccess };

struct Point {
  PointType type;
  std::uint64_t address;
  std::uint64_t bytes;  // of a watchpoint
  auto operator<=>(const Point&) const = default;
};

class Breakpoints {
 public:
  static constexpr std::size_t kMost = 1000;

  // False: too many, or a watchpoint of nothing or beyond the last address. Twice the same is one.
  bool insert(const Point& point);
  void remove(const Point& point) { points_.erase(point); }

  bool has(PointType type, std::uint64_t address) const;
  // The watchpoint that an access which starts at `address` hits; null: none.
  const Point* watchpoint(std::uint64_t address) const;

  void apply(DebugPort& core) const;
  bool operator==(const Breakpoints&) const = default;

 private:
  std::set<Point> points_;
};

}  // namespace cardvp::arm::gdb
