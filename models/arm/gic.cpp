#include "models/arm/gic.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <stdexcept>

namespace cardvp::arm {
namespace gicd {
#define CARDVP_REGISTERS "models/arm/gicd.def"
#include "models/base/declare_registers.h"
}  // namespace gicd
namespace gicc {
#define CARDVP_REGISTERS "models/arm/gicc.def"
#include "models/base/declare_registers.h"
}  // namespace gicc

namespace {

constexpr unsigned kSgis = 16;
constexpr unsigned kMaxIds = 1020;
constexpr std::uint8_t kIdlePriority = 0xff;
constexpr unsigned kActiveWords = 4;  // of APR and of NSAPR

// The highest group priority that is active in APR or NSAPR, as the number of its bit; none: past the last.
unsigned highest_active(const RegisterBank& registers, RegisterBank::Id active) {
  for (unsigned n = 0; n < kActiveWords; ++n)
    if (const auto bits = static_cast<std::uint32_t>(registers.get(active, n)))
      return 32 * n + static_cast<unsigned>(std::countr_zero(bits));
  return 32 * kActiveWords;
}

}  // namespace

struct Gic::Cpu {
  explicit Cpu(unsigned n) : number(n), registers(gicc::kBank) {}

  unsigned number;
  RegisterBank registers;
  Word own;  // ids 0 to 31
  std::array<std::uint8_t, 32> priorities{};
  std::array<std::uint8_t, kSgis> sgi_sources{};  // for which each SGI is pending here, a bit per CPU
  std::array<std::uint32_t, 32> targeted{};       // by id / 32: what may come here
  Line irq, fiq;

  // What the registers say, kept where the way of every interrupt is short. By group:
  std::array<bool, 2> enabled{};
  std::array<unsigned, 2> subpriority_bits{};  // of a priority: do not count for preemption, 3.3.3
  bool fiq_enabled = false;
  unsigned mask = 0;
  std::uint8_t running = kIdlePriority;
  void registers_changed();
};

void Gic::Cpu::registers_changed() {
  enabled = {registers.get(gicc::CTLR_ENABLE_GROUP0) != 0, registers.get(gicc::CTLR_ENABLE_GROUP1) != 0};
  const auto group0 = static_cast<unsigned>(registers.get(gicc::BPR_POINT)) + 1;
  const auto group1 = static_cast<unsigned>(registers.get(gicc::ABPR_POINT));
  subpriority_bits = {group0, registers.get(gicc::CTLR_CBPR) ? group0 : group1};
  fiq_enabled = registers.get(gicc::CTLR_FIQ_EN);
  mask = static_cast<unsigned>(registers.get(gicc::PMR_PRIORITY));
  const unsigned highest = std::min(highest_active(registers, gicc::APR), highest_active(registers, gicc::NSAPR));
  running = highest == 32 * kActiveWords ? kIdlePriority : static_cast<std::uint8_t>(2 * highest);
}

class Gic::Frame : public BusTarget {
 public:
  using Bank = RegisterBank& (Gic::*)(unsigned cpu);
  Frame(sc_core::sc_module_name name, Sim& sim, Gic& gic, Bank bank, bool debug)
      : BusTarget(name, sim), gic_(gic), bank_(bank), debug_(debug) {}

 private:
  bool access(const BusAccess& access) override {
    if (access.cpu >= gic_.cpus_.size() || (access.debug && !debug_)) return false;
    RegisterBank& bank = (gic_.*bank_)(access.cpu);
    if (access_bank(bank, access)) return true;
    const bool reserved = std::has_single_bit(access.size) && access.size <= 8 && access.offset % access.size == 0 &&
                          access.offset < bank.info().size;
    if (reserved && !access.write) std::memset(access.data, 0, access.size);
    return reserved;
  }

