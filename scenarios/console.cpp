#include "scenarios/console.h"

#include <algorithm>

namespace cardvp::scenarios {

using Kind = ConsoleStep::Kind;

Console::Console(platform::Machine& machine, const std::vector<ConsoleStep>& steps, std::function<void()> done)
    : machine_(machine),
      steps_(steps),
      done_(std::move(done)),
      finished_(steps.empty()),
      changed_(machine.sim().scheduler),
      tasks_(machine.sim().scheduler) {}

std::string Console::step() const {
  const std::size_t number = results_.size();
  return number < steps_.size() ? fmt::format("{} (/console/{})", steps_[number].name(), number) : std::string();
}

std::string Console::activity() const {
  return fmt::format("console step {} of {}", std::min(results_.size() + 1, steps_.size()), steps_.size());
}

void Console::output(char c, sc_core::sc_time at) {
  if (finished_) return;
  output_ += c;
  latest_ = std::max(latest_, at);
  changed_.notify();
}

Task<> Console::run() {
  for (const ConsoleStep& step : steps_) {
    found_.clear();
    if (step.kind == Kind::kSend)
      co_await send(step);
    else
      co_await wait(step);
    if (!error_.empty()) break;
    results_.push_back({machine_.sim().scheduler.now(), found_});
  }
  if (finished_) co_return;
  finished_ = true;
  done_();
}

Task<> Console::send(const ConsoleStep& step) {
  for (const char c : step.text) {
    co_await machine_.sim().scheduler.delay(step.pace);
    if (machine_.card().powered_off()) {
      fail("the card has powered off");
      co_return;
    }
    machine_.card().uart().type({&c, 1});
  }
}

Task<> Console::wait(const ConsoleStep& step) {
  deadline_ = machine_.sim().scheduler.now() + step.within;
  waiting_ = true;
  while (!met(step)) {
    if (machine_.card().powered_off()) {
      fail("the card has powered off");
      break;
    }
    co_await changed_;
  }
  waiting_ = false;
  // The core may be ahead of the kernel.
  co_await machine_.sim().scheduler.until(latest_);
  if (error_.empty() && step.equals && found_ != *step.equals)
    fail(fmt::format("expected {}, got {}", *step.equals, found_));
}

bool Console::met(const ConsoleStep& step) {
  switch (step.kind) {
    case Kind::kExpect: {
      const std::size_t at = output_.find(step.text, used_);
      if (at == std::string::npos) {
        // What can no more be the start of the text is not looked at again.
        if (output_.size() >= step.text.size()) used_ = std::max(used_, output_.size() - step.text.size() + 1);
        return false;
      }
      used_ = at + step.text.size();
      return true;
    }
    case Kind::kExpectRegex: return met_by_line(step);
    case Kind::kExpectPowerOff: return machine_.card().powered_off();
    case Kind::kSend: return true;
  }
  return true;
}

bool Console::met_by_line(const ConsoleStep& step) {
  constexpr std::size_t kLongest = 4096;  // of a line, for a pattern: std::regex takes stack for each character
  for (;;) {
    const std::size_t end = output_.find('\n', used_);
    if (end == std::string::npos) return false;
    std::string line = output_.substr(used_, std::min(end - used_, kLongest));
    used_ = end + 1;
    while (!line.empty() && line.back() == '\r') line.pop_back();
    std::smatch match;
    if (!std::regex_search(line, match, step.pattern)) continue;
    if (match.size() > 1) found_ = match[1].str();
    return true;
  }
}

nlohmann::ordered_json Console::json() const {
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < results_.size(); ++i) {
    nlohmann::ordered_json step = {{"step", steps_[i].name()},
                                   {"at_ns", static_cast<double>(results_[i].at.value()) / 1000}};
    if (!results_[i].found.empty()) step["found"] = results_[i].found;
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace cardvp::scenarios
