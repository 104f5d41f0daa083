#include "rtl/units/dma_lockstep.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace cardvp::rtl {
namespace {

namespace regs {
#define CARDVP_REGISTERS "models/dma/dma.def"
#include "models/base/declare_registers.h"
}  // namespace regs
namespace offset = regs::offset;

using dma::DmaError;

constexpr const char* kAnswer = "whether it is done";

std::uint32_t word_of(const BusAccess& access) { return static_cast<std::uint32_t>(access.offset) & ~3u; }

std::uint64_t value_of(const BusAccess& access) {
  std::uint64_t value = 0;
  std::memcpy(&value, access.data, access.size);
  return value;
}

// What becomes of a register of 32 bits.
std::uint32_t merged(std::uint64_t old, const BusAccess& access) {
  auto value = static_cast<std::uint32_t>(old);
  std::memcpy(reinterpret_cast<std::byte*>(&value) + access.offset % sizeof value, access.data, access.size);
  return value;
}

std::string text_of(const BusAccess& access) {
  const char* name = "?";
  for (const RegisterInfo& info : regs::kRegisters)
    if (word_of(access) >= info.offset && word_of(access) < info.offset + info.bits / 8) name = info.name;
  const std::string which = fmt::format("{} ({} bytes at {:#05x})", name, access.size, access.offset);
  return access.write ? fmt::format("write {} <- {:#x}", which, value_of(access)) : "read " + which;
}

}  // namespace

DmaLockstep::DmaLockstep(Sim& sim, Lockstep& lockstep, TargetBridge& registers, Pin irq, unsigned word,
                         std::uint64_t patience)
    : lockstep_(lockstep),
      registers_(registers),
      irq_(irq),
      patience_(patience),
      traffic_(lockstep, ring_, word),
      poll_(sim.scheduler, *this) {
  model_irq_.connect([this](bool level) { rose_ |= level; });
  ring_.on_enable = ring_.on_disable = [this] { traffic_.begin(); };
}

void DmaLockstep::reset() {
  ring_.reset();
  rose_ = rtl_rose_ = false;
  in_reset_ = true;
  poll_.cancel();
}

void DmaLockstep::read(std::uint64_t address, std::span<const std::uint8_t> data, Response response) {
  if (!in_reset_) traffic_.read(address, data, response);
}

void DmaLockstep::write(std::uint64_t address, std::span<const std::uint8_t> data, Response response) {
  if (!in_reset_) traffic_.write(address, data, response);
}

bool DmaLockstep::access(const BusAccess& access, const Access& rtl) {
  in_reset_ = false;
  if (access.size <= 4) return word_access(access, rtl);
  BusAccess low = access, high = access;
  low.size = high.size = 4;
  high.offset += 4;
  high.data += 4;
  return word_access(low, rtl) && word_access(high, rtl);
}

bool DmaLockstep::word_access(const BusAccess& access, const Access& rtl) {
  in_access_ = true;
  const bool done = access.write ? write_register(access, rtl) : read_register(access, rtl);
  in_access_ = false;
  compare_rise();
  compare_level();
  watch();
  return done;
}

bool DmaLockstep::read_register(const BusAccess& access, const Access& rtl) {
  const bool head = word_of(access) == offset::HEAD && access.size == 4;
  if (ring_.work() && !head) sync();
  const bool done = rtl(access);
  const std::uint64_t value = value_of(access);
  if (done && head && ring_.work()) confirm(static_cast<std::uint32_t>(value));
  std::uint64_t model = 0;
  const auto transaction = [&access] { return text_of(access); };
  const bool model_done = ring_.registers().read(access.offset, access.size, model);
  if (!lockstep_.value(model_done, done, kAnswer, transaction)) return done;
  if (done && !ring_.work()) lockstep_.value(model, value, "value", transaction);
  return done;
}

bool DmaLockstep::write_register(const BusAccess& access, const Access& rtl) {
  if (ring_.work()) switch (word_of(access)) {
      case offset::CONTROL:
        if (!regs::CONTROL_ENABLE.of(merged(regs::CONTROL_ENABLE.mask(), access))) return cut(access, rtl);
        break;
      case offset::TAIL: return announce(access, rtl);
      case offset::INTERRUPT_STATUS: return acknowledge(access, rtl);
      default: break;
    }
  return both(access, rtl);
}

// The model first: its descriptors are there before the RTL reads the first one.
bool DmaLockstep::both(const BusAccess& access, const Access& rtl) {
  const bool model = write_model(access), done = rtl(access);
  lockstep_.value(model, done, kAnswer, [&access] { return text_of(access); });
  return done;
}

bool DmaLockstep::write_model(const BusAccess& access) {
  return ring_.registers().write(access.offset, access.size, value_of(access));
}

bool DmaLockstep::announce(const BusAccess& access, const Access& rtl) {
  sync();
  const std::uint32_t tail = merged(ring_.tail(), access);
  const bool possible = regs::TAIL_INDEX.of(tail) < ring_.size();
  if (!ring_.work() || (possible && !traffic_.stopping())) return both(access, rtl);
  if (!possible) return cut(access, rtl);
  // It is taken if the RTL has not stopped yet, and then is of no use.
  const bool done = rtl(access);
  if (register_of_rtl(offset::TAIL) != regs::TAIL_INDEX.of(tail)) sync();
  write_model(access);
  return done;
}

