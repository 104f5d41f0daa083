#include "models/arm/pl031.h"

#include <limits>

namespace cardvp::arm {
namespace pl031 {
#define CARDVP_REGISTERS "models/arm/pl031.def"
#include "models/base/declare_registers.h"
}  // namespace pl031

namespace {

std::uint64_t units_per_second() { return sc_core::sc_time(1, sc_core::SC_SEC).value(); }

}  // namespace

Pl031::Pl031(sc_core::sc_module_name name, Sim& sim, const Pl031Config& config)
    : RegisterTarget(name, sim, pl031::kBank), offset_(config.start_seconds), match_(sim.scheduler, *this) {
  registers_.on_read(pl031::DR, [this](std::uint32_t) { return seconds(); });
  registers_.on_write(pl031::LR, [this](const RegisterWrite& write) {
    offset_ = static_cast<std::uint32_t>(write.value - elapsed());
    compare();
  });
  registers_.on_write(pl031::MR, [this](const RegisterWrite&) { compare(); });
  registers_.on_write(pl031::IMSC, [this](const RegisterWrite&) { update_interrupt(); });
  registers_.on_read(pl031::MIS,
                     [this](std::uint32_t) { return registers_.get(pl031::RIS) & registers_.get(pl031::IMSC); });
  registers_.on_write(pl031::ICR, [this](const RegisterWrite& write) {
    registers_.set(pl031::RIS, registers_.get(pl031::RIS) & ~write.written);
    update_interrupt();
  });
  reset();
}

void Pl031::reset() {
  registers_.reset();
  update_interrupt();
  schedule_match();
}

bool Pl031::access(const BusAccess& access) {
  if (match_.pending() && match_at_ <= access_time()) match();
  return RegisterTarget::access(access);
}

std::uint64_t Pl031::elapsed() const { return access_time().value() / units_per_second(); }

void Pl031::compare() {
  if (seconds() == registers_.get(pl031::MR))
    match();
  else
    schedule_match();
}

void Pl031::schedule_match() {
  match_.cancel();
  const auto ahead = static_cast<std::uint32_t>(registers_.get(pl031::MR) - seconds());
  const std::uint64_t second = elapsed() + ahead;
  // A second's number wraps after 136 years, simulated time ends far sooner.
  if (ahead == 0 || second > std::numeric_limits<std::uint64_t>::max() / units_per_second()) return;
  match_at_ = sc_core::sc_time::from_value(second * units_per_second());
  match_.call_at(match_at_);
}

void Pl031::match() {
  match_.cancel();
  registers_.set(pl031::RIS_MATCH, 1);
  update_interrupt();
}

void Pl031::update_interrupt() { interrupt.set(registers_.get(pl031::RIS) & registers_.get(pl031::IMSC)); }

}  // namespace cardvp::arm
