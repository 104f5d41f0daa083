#include "models/arm/gdb/breakpoints.h"

#include <algorithm>

namespace cardvp::arm::gdb {
namespace {

bool is_watchpoint(const Point& point) { return point.type >= PointType::kWrite; }

}  // namespace

bool Breakpoints::insert(const Point& point) {
  if (points_.size() == kMost) return points_.contains(point);
  if (is_watchpoint(point) && (point.bytes == 0 || point.address + (point.bytes - 1) < point.address)) return false;
  points_.insert(point);
  return true;
}

bool Breakpoints::has(PointType type, std::uint64_t address) const {
  return std::ranges::any_of(points_,
                             [&](const Point& point) { return point.type == type && point.address == address; });
}

const Point* Breakpoints::watchpoint(std::uint64_t address) const {
  const Point* behind = nullptr;  // the next one that the access can reach
  for (const Point& point : points_) {
    if (!is_watchpoint(point) || point.address + (point.bytes - 1) < address) continue;
    if (point.address <= address) return &point;
    if (behind == nullptr || point.address < behind->address) behind = &point;
  }
  return behind;
}

void Breakpoints::apply(DebugPort& core) const {
  std::vector<std::uint64_t> addresses;
  std::vector<Watchpoint> watchpoints;
  for (const Point& point : points_) {
    if (is_watchpoint(point))
      watchpoints.push_back(
          {point.address, point.bytes, point.type != PointType::kWrite, point.type != PointType::kRead});
    else
      addresses.push_back(point.address);
  }
  core.set_breakpoints(std::move(addresses));
  core.set_watchpoints(std::move(watchpoints));
}

}  // namespace cardvp::arm::gdb
