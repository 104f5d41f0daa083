// One to four Arm cores that share memory, PSCI and a coherency domain: what the card's control processor is made of.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "models/arm/core.h"

namespace cardvp::arm {

inline constexpr unsigned kMaxCores = 4;

struct ClusterConfig {
  unsigned cores = 1;  // 1 to kMaxCores
  CoreConfig core;     // of each
};

class Cluster : public Model {
 public:
  Cluster(sc_core::sc_module_name name, Sim& sim, const ClusterConfig& config);
  ~Cluster() override;

  unsigned size() const { return static_cast<unsigned>(cores_.size()); }
  Core& core(unsigned number) { return *cores_.at(number); }
  const Core& core(unsigned number) const { return *cores_.at(number); }
  std::vector<Core*> cores() const;

  // Starts (again) as CoreConfig::entry says: with PSCI the first core only, else all of them.
  void reset();

  // Of all cores, Core::lock_debug.
  void lock_debug(const std::function<void()>& on_attempt);

  // PSCI SYSTEM_OFF and SYSTEM_RESET; all cores stand still behind the call until reset().
  void on_system_off(std::function<void()> action) { system_off_ = std::move(action); }
  void on_system_reset(std::function<void()> action) { system_reset_ = std::move(action); }

  std::uint64_t instructions() const;
  // Why nothing goes on: the first core's reason, if no core makes progress (Core::stuck). Empty: some core runs, or
  // waits for an interrupt that can come.
  std::string stuck() const;
  std::string describe() const;

 private:
  class Domain;

  void stop();

  unsigned level_;                  // of entry
  std::unique_ptr<Domain> domain_;  // outlives the cores
  std::vector<std::unique_ptr<Core>> cores_;
  std::function<void()> system_off_, system_reset_;
};

}  // namespace cardvp::arm
