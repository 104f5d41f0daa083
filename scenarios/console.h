// Who sits at the card's UART in a run: does the scenario's steps, one after another, in simulated time.
//
// What the card transmits is looked at once: an expected text is looked for behind what the step before it has found. A
// pattern is looked for in each line, when the line has ended.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/base/sync.h"
#include "platform/machine.h"
#include "scenarios/console_step.h"

namespace cardvp::scenarios {

class Console {
 public:
  // `done` is called when the steps have ended, well or not.
  Console(platform::Machine& machine, const std::vector<ConsoleStep>& steps, std::function<void()> done);

  void start() { tasks_.spawn(run()); }
  // The card transmitted a byte.
  void output(char c, sc_core::sc_time at);
  // The card powered itself off.
  void power_off() { changed_.notify(); }

  bool finished() const { return finished_; }
  // Why they ended, if not well.
  const std::string& error() const { return error_; }
  // The present step: `expect "=> " (/console/3)`, and by when it must be met.
  std::string step() const;
  bool overdue(sc_core::sc_time now) const { return waiting_ && now >= deadline_; }
  // For people: "console step 4 of 17".
  std::string activity() const;

  // For the report: the steps that were done.
  nlohmann::ordered_json json() const;

 private:
  struct Done {
    sc_core::sc_time at;
    std::string found;  // by a pattern: its first group
  };

  Task<> run();
  Task<> send(const ConsoleStep& step);
  Task<> wait(const ConsoleStep& step);
  bool met(const ConsoleStep& step);
  bool met_by_line(const ConsoleStep& step);
  void fail(const std::string& why) { error_ = step() + ": " + why; }

  platform::Machine& machine_;
  const std::vector<ConsoleStep>& steps_;
  std::function<void()> done_;

  std::string output_;         // whole
  std::size_t used_ = 0;       // by the steps so far
  sc_core::sc_time latest_;    // time of the last byte
  std::string found_;          // by the present step's pattern
  std::vector<Done> results_;  // of the steps so far
  bool waiting_ = false;
  sc_core::sc_time deadline_;
  bool finished_;
  std::string error_;
  Trigger changed_;
  TaskScope tasks_;
};

}  // namespace cardvp::scenarios
