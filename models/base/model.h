// What every model of a machine is built on.
#pragma once

#include <cstdint>
#include <string>

#include <systemc>

#include "models/base/log.h"
#include "models/base/scheduler.h"
#include "models/base/stats.h"
#include "models/base/task.h"
#include "models/base/trace.h"

namespace cardvp {

// The services that the models of one machine share. Outlives them.
struct Sim {
  explicit Sim(std::uint64_t random_seed = 1) : seed(random_seed) {}

  Log log;
  Stats stats;
  Energy energy;
  Trace trace;
  std::uint64_t seed;  // of everything random; derive from it with derive_seed
  Scheduler scheduler{"scheduler"};
};

// A seed of its own for each user of randomness, by name, so that adding one user does not disturb another.
std::uint64_t derive_seed(std::uint64_t seed, std::string_view name);

class Model : public sc_core::sc_module {
 public:
  Model(sc_core::sc_module_name name, Sim& sim)
      : sc_module(name), sim_(sim), log_(sim.log, this->name()), energy_(sim.energy.meter(this->name())) {}

 protected:
  Sim& sim() const { return sim_; }
  Scheduler& scheduler() const { return sim_.scheduler; }
  sc_core::sc_time now() const { return sim_.scheduler.now(); }
  Counter& counter(const std::string& what, const std::string& unit) const {
    return sim_.stats.counter(std::string(name()) + "." + what, unit);
  }
  Histogram& histogram(const std::string& what, const std::string& unit) const {
    return sim_.stats.histogram(std::string(name()) + "." + what, unit);
  }

 private:
  Sim& sim_;

 protected:
  Logger log_;
  EnergyMeter& energy_;
};

// A level-sensitive wire between models, an interrupt or a reset: its driver sets it, whoever is connected is told of
// each change, at once. (Not an sc_signal: no delta cycle, no process.)
class Line {
 public:
  using Sink = std::function<void(bool)>;
  void connect(Sink sink) { sink_ = std::move(sink); }
  void set(bool level) {
    if (level == level_) return;
    level_ = level;
    if (sink_) sink_(level);
  }
  bool level() const { return level_; }

 private:
  Sink sink_;
  bool level_ = false;
};

}  // namespace cardvp