// What happens in the same instant wins over what is cleared. So if something has, the RTL tells which came first.
bool DmaLockstep::acknowledge(const BusAccess& access, const Access& rtl) {
  sync();
  const bool done = both(access, rtl);
  bool moved = false;
  std::uint64_t status;
  do {
    const std::optional<std::uint32_t> read = register_of_rtl(offset::INTERRUPT_STATUS);
    if (!read) return done;
    status = *read;
  } while (sync() && (moved = true));
  const std::uint64_t cleared = merged(0, access) & ~status;
  if (moved) ring_.registers().write(offset::INTERRUPT_STATUS, 4, cleared);
  lockstep_.value(ring_.registers().get(regs::INTERRUPT_STATUS), status, "INTERRUPT_STATUS behind it",
                  [&access] { return text_of(access); });
  return done;
}

// A write that ends what is under way, as far as that has come.
bool DmaLockstep::cut(const BusAccess& access, const Access& rtl) {
  const bool done = rtl(access);
  await_idle();
  sync();
  write_model(access);
  return done;
}

void DmaLockstep::await_idle() {
  const Domain& clock = *registers_.block().domain();
  const std::uint64_t end = clock.cycles() + patience_;
  while (const std::optional<std::uint32_t> status = register_of_rtl(offset::STATUS)) {
    if (!regs::STATUS_BUSY.of(*status)) return;
    if (clock.cycles() < end) continue;
    lockstep_.value(0, 1, "STATUS.BUSY", [this] { return traffic_.text(); });
    return;
  }
}

std::optional<std::uint32_t> DmaLockstep::register_of_rtl(std::uint32_t offset) {
  std::array<std::uint8_t, sizeof(std::uint32_t)> bytes{};
  Transaction transaction(registers_, false, offset, bytes);
  if (!is_okay(registers_.access_now(transaction))) return std::nullopt;
  std::uint32_t value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

bool DmaLockstep::sync() {
  if (!ring_.work()) return false;
  const std::uint32_t before = ring_.head();
  if (const auto head = register_of_rtl(offset::HEAD)) confirm(*head);
  if (const auto error = register_of_rtl(offset::ERROR)) confirm_error(*error);
  return ring_.head() != before || !ring_.running();
}

void DmaLockstep::confirm(std::uint32_t head) {
  const std::uint32_t size = ring_.size();
  const std::uint32_t steps = head < size ? (head + size - ring_.head()) % size : size;
  std::deque<dma_descriptor>& done = traffic_.done();
  if (steps == done.size() + 1) traffic_.leave();
  if (steps > done.size()) {
    const std::uint64_t furthest = (ring_.head() + done.size()) % size;
    lockstep_.value(furthest, head, "HEAD", [this] { return traffic_.text(); });
    return;
  }
  for (std::uint32_t i = 0; i < steps; ++i) {
    ring_.finish(done.front());
    done.pop_front();
  }
}

void DmaLockstep::confirm_error(std::uint32_t error) {
  const auto code = static_cast<DmaError>(regs::ERROR_CODE.of(error));
  // A bad tail is not the work's, but that of its write.
  if (code == DmaError::kNone || code == DmaError::kSetup || !ring_.running()) return;
  confirm(static_cast<std::uint32_t>(regs::ERROR_INDEX.of(error)));
  if (!traffic_.expects(code))
    lockstep_.value(static_cast<std::uint64_t>(traffic_.expected()), static_cast<std::uint64_t>(code), "ERROR.CODE",
                    [this] { return traffic_.text(); });
  ring_.stop(code);
}

void DmaLockstep::interrupt(bool level) {
  if (!level || in_reset_) return;
  rtl_rose_ = true;
  if (!in_access_) compare_rise();
}

void DmaLockstep::compare_rise() {
  if (!std::exchange(rtl_rose_, false)) return;
  sync();
  const bool rises = std::exchange(rose_, false) || model_irq_.level();
  lockstep_.value(rises, true, "irq", [this] { return "it rises, " + traffic_.text(); });
}

void DmaLockstep::compare_level() {
  if (ring_.work()) return;
  lockstep_.value(model_irq_.level(), irq_.get(), "irq", [this] { return "idle, " + traffic_.text(); });
}

void DmaLockstep::watch() {
  if (!ring_.work() || poll_.pending()) return;
  idle_polls_ = 0;
  const Domain& clock = *registers_.block().domain();
  poll_.call_at(std::max(clock.edge_time(), sc_core::sc_time_stamp()) + clock.period() * kPollCycles);
}

void DmaLockstep::poll() {
  const bool moved = sync() | (std::exchange(accesses_, traffic_.accesses()) != traffic_.accesses());
  if (!ring_.work()) return compare_level();
  idle_polls_ = moved ? 0 : idle_polls_ + 1;
  if (idle_polls_ * kPollCycles >= patience_ || !registers_.block().running())
    return static_cast<void>(lockstep_.text("goes on, or stops", "does nothing any longer", "descriptor",
                                            [this] { return traffic_.text(); }));
  const std::uint64_t polls = idle_polls_;
  watch();
  idle_polls_ = polls;
}

}  // namespace cardvp::rtl
