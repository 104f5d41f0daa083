#include "rtl/bridges/checkers.h"

#include <algorithm>
#include <array>
#include <random>

#include "rtl/bridges/check_apb.h"
#include "rtl/bridges/check_axi.h"
#include "rtl/bridges/check_register.h"
#include "rtl/bridges/check_stream.h"

namespace cardvp::rtl {
namespace {

// An undefined bit is the same in all with a probability of 2^-15.
constexpr std::uint32_t kSeeds = 16;

// Signals whose value means something though nothing is going on.
constexpr std::array<std::string_view, 16> kControl = {"awvalid", "awready", "wvalid", "wready", "bvalid", "bready",
                                                       "arvalid", "arready", "rvalid", "rready", "tvalid", "tready",
                                                       "psel",    "penable", "pready", "ready"};

std::vector<std::string> outputs_of_interest(const Plugin& plugin) {
  std::vector<std::string> ports = plugin.description().interrupts;
  for (const InterfaceDescription& interface : plugin.description().interfaces)
    for (const auto& [signal, port] : interface.signals)
      if (std::ranges::find(kControl, signal) != kControl.end()) ports.push_back(port);
  std::erase_if(ports, [&](const std::string& port) {
    const auto index = plugin.port(port);
    return !index || plugin.abi().ports[*index].is_input;
  });
  return ports;
}

// An instance that is reset and then left alone.
class Fresh {
 public:
  Fresh(const Plugin& plugin, std::uint32_t seed) : plugin_(plugin), abi_(plugin.abi()) {
    cardvp_rtl_options options{};
    options.name = "fresh";
    options.seed = seed;
    instance_ = abi_.create(&options);
    if (!instance_) return;
    scatter(seed);
    reset();
  }
  ~Fresh() {
    if (instance_) abi_.destroy(instance_);
  }
  Fresh(const Fresh&) = delete;
  Fresh& operator=(const Fresh&) = delete;

  explicit operator bool() const { return instance_ != nullptr; }
  Pin pin(const std::string& port) const {
    const std::uint32_t index = *plugin_.port(port);
    return Pin(abi_.port(instance_, index), abi_.ports[index].width);
  }

 private:
  // A flip-flop may be the port itself, which a new instance has as 0.
  void scatter(std::uint32_t seed) {
    std::mt19937 random(seed);
    for (std::uint32_t i = 0; i < abi_.port_count; ++i)
      if (!abi_.ports[i].is_input) Pin(abi_.port(instance_, i), abi_.ports[i].width).set(random());
  }
  void reset() {
    unsigned cycles = 1;
    for (const ResetDescription& reset : plugin_.description().resets) {
      pin(reset.port).set(reset.active_low);
      cycles = std::max(cycles, reset.cycles);
    }
    evaluate(0);
    for (const ResetDescription& reset : plugin_.description().resets) pin(reset.port).set(!reset.active_low);
    for (unsigned i = 0; i < cycles; ++i) {
      evaluate(0);
      evaluate(1);
    }
    for (const ResetDescription& reset : plugin_.description().resets) pin(reset.port).set(reset.active_low);
    evaluate(0);
  }
  void evaluate(unsigned clock_level) {
    for (const ClockDescription& clock : plugin_.description().clocks) pin(clock.port).set(clock_level);
    abi_.eval(instance_, ++time_);
  }

  const Plugin& plugin_;
  const cardvp_rtl_plugin& abi_;
  cardvp_rtl_instance* instance_;
  std::uint64_t time_ = 0;
};

std::unique_ptr<Checker> make_checker(Sim& sim, Block& block, const InterfaceDescription& description) {
  switch (description.kind) {
    case InterfaceKind::kAxiLite:
    case InterfaceKind::kAxi4: return std::make_unique<AxiChecker>(sim, block, description);
    case InterfaceKind::kAxiStream: return std::make_unique<StreamChecker>(sim, block, description);
    case InterfaceKind::kApb: return std::make_unique<ApbChecker>(sim, block, description);
    case InterfaceKind::kRegisterPort: return std::make_unique<RegisterChecker>(sim, block, description);
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> undefined_after_reset(const Plugin& plugin) {
  std::vector<std::string> undefined;
  const std::vector<std::string> ports = outputs_of_interest(plugin);
  std::vector<std::uint64_t> first;
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    const Fresh fresh(plugin, seed);
    if (!fresh) break;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const std::uint64_t value = fresh.pin(ports[i]).get();
      if (seed == 1)
        first.push_back(value);
      else if (value != first[i] && std::ranges::find(undefined, ports[i]) == undefined.end())
        undefined.push_back(ports[i]);
    }
  }
  return undefined;
}

Checkers::Checkers(Sim& sim, Block& block)
    : undefined_(sim.stats.counter(std::string(block.name()) + ".undefined_after_reset", "ports")) {
  const Logger log(sim.log, block.name());
  for (const std::string& port : undefined_after_reset(block.plugin())) {
    at_reset_.push_back({"X_AFTER_RESET", port, "depends on what no reset sets", sc_core::sc_time_stamp()});
    undefined_.add();
    log.warning("protocol violated", {{"rule", "X_AFTER_RESET"},
                                      {"signal", port},
                                      {"at", sc_core::sc_time_stamp().to_string()},
                                      {"detail", at_reset_.back().detail}});
  }
  for (const InterfaceDescription& interface : block.description().interfaces)
    checkers_.push_back(make_checker(sim, block, interface));
}

std::uint64_t Checkers::violations() const {
  std::uint64_t sum = undefined_.value();
  for (const auto& checker : checkers_) sum += checker->violations();
  return sum;
}

void Checkers::on_violation(const std::function<void(const Violation&)>& sink) {
  for (const Violation& violation : at_reset_) sink(violation);
  for (const auto& checker : checkers_) checker->on_violation(sink);
}

}  // namespace cardvp::rtl
