#include "models/arm/insight/profile.h"

#include <iterator>
#include <map>
#include <ostream>

#include <fmt/format.h>

namespace cardvp::arm {

Profile::Profile(const Symbols& symbols, std::uint64_t period_us, bool several_cores)
    : symbols_(symbols), unwinder_(symbols), period_us_(period_us), several_cores_(several_cores) {}

void Profile::sample(DebugPort& core) {
  std::string text = stack(core);
  if (samples_.size() >= kMostStacks && !samples_.contains(text)) text = "(other stacks)";
  ++samples_[std::move(text)];
}

std::string Profile::stack(DebugPort& core) {
  std::string text;
  if (several_cores_) fmt::format_to(std::back_inserter(text), "core {};", core.number());
  const std::vector<std::uint64_t> calls = unwinder_.unwind(core);
  if (const auto place = symbols_.find(calls.front())) {
    text += place->module;
  } else {
    fmt::format_to(std::back_inserter(text), "EL{}", core.level());
  }
  for (auto at = calls.rbegin(); at != calls.rend(); ++at) append(text, *at);
  return text;
}

void Profile::append(std::string& text, std::uint64_t address) const {
  constexpr std::uint64_t kPage = 4096;
  text += ';';
  if (const auto place = symbols_.find(address)) {
    text += place->function;
  } else {
    fmt::format_to(std::back_inserter(text), "{:#x}", address / kPage * kPage);
  }
}

void Profile::write(std::ostream& out) const {
  for (const auto& [text, samples] : std::map(samples_.begin(), samples_.end()))
    out << text << ' ' << samples * period_us_ << '\n';
}

}  // namespace cardvp::arm
