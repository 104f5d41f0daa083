#include "rtl/units/lockstep.h"

#include <fmt/format.h>

namespace cardvp::rtl {
namespace {

constexpr std::size_t kShown = 16;  // bytes of each value

std::string shown(std::span<const std::uint8_t> bytes, std::size_t offset) {
  if (offset >= bytes.size()) return fmt::format("ends after {} bytes", bytes.size());
  const auto part = bytes.subspan(offset, std::min(kShown, bytes.size() - offset));
  return fmt::format("{:02x}", fmt::join(part, " "));
}

// The block's parent: the unit that it is the RTL of.
std::string unit_of(const Block& block) {
  const sc_core::sc_object* const parent = block.get_parent_object();
  return parent ? parent->name() : block.name();
}

}  // namespace

std::string Difference::text() const {
  return fmt::format("{} differs from its model at {}: {}: {}: the model has {}, the RTL {}", unit, at.to_string(),
                     transaction, what, model, rtl);
}

Lockstep::Lockstep(Sim& sim, Block& block, bool stop)
    : block_(block),
      stop_(stop),
      unit_(unit_of(block)),
      log_(sim.log, unit_),
      comparisons_(sim.stats.counter(unit_ + ".comparisons", "values")),
      differences_(sim.stats.counter(unit_ + ".differences", "values")) {}

std::string Lockstep::hex(std::uint64_t value) { return fmt::format("{:#x}", value); }

void Lockstep::differ_at(std::span<const std::uint8_t> model, std::span<const std::uint8_t> rtl, std::size_t offset,
                         const char* of, std::string transaction) {
  differ(fmt::format("byte {} of the {}", offset, of), shown(model, offset), shown(rtl, offset),
         std::move(transaction));
}

void Lockstep::differ(std::string what, std::string model, std::string rtl, std::string transaction) {
  differences_.add();
  Difference difference{.unit = unit_,
                        .transaction = std::move(transaction),
                        .what = std::move(what),
                        .model = std::move(model),
                        .rtl = std::move(rtl),
                        .at = block_.time()};
  if (differences_.value() <= kMaxLogged)
    log_.warning("differs from its model", {{"transaction", difference.transaction},
                                            {"what", difference.what},
                                            {"model", difference.model},
                                            {"rtl", difference.rtl},
                                            {"at", difference.at.to_string()}});
  if (first_) return;
  first_ = std::move(difference);
  block_.mark_waves();
  if (stop_ && on_stop_) on_stop_(*first_);
}

}  // namespace cardvp::rtl