  Gic& gic_;
  Bank bank_;
  bool debug_;  // reads have no side effects: debuggers may look
};

Gic::Gic(sc_core::sc_module_name name, Sim& sim, unsigned cpus, unsigned spis)
    : Model(name, sim),
      ids_(32 + spis),
      distributor_registers_(gicd::kBank),
      acknowledged_(counter("acknowledged", "interrupts")),
      spurious_(counter("spurious", "reads")) {
  if (cpus < 1 || cpus > 8) throw std::invalid_argument("a GICv2 has 1 to 8 CPU interfaces");
  if (spis > kMaxIds - 32) throw std::invalid_argument("a GICv2 has at most 988 SPIs");
  for (unsigned n = 0; n < cpus; ++n) {
    cpus_.push_back(std::make_unique<Cpu>(n));
    hook_cpu_interface(*cpus_.back());
  }
  hook_distributor();
  distributor_ = std::make_unique<Frame>("distributor", sim, *this, &Gic::distributor_bank, true);
  cpu_interface_ = std::make_unique<Frame>("cpu_interface", sim, *this, &Gic::cpu_bank, false);
  reset();
}

Gic::~Gic() = default;

BusTarget& Gic::distributor() { return *distributor_; }
BusTarget& Gic::cpu_interface() { return *cpu_interface_; }

void Gic::connect_irq(unsigned cpu, std::function<void(bool)> sink) { cpus_.at(cpu)->irq.connect(std::move(sink)); }
void Gic::connect_fiq(unsigned cpu, std::function<void(bool)> sink) { cpus_.at(cpu)->fiq.connect(std::move(sink)); }

void Gic::reset() {
  distributor_registers_.reset();
  distributor_registers_.set(gicd::TYPER_LINES, (ids_ + 31) / 32 - 1);
  distributor_registers_.set(gicd::TYPER_CPUS, cpus_.size() - 1);
  for (Word& word : shared_) word = {.level = word.level};
  priorities_.fill(0);
  forwarded_ = {};
  for (const auto& cpu : cpus_) {
    cpu->registers.reset();
    cpu->own = {.enabled = 0xffff, .edge = 0xffff, .level = cpu->own.level};
    cpu->priorities.fill(0);
    cpu->sgi_sources.fill(0);
    cpu->targeted.fill(cpus_.size() == 1 ? ~0u : 0);
    cpu->targeted[0] = ~0u;
    cpu->registers_changed();
  }
  update();
}

// Inputs.

bool Gic::set_input(Word& word, unsigned bit, bool level) {
  const std::uint32_t before = word.ready();
  const std::uint32_t mask = 1u << bit;
  if (level && !(word.level & mask)) word.latched |= word.edge & mask;
  word.level = level ? word.level | mask : word.level & ~mask;
  return word.ready() != before;
}

void Gic::set_spi(unsigned id, bool level) {
  assert(id >= 32 && id < ids_);
  if (set_input(shared_[id / 32], id % 32, level)) update_targets(id);
}

void Gic::set_ppi(unsigned cpu, unsigned id, bool level) {
  assert(cpu < cpus_.size() && id >= kSgis && id < 32);
  if (set_input(cpus_[cpu]->own, id, level)) update(*cpus_[cpu]);
}

// Distributor, 4.3.

RegisterBank& Gic::distributor_bank(unsigned cpu) {
  accessing_ = cpus_[cpu].get();
  return distributor_registers_;
}

Gic::Word& Gic::word(unsigned index, Cpu& cpu) { return index == 0 ? cpu.own : shared_[index]; }

std::uint32_t Gic::implemented(unsigned index) const {
  const unsigned first = index * 32;
  if (first >= ids_) return 0;
  return ids_ - first >= 32 ? ~0u : (1u << (ids_ - first)) - 1;
}

std::uint8_t& Gic::priority(unsigned id, Cpu& cpu) { return id < 32 ? cpu.priorities[id] : priorities_[id]; }

void Gic::hook_bits(RegisterBank::Id set, RegisterBank::Id clear, std::uint32_t Word::*bits,
                    std::uint32_t own_writable) {
  const auto read = [this, bits](std::uint32_t index) { return word(index, *accessing_).*bits; };
  const auto writable = [this, own_writable](std::uint32_t index) {
    return implemented(index) & (index == 0 ? own_writable : ~0u);
  };
  distributor_registers_.on_read(set, read);
  distributor_registers_.on_read(clear, read);
  distributor_registers_.on_write(set, [this, bits, writable](const RegisterWrite& write) {
    word(write.index, *accessing_).*bits |= static_cast<std::uint32_t>(write.written) & writable(write.index);
    update();
  });
  distributor_registers_.on_write(clear, [this, bits, writable](const RegisterWrite& write) {
    word(write.index, *accessing_).*bits &= ~(static_cast<std::uint32_t>(write.written) & writable(write.index));
    update();
  });
}

void Gic::hook_bytes(RegisterBank::Id reg, std::function<std::uint8_t(unsigned id)> read,
                     std::function<void(unsigned id, std::uint8_t value)> write) {
  distributor_registers_.on_read(reg, [read = std::move(read)](std::uint32_t index) {
    std::uint32_t value = 0;
    for (unsigned byte = 0; byte < 4; ++byte) value |= std::uint32_t{read(4 * index + byte)} << (8 * byte);
    return value;
  });
  distributor_registers_.on_write(reg, [this, write = std::move(write)](const RegisterWrite& access) {
    for (unsigned byte = 0; byte < 4; ++byte)
      if (access.mask >> (8 * byte) & 0xff)
        write(4 * access.index + byte, static_cast<std::uint8_t>(access.written >> (8 * byte)));
    update();
  });
}

void Gic::hook_triggers() {
  distributor_registers_.on_read(gicd::ICFGR, [this](std::uint32_t index) {
    const std::uint32_t edges = word(index / 2, *accessing_).edge >> (index % 2 * 16);
    std::uint32_t value = 0;
    for (unsigned n = 0; n < 16; ++n) value |= (edges >> n & 1) << (2 * n + 1);
    return value;
  });
  distributor_registers_.on_write(gicd::ICFGR, [this](const RegisterWrite& write) {
    if (write.index == 0) return;  // SGIs
    std::uint32_t& edge = word(write.index / 2, *accessing_).edge;
    for (unsigned n = 0; n < 16; ++n) {
      const std::uint32_t bit = 1u << (write.index % 2 * 16 + n) & implemented(write.index / 2);
      if (write.mask >> (2 * n + 1) & 1) edge = write.written >> (2 * n + 1) & 1 ? edge | bit : edge & ~bit;
    }
    update();
  });
}

void Gic::hook_distributor() {
  distributor_registers_.on_write(gicd::CTLR, [this](const RegisterWrite& write) {
    forwarded_ = {gicd::CTLR_ENABLE_GROUP0.of(write.value) ? ~0u : 0,
                  gicd::CTLR_ENABLE_GROUP1.of(write.value) ? ~0u : 0};
    update();
  });
  distributor_registers_.on_read(gicd::IGROUPR,
                                 [this](std::uint32_t index) { return word(index, *accessing_).group1; });
  distributor_registers_.on_write(gicd::IGROUPR, [this](const RegisterWrite& write) {
    std::uint32_t& group1 = word(write.index, *accessing_).group1;
    const auto mask = static_cast<std::uint32_t>(write.mask) & implemented(write.index);
    group1 = (group1 & ~mask) | (static_cast<std::uint32_t>(write.written) & mask);
    update();
  });
  constexpr std::uint32_t kAllButSgis = 0xffff0000;
  hook_bits(gicd::ISENABLER, gicd::ICENABLER, &Word::enabled, kAllButSgis);
  hook_bits(gicd::ISPENDR, gicd::ICPENDR, &Word::latched, kAllButSgis);
  hook_bits(gicd::ISACTIVER, gicd::ICACTIVER, &Word::active, ~0u);
  for (const auto reg : {gicd::ISPENDR, gicd::ICPENDR})  // pending is more than what can be set and cleared, 4.3.7
    distributor_registers_.on_read(reg, [this](std::uint32_t index) { return word(index, *accessing_).pending(); });
  hook_bytes(
      gicd::IPRIORITYR, [this](unsigned id) { return priority(id, *accessing_); },
      [this](unsigned id, std::uint8_t value) {
        if (id < ids_) priority(id, *accessing_) = value;
      });
  hook_bytes(
      gicd::ITARGETSR,
      [this](unsigned id) -> std::uint8_t {
        if (cpus_.size() == 1) return 0;
        if (id < 32) return static_cast<std::uint8_t>(1u << accessing_->number);
        unsigned targets = 0;
        for (const auto& cpu : cpus_) targets |= (cpu->targeted[id / 32] >> id % 32 & 1) << cpu->number;
        return static_cast<std::uint8_t>(targets);
      },
      [this](unsigned id, std::uint8_t value) {
        if (cpus_.size() == 1 || id < 32 || id >= ids_) return;
        const std::uint32_t bit = 1u << id % 32;
        for (const auto& cpu : cpus_) {
          std::uint32_t& targeted = cpu->targeted[id / 32];
          targeted = value >> cpu->number & 1 ? targeted | bit : targeted & ~bit;
        }
      });
  hook_triggers();
  distributor_registers_.on_write(gicd::SGIR, [this](const RegisterWrite& write) { send_sgi(write); });
  const auto sources = [this](unsigned sgi) { return accessing_->sgi_sources[sgi]; };
  hook_bytes(gicd::CPENDSGIR, sources, [this, sources](unsigned sgi, std::uint8_t value) {
    set_sgi_sources(*accessing_, sgi, sources(sgi) & ~value);
  });
  hook_bytes(gicd::SPENDSGIR, sources, [this, sources](unsigned sgi, std::uint8_t value) {
    set_sgi_sources(*accessing_, sgi, (sources(sgi) | value) & ((1u << cpus_.size()) - 1));
  });
}

void Gic::send_sgi(const RegisterWrite& write) {
  if (write.mask != 0xffffffff) return;  // a part of it says nothing
  const unsigned self = 1u << accessing_->number;
  unsigned targets = 0;
  switch (gicd::SGIR_FILTER.of(write.written)) {
    case 0: targets = static_cast<unsigned>(gicd::SGIR_TARGETS.of(write.written)); break;
    case 1: targets = ~self; break;
    case 2: targets = self; break;
    default: break;  // reserved
  }
  const auto sgi = static_cast<unsigned>(gicd::SGIR_ID.of(write.written));
  for (const auto& cpu : cpus_) {
    if (!(targets >> cpu->number & 1)) continue;
    set_sgi_sources(*cpu, sgi, static_cast<std::uint8_t>(cpu->sgi_sources[sgi] | self));
    update(*cpu);
  }
}

void Gic::set_sgi_sources(Cpu& cpu, unsigned sgi, std::uint8_t sources) {
  cpu.sgi_sources[sgi] = sources;
  const std::uint32_t bit = 1u << sgi;
  cpu.own.latched = sources ? cpu.own.latched | bit : cpu.own.latched & ~bit;
}

// CPU interface, 4.4; its conditions for signalling are those of 3.3.

RegisterBank& Gic::cpu_bank(unsigned cpu) { return cpus_[cpu]->registers; }

void Gic::hook_cpu_interface(Cpu& cpu) {
  RegisterBank& registers = cpu.registers;
  for (const auto reg : {gicc::CTLR, gicc::PMR, gicc::BPR, gicc::APR, gicc::NSAPR})
    registers.on_write(reg, [this, &cpu](const RegisterWrite&) {
      cpu.registers_changed();
      update(cpu);
    });
  registers.on_write(gicc::ABPR, [this, &cpu](const RegisterWrite& write) {
    if (gicc::ABPR_POINT.of(write.value) == 0) cpu.registers.set(gicc::ABPR_POINT, 1);
    cpu.registers_changed();
    update(cpu);
  });
  registers.on_read(gicc::IAR, [this, &cpu](std::uint32_t) { return acknowledge(cpu, false); });
  registers.on_read(gicc::AIAR, [this, &cpu](std::uint32_t) { return acknowledge(cpu, true); });
  registers.on_read(gicc::HPPIR, [this, &cpu](std::uint32_t) { return read_pending(cpu, false); });
  registers.on_read(gicc::AHPPIR, [this, &cpu](std::uint32_t) { return read_pending(cpu, true); });
  registers.on_read(gicc::RPR, [&cpu](std::uint32_t) { return cpu.running; });
  registers.on_write(gicc::EOIR, [this, &cpu](const RegisterWrite& write) {
    end_of_interrupt(cpu, static_cast<unsigned>(gicc::EOIR_ID.of(write.written)), false);
  });
  registers.on_write(gicc::AEOIR, [this, &cpu](const RegisterWrite& write) {
    end_of_interrupt(cpu, static_cast<unsigned>(gicc::AEOIR_ID.of(write.written)), true);
  });
  registers.on_write(gicc::DIR, [this, &cpu](const RegisterWrite& write) {
    if (!cpu.registers.get(gicc::CTLR_EOI_MODE)) return;
    deactivate(cpu, static_cast<unsigned>(gicc::DIR_ID.of(write.written)));
  });
}

Gic::Candidate Gic::highest_pending(Cpu& cpu) {
  Candidate best;
  for (unsigned index = 0; index * 32 < ids_; ++index) {
    const Word& state = word(index, cpu);
    const std::uint32_t forwarded = (~state.group1 & forwarded_[0]) | (state.group1 & forwarded_[1]);
    for (std::uint32_t bits = state.ready() & cpu.targeted[index] & forwarded; bits; bits &= bits - 1) {
      const unsigned id = 32 * index + static_cast<unsigned>(std::countr_zero(bits));
      if (priority(id, cpu) < best.priority) best = {id, priority(id, cpu), (state.group1 & bits & -bits) != 0};
    }
  }
  return best;
}

std::uint8_t Gic::group_priority(const Cpu& cpu, const Candidate& candidate) {
  const unsigned low = cpu.subpriority_bits[candidate.group1];
  return static_cast<std::uint8_t>(candidate.priority >> low << low);
}

Gic::Candidate Gic::signalled(Cpu& cpu) {
  const Candidate candidate = highest_pending(cpu);
  if (candidate.id == kSpurious || !cpu.enabled[candidate.group1] || candidate.priority >= cpu.mask) return {};
  if (group_priority(cpu, candidate) >= cpu.running) return {};
  return candidate;
}

std::uint32_t Gic::id_field(const Cpu& cpu, const Candidate& candidate) const {
  if (candidate.id >= kSgis) return candidate.id;
  const auto source = static_cast<unsigned>(std::countr_zero(cpu.sgi_sources[candidate.id]));
  return static_cast<std::uint32_t>(gicc::IAR_ID.in(candidate.id) | gicc::IAR_CPU.in(source));
}

std::uint32_t Gic::read_pending(Cpu& cpu, bool alias) {
  const Candidate candidate = highest_pending(cpu);
  if (candidate.id == kSpurious || !cpu.enabled[candidate.group1]) return kSpurious;
  if (alias && !candidate.group1) return kSpurious;
  if (!alias && candidate.group1 && !cpu.registers.get(gicc::CTLR_ACK_CTL)) return kOtherGroup;
  return id_field(cpu, candidate);
}

std::uint32_t Gic::acknowledge(Cpu& cpu, bool alias) {
  const Candidate candidate = signalled(cpu);
  if (candidate.id == kSpurious || (alias && !candidate.group1)) {
    spurious_.add();
    return kSpurious;
  }
  if (!alias && candidate.group1 && !cpu.registers.get(gicc::CTLR_ACK_CTL)) return kOtherGroup;

  const std::uint32_t taken = id_field(cpu, candidate);
  Word& state = word(candidate.id / 32, cpu);
  const std::uint32_t bit = 1u << candidate.id % 32;
  if (candidate.id < kSgis) {
    const std::uint8_t sources = cpu.sgi_sources[candidate.id];
    set_sgi_sources(cpu, candidate.id, sources & (sources - 1));
  } else {
    state.latched &= ~bit;
  }
  state.active |= bit;
  const RegisterBank::Id active = candidate.group1 ? gicc::NSAPR : gicc::APR;
  const unsigned level = group_priority(cpu, candidate) / 2;
  cpu.registers.set(active, cpu.registers.get(active, level / 32) | 1u << level % 32, level / 32);
  cpu.registers_changed();
  acknowledged_.add();
  update(cpu);
  if (candidate.id >= 32) update_targets(candidate.id);
  return taken;
}

void Gic::end_of_interrupt(Cpu& cpu, unsigned id, bool alias) {
  if (id >= ids_) return;
  Word& state = word(id / 32, cpu);
  const std::uint32_t bit = 1u << id % 32;
  const bool group1 = state.group1 & bit;
  if (alias ? !group1 : group1 && !cpu.registers.get(gicc::CTLR_ACK_CTL)) return;
  const bool deactivates = !cpu.registers.get(gicc::CTLR_EOI_MODE);
  if (deactivates && !(state.active & bit)) return;

  const RegisterBank::Id active = group1 ? gicc::NSAPR : gicc::APR;
  if (const unsigned level = highest_active(cpu.registers, active); level < 32 * kActiveWords)
    cpu.registers.set(active, cpu.registers.get(active, level / 32) & ~(1ull << level % 32), level / 32);
  cpu.registers_changed();
  if (deactivates) state.active &= ~bit;
  update(cpu);
  if (deactivates && id >= 32) update_targets(id);
}

void Gic::deactivate(Cpu& cpu, unsigned id) {
  if (id >= ids_) return;
  word(id / 32, cpu).active &= ~(1u << id % 32);
  id < 32 ? update(cpu) : update_targets(id);
}

void Gic::update() {
  for (const auto& cpu : cpus_) update(*cpu);
}

void Gic::update_targets(unsigned id) {
  for (const auto& cpu : cpus_)
    if (cpu->targeted[id / 32] >> id % 32 & 1) update(*cpu);
}

void Gic::update(Cpu& cpu) {
  const Candidate candidate = signalled(cpu);
  const bool any = candidate.id != kSpurious;
  const bool fiq = any && !candidate.group1 && cpu.fiq_enabled;
  cpu.irq.set(any && !fiq);
  cpu.fiq.set(fiq);
}

}  // namespace cardvp::arm
