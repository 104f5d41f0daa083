#include "models/arm/cluster.h"

#include <stdexcept>

#include <fmt/format.h>

#include "models/arm/psci.h"

namespace cardvp::arm {

using sc_core::sc_time;

// What the cores do to each other. One core executes at a time, so the others are always between two instructions.
class Cluster::Domain final : public Peers {
 public:
  explicit Domain(Cluster& cluster) : cluster_(cluster) {}

  void flush_translations() override {
    for (const auto& core : cluster_.cores_) core->flush_translations();
  }
  void flush_page(std::uint64_t address) override {
    for (const auto& core : cluster_.cores_) core->flush_page(address);
  }
  void code_modified(std::uint64_t physical, std::uint64_t bytes) override {
    for (const auto& core : cluster_.cores_) core->code_modified(physical, bytes);
  }
  void all_code_modified() override {
    for (const auto& core : cluster_.cores_) core->all_code_modified();
  }
  void send_event() override {
    for (const auto& core : cluster_.cores_) core->send_event();
  }
  std::uint64_t psci(unsigned caller, const std::array<std::uint64_t, 4>& arguments, sc_time now) override;

 private:
  class Call;
  Cluster& cluster_;
};

class Cluster::Domain::Call final : public PowerControl {
 public:
  Call(Cluster& cluster, unsigned caller, sc_time now) : cluster_(cluster), caller_(cluster.core(caller)), now_(now) {}

  unsigned cores() const override { return cluster_.size(); }
  bool is_on(unsigned core) const override { return cluster_.core(core).powered(); }
  void turn_on(unsigned core, std::uint64_t entry, std::uint64_t context) override {
    cluster_.core(core).start({entry, cluster_.level_, {context}}, now_ - cluster_.now());
  }
  void turn_off() override { caller_.stop(); }
  void stand_by() override { caller_.stand_by(); }
  void system_off() override {
    cluster_.stop();
    if (cluster_.system_off_) cluster_.system_off_();
  }
  void system_reset() override {
    cluster_.stop();
    if (cluster_.system_reset_) cluster_.system_reset_();
  }

 private:
  Cluster& cluster_;
  Core& caller_;
  sc_time now_;
};

std::uint64_t Cluster::Domain::psci(unsigned caller, const std::array<std::uint64_t, 4>& arguments, sc_time now) {
  Call call(cluster_, caller, now);
  return call_psci(call, arguments);
}

Cluster::Cluster(sc_core::sc_module_name name, Sim& sim, const ClusterConfig& config)
    : Model(name, sim), level_(config.core.entry.level), domain_(std::make_unique<Domain>(*this)) {
  if (config.cores < 1 || config.cores > kMaxCores) throw std::invalid_argument("a cluster has 1 to 4 cores");
  for (unsigned number = 0; number < config.cores; ++number)
    cores_.push_back(std::make_unique<Core>(fmt::format("core{}", number).c_str(), sim, config.core,
                                            CoreSeat{number, config.cores == 1, domain_.get()}));
}

Cluster::~Cluster() = default;

void Cluster::reset() {
  const bool psci = psci_conduit(level_) != PsciConduit::kNone;
  for (const auto& core : cores_) {
    if (psci && core != cores_.front()) {
      core->stop();
    } else {
      core->reset();
    }
  }
}

void Cluster::lock_debug(const std::function<void()>& on_attempt) {
  for (const auto& core : cores_) core->lock_debug(on_attempt);
}

void Cluster::stop() {
  for (const auto& core : cores_) core->stop();
}

std::vector<Core*> Cluster::cores() const {
  std::vector<Core*> all;
  for (const auto& core : cores_) all.push_back(core.get());
  return all;
}

std::uint64_t Cluster::instructions() const {
  std::uint64_t sum = 0;
  for (const auto& core : cores_) sum += core->instructions();
  return sum;
}

std::string Cluster::stuck() const {
  std::string reason;
  for (const auto& core : cores_) {
    if (!core->powered()) continue;
    const std::string text = core->stuck();
    if (text.empty()) return {};
    if (reason.empty()) reason = size() == 1 ? text : fmt::format("{}: {}", core->basename(), text);
  }
  return reason;
}

std::string Cluster::describe() const {
  std::string text;
  for (const auto& core : cores_) {
    if (size() > 1) text += fmt::format("{}\n", core->basename());
    text += core->describe();
  }
  return text;
}

}  // namespace cardvp::arm
