// Register banks, described once.
//
// A bank is described in a file of its own, NAME.def, next to its model:
//
//   BANK(WATCHDOG, 0x1000, "Watchdog: resets the card unless the firmware feeds it.")
//   REG(WATCHDOG, CONTROL, 0x00, 32, "Control.")
//   FIELD(WATCHDOG, CONTROL, ENABLE, 0, 1, rw, 0, "Counts while 1.")
//   REGS(WATCHDOG, SLOT, 0x40, 32, 4, 0x10, "Four registers, 0x10 apart.")
//   FIELD(WATCHDOG, SLOT, VALUE, 0, 32, ro, 0, "...")
//
// REG(bank, name, offset, bits, doc), bits 32 or 64; FIELD(bank, register, name, least significant bit, width, access,
// reset, doc); a register's fields follow it. From that file come
//   - the model's decode, reset values and access rules (declare_registers.h, then RegisterBank below),
//   - the firmware's constants (firmware/sdk/include/regs.h),
//   - the tables of docs/registers.md (`cardvp registers`).
//
// Access: ro (writes ignored), rw, wo (reads as 0), w1c (a written 1 clears the bit), w1s (a written 1 sets it; the
// model clears it). Bits that no field covers read as 0 and ignore writes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace cardvp {

enum class Access : std::uint8_t { ro, rw, wo, w1c, w1s };

struct FieldInfo {
  std::uint16_t reg;  // index into BankInfo::registers
  const char* name;
  unsigned lsb;
  unsigned width;
  Access access;
  std::uint64_t reset;
  const char* doc;
};

struct RegisterInfo {
  const char* name;
  std::uint32_t offset;  // bytes from the bank's base
  unsigned bits;         // 32 or 64
  std::uint32_t count;   // 1, or the length of an array
  std::uint32_t stride;  // bytes between an array's elements
  const char* doc;
};

struct BankInfo {
  const char* name;
  std::uint32_t size;  // bytes of address space
  const char* doc;
  std::span<const RegisterInfo> registers;
  std::span<const FieldInfo> fields;
};

// Names a field of a bank in the model's code: bank.get(regs::CONTROL_ENABLE).
struct Field {
  std::uint16_t reg;
  std::uint8_t lsb;
  std::uint8_t width;
  constexpr std::uint64_t mask() const { return (width == 64 ? ~0ull : (1ull << width) - 1) << lsb; }
  constexpr std::uint64_t of(std::uint64_t value) const { return (value & mask()) >> lsb; }
  constexpr std::uint64_t in(std::uint64_t value) const { return (value << lsb) & mask(); }
};

// What a write did, for the model's hook.
struct RegisterWrite {
  std::uint32_t index;    // of an array's element
  std::uint64_t old;      // the stored value before,
  std::uint64_t value;    // and after the access rules
  std::uint64_t written;  // the bits as the bus brought them, wo and w1c fields included, in their place
  std::uint64_t mask;     // which bits the bus access covered (half of a 64-bit register, one byte, ...)
};

// The registers of one block: storage, decode and access rules. The model adds behaviour by hooks.
class RegisterBank {
 public:
  using Id = std::uint16_t;
  using ReadHook = std::function<std::uint64_t(std::uint32_t index)>;
  using WriteHook = std::function<void(const RegisterWrite&)>;

  explicit RegisterBank(const BankInfo& info);

  // A bus access of 1, 2, 4 or 8 bytes. False, with no effect, if nothing is at `offset`, or if the access is not
  // aligned to its size; 8-byte accesses may cover one 64-bit or two 32-bit registers (then lower half first).
  bool read(std::uint64_t offset, unsigned size, std::uint64_t& value);
  bool write(std::uint64_t offset, unsigned size, std::uint64_t value);

  // The model's own view: no hook, no access rule.
  std::uint64_t get(Id id, std::uint32_t index = 0) const { return values_[first_[id] + index]; }
  void set(Id id, std::uint64_t value, std::uint32_t index = 0) { values_[first_[id] + index] = value; }
  std::uint64_t get(Field field, std::uint32_t index = 0) const { return field.of(get(field.reg, index)); }
  void set(Field field, std::uint64_t value, std::uint32_t index = 0) {
    std::uint64_t& stored = values_[first_[field.reg] + index];
    stored = (stored & ~field.mask()) | field.in(value);
  }

  // A read hook gives the whole register's value in place of the stored one. A write hook runs after the store.
  void on_read(Id id, ReadHook hook) { read_hooks_[id] = std::move(hook); }
  void on_write(Id id, WriteHook hook) { write_hooks_[id] = std::move(hook); }

  // Back to the reset values; runs no hook.
  void reset();

  const BankInfo& info() const { return info_; }

 private:
  struct Slot {  // what is at one 4-byte word
    Id reg;
    std::uint16_t index;
    bool upper;  // the upper half of a 64-bit register
  };
  struct Rules {  // masks by access
    std::uint64_t rw = 0, w1c = 0, w1s = 0, wo = 0, reset = 0, readable = 0;
  };
  static constexpr Id kNothing = 0xffff;

  const Slot* find(std::uint64_t offset, unsigned size) const;

  const BankInfo& info_;
  std::vector<Slot> slots_;
  std::vector<Rules> rules_;
  std::vector<std::uint32_t> first_;  // index of a register's first value
  std::vector<std::uint64_t> values_;
  std::vector<ReadHook> read_hooks_;
  std::vector<WriteHook> write_hooks_;
};

}  // namespace cardvp
