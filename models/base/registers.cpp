#include "models/base/registers.h"

#include <cassert>

namespace cardvp {
namespace {

std::uint64_t low_bits(unsigned count) { return count >= 64 ? ~0ull : (1ull << count) - 1; }

}  // namespace

RegisterBank::RegisterBank(const BankInfo& info)
    : info_(info),
      slots_((info.size + 3) / 4, Slot{kNothing, 0, false}),
      rules_(info.registers.size()),
      read_hooks_(info.registers.size()),
      write_hooks_(info.registers.size()) {
  std::uint32_t values = 0;
  for (Id id = 0; id < info.registers.size(); ++id) {
    const RegisterInfo& reg = info.registers[id];
    first_.push_back(values);
    values += reg.count;
    for (std::uint32_t index = 0; index < reg.count; ++index) {
      const std::uint32_t at = reg.offset + index * reg.stride;
      for (unsigned half = 0; half < reg.bits / 32; ++half) {
        Slot& slot = slots_.at(at / 4 + half);
        assert(slot.reg == kNothing && "two registers at one offset");
        slot = {id, static_cast<std::uint16_t>(index), half == 1};
      }
    }
  }
  for (const FieldInfo& field : info.fields) {
    Rules& rules = rules_[field.reg];
    const std::uint64_t mask = low_bits(field.width) << field.lsb;
    assert(!((rules.readable | rules.wo) & mask) && "two fields share a bit");
    rules.reset |= field.reset << field.lsb;
    if (field.access == Access::wo) rules.wo |= mask;
    if (field.access != Access::wo) rules.readable |= mask;
    if (field.access == Access::rw) rules.rw |= mask;
    if (field.access == Access::w1c) rules.w1c |= mask;
    if (field.access == Access::w1s) rules.w1s |= mask;
  }
  values_.resize(values);
  reset();
}

void RegisterBank::reset() {
  for (Id id = 0; id < first_.size(); ++id)
    for (std::uint32_t index = 0; index < info_.registers[id].count; ++index) set(id, rules_[id].reset, index);
}

const RegisterBank::Slot* RegisterBank::find(std::uint64_t offset, unsigned size) const {
  if ((size != 1 && size != 2 && size != 4 && size != 8) || offset % size != 0 || offset >= info_.size) return nullptr;
  const Slot& slot = slots_[offset / 4];
  return slot.reg == kNothing ? nullptr : &slot;
}

bool RegisterBank::read(std::uint64_t offset, unsigned size, std::uint64_t& value) {
  const Slot* slot = find(offset, size);
  if (!slot) return false;
  if (size == 8 && info_.registers[slot->reg].bits == 32) {
    std::uint64_t low = 0, high = 0;
    if (!find(offset + 4, 4)) return false;
    if (!read(offset, 4, low) || !read(offset + 4, 4, high)) return false;
    value = low | high << 32;
    return true;
  }
  const ReadHook& hook = read_hooks_[slot->reg];
  const std::uint64_t whole = hook ? hook(slot->index) : get(slot->reg, slot->index) & rules_[slot->reg].readable;
  const unsigned shift = (slot->upper ? 32 : 0) + offset % 4 * 8;
  value = (whole >> shift) & low_bits(size * 8);
  return true;
}

bool RegisterBank::write(std::uint64_t offset, unsigned size, std::uint64_t value) {
  const Slot* slot = find(offset, size);
  if (!slot) return false;
  if (size == 8 && info_.registers[slot->reg].bits == 32) {
    if (!find(offset + 4, 4)) return false;
    return write(offset, 4, value) && write(offset + 4, 4, value >> 32);
  }
  const Rules& rules = rules_[slot->reg];
  const unsigned shift = (slot->upper ? 32 : 0) + offset % 4 * 8;
  const std::uint64_t mask = low_bits(size * 8) << shift;
  const std::uint64_t written = (value << shift) & mask;
  const std::uint64_t old = get(slot->reg, slot->index);
  const std::uint64_t plain = rules.rw & mask;
  const std::uint64_t stored = ((old & ~plain) | (written & plain) | (written & rules.w1s)) & ~(written & rules.w1c);
  set(slot->reg, stored, slot->index);
  if (const WriteHook& hook = write_hooks_[slot->reg])
    hook({slot->index, old, stored, written & (rules.rw | rules.wo | rules.w1c | rules.w1s), mask});
  return true;
}

}  // namespace cardvp
