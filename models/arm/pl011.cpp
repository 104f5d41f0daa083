#include "models/arm/pl011.h"

#include <algorithm>

namespace cardvp::arm {
namespace pl011 {
#define CARDVP_REGISTERS "models/arm/pl011.def"
#include "models/base/declare_registers.h"
}  // namespace pl011

Pl011::Pl011(sc_core::sc_module_name name, Sim& sim, const Pl011Config& config)
    : RegisterTarget(name, sim, pl011::kBank),
      config_(config),
      timeout_(sim.scheduler, *this),
      arrival_(sim.scheduler, *this),
      transmitted_bytes_(counter("transmitted", "bytes")),
      received_bytes_(counter("received", "bytes")),
      lost_bytes_(counter("lost", "bytes")) {
  registers_.on_read(pl011::DR, [this](std::uint32_t) { return read_data(); });
  registers_.on_write(pl011::DR, [this](const RegisterWrite& write) { write_data(write); });
  registers_.on_write(pl011::RSR, [this](const RegisterWrite&) { registers_.set(pl011::RSR, 0); });
  registers_.on_read(pl011::FR, [this](std::uint32_t) {
    return pl011::FR_TXFE.mask() | pl011::FR_RXFE.in(received_.empty()) |
           pl011::FR_RXFF.in(received_.size() >= depth());
  });
  registers_.on_write(pl011::LCR_H, [this](const RegisterWrite& write) {
    if ((write.old ^ write.value) & pl011::LCR_H_FEN.mask()) empty_fifo();
    await_arrival();
  });
  registers_.on_write(pl011::CR, [this](const RegisterWrite&) { await_arrival(); });
  registers_.on_write(pl011::IMSC, [this](const RegisterWrite&) { update_interrupt(); });
  registers_.on_read(pl011::MIS,
                     [this](std::uint32_t) { return registers_.get(pl011::RIS) & registers_.get(pl011::IMSC); });
  registers_.on_write(pl011::ICR, [this](const RegisterWrite& write) {
    registers_.set(pl011::RIS, registers_.get(pl011::RIS) & ~write.written);
    update_interrupt();
  });
}

void Pl011::reset() {
  registers_.reset();
  overrun_ = false;
  arrival_.cancel();
  empty_fifo();
}

bool Pl011::access(const BusAccess& access) {
  const bool data_register = access.offset < sizeof(std::uint32_t);
  if (access.debug && data_register) return false;  // a debugger that looks must not take a byte away
  return RegisterTarget::access(access);
}

std::size_t Pl011::depth() const { return registers_.get(pl011::LCR_H_FEN) ? 16 : 1; }

std::size_t Pl011::level() const {
  static constexpr std::size_t kLevels[] = {2, 4, 8, 12, 14};
  if (!registers_.get(pl011::LCR_H_FEN)) return 1;
  return kLevels[std::min<std::size_t>(registers_.get(pl011::IFLS_RX), std::size(kLevels) - 1)];
}

bool Pl011::receive(std::uint8_t byte) {
  if (!registers_.get(pl011::CR_UARTEN) || !registers_.get(pl011::CR_RXE)) {
    lost_bytes_.add();
    return false;
  }
  if (received_.size() >= depth()) {
    lost_bytes_.add();
    overrun_ = true;
    registers_.set(pl011::RSR_OE, 1);
    registers_.set(pl011::RIS_OE, 1);
    update_interrupt();
    return false;
  }
  received_.push_back(byte);
  received_bytes_.add();
  if (received_.size() >= level()) registers_.set(pl011::RIS_RX, 1);

  timeout_at_ = access_time() + 32 * bit_time();
  if (!timeout_.pending()) timeout_.call_at(timeout_at_);
  update_interrupt();
  return true;
}

sc_core::sc_time Pl011::bit_time() const {
  // 16 clocks a bit and divisor, whose fractional part has 6 bits; a UART without a divisor counts with 1.
  const auto divisor = registers_.get(pl011::IBRD_DIVISOR) * 64 + registers_.get(pl011::FBRD_DIVISOR);
  const double clocks = 16 * (static_cast<double>(std::max<std::uint64_t>(divisor, 64)) / 64);
  return {clocks / config_.clock_hz, sc_core::SC_SEC};
}

void Pl011::type(std::string_view text) {
  typed_.insert(typed_.end(), text.begin(), text.end());
  await_arrival();
}

bool Pl011::takes_typed() const {
  const bool on = registers_.get(pl011::CR_UARTEN) && registers_.get(pl011::CR_RXE) && !registers_.get(pl011::CR_LBE);
  return !typed_.empty() && on && received_.size() < depth();
}

void Pl011::await_arrival() {
  if (takes_typed() && !arrival_.pending()) arrival_.call_at(access_time() + 10 * bit_time());
}

void Pl011::arrive() {
  if (!takes_typed()) return;
  receive(static_cast<std::uint8_t>(typed_.front()));
  typed_.pop_front();
  await_arrival();
}

void Pl011::timeout() {
  if (received_.empty()) return;
  if (now() < timeout_at_) return timeout_.call_at(timeout_at_);
  registers_.set(pl011::RIS_RT, 1);
  update_interrupt();
}

std::uint64_t Pl011::read_data() {
  if (received_.empty()) return 0;
  const std::uint64_t value = pl011::DR_DATA.in(received_.front()) | pl011::DR_OE.in(overrun_);
  received_.pop_front();
  overrun_ = false;
  if (received_.size() < level()) registers_.set(pl011::RIS_RX, 0);
  if (received_.empty()) registers_.set(pl011::RIS_RT, 0);
  update_interrupt();
  await_arrival();
  return value;
}

void Pl011::write_data(const RegisterWrite& write) {
  if (!(write.mask & pl011::DR_DATA.mask())) return;
  if (!warned_disabled_ && !(registers_.get(pl011::CR_UARTEN) && registers_.get(pl011::CR_TXE))) {
    warned_disabled_ = true;
    log_.warning("transmits while disabled: a real UART would not");
  }
  const auto byte = static_cast<std::uint8_t>(pl011::DR_DATA.of(write.written));
  transmitted_bytes_.add();
  if (registers_.get(pl011::CR_LBE))
    receive(byte);
  else if (sink_)
    sink_(static_cast<char>(byte), access_time());
  registers_.set(pl011::RIS_TX, 1);
  update_interrupt();
}

void Pl011::empty_fifo() {
  received_.clear();
  timeout_.cancel();
  registers_.set(pl011::RIS_RX, 0);
  registers_.set(pl011::RIS_RT, 0);
  update_interrupt();
}

void Pl011::update_interrupt() { interrupt.set(registers_.get(pl011::RIS) & registers_.get(pl011::IMSC)); }

}  // namespace cardvp::arm
