#include "models/arm/gdb/target_description.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace cardvp::arm::gdb {
namespace {

static_assert(std::endian::native == std::endian::little, "register values are copied as they are");

// Left out: what cannot be read, and what is part of cpsr, fpsr and fpcr.
bool shown(Sys id) {
  switch (id) {
    case Sys::CurrentEL:
    case Sys::SPSel:
    case Sys::NZCV:
    case Sys::DAIF:
    case Sys::FPCR:
    case Sys::FPSR: return false;
    default: return SystemRegisters::info(id).read_el != SystemRegisters::kNever;
  }
}

const std::vector<Sys>& system_registers() {
  static const std::vector<Sys> registers = [] {
    std::vector<Sys> list;
    for (unsigned i = 0; i < static_cast<unsigned>(Sys::kCount); ++i)
      if (shown(static_cast<Sys>(i))) list.push_back(static_cast<Sys>(i));
    return list;
  }();
  return registers;
}

constexpr const char* kCpsrType = R"(<flags id="cpsr_flags" size="4">
<field name="SP" start="0" end="0"/>
<field name="EL" start="2" end="3"/>
<field name="nRW" start="4" end="4"/>
<field name="F" start="6" end="6"/>
<field name="I" start="7" end="7"/>
<field name="A" start="8" end="8"/>
<field name="D" start="9" end="9"/>
<field name="IL" start="20" end="20"/>
<field name="SS" start="21" end="21"/>
<field name="V" start="28" end="28"/>
<field name="C" start="29" end="29"/>
<field name="Z" start="30" end="30"/>
<field name="N" start="31" end="31"/>
</flags>
)";

constexpr const char* kVectorTypes = R"(<vector id="doubles" type="ieee_double" count="2"/>
<vector id="singles" type="ieee_single" count="4"/>
<vector id="bytes" type="uint8" count="16"/>
<vector id="halfwords" type="uint16" count="8"/>
<vector id="words" type="uint32" count="4"/>
<vector id="doublewords" type="uint64" count="2"/>
<union id="vector">
<field name="d" type="doubles"/>
<field name="s" type="singles"/>
<field name="b" type="bytes"/>
<field name="h" type="halfwords"/>
<field name="w" type="words"/>
<field name="x" type="doublewords"/>
</union>
)";

std::string reg(std::string_view name, unsigned bits, std::string_view attributes = "") {
  return fmt::format("<reg name=\"{}\" bitsize=\"{}\"{}{}/>\n", name, bits, attributes.empty() ? "" : " ", attributes);
}

std::string describe() {
  std::string xml =
      "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n"
      "<architecture>aarch64</architecture>\n<feature name=\"org.gnu.gdb.aarch64.core\">\n";
  xml += kCpsrType;
  for (unsigned i = 0; i < kSp; ++i) xml += reg(fmt::format("x{}", i), 64);
  xml += reg("sp", 64, "type=\"data_ptr\"");
  xml += reg("pc", 64, "type=\"code_ptr\"");
  xml += reg("cpsr", 32, "type=\"cpsr_flags\"");
  xml += "</feature>\n<feature name=\"org.gnu.gdb.aarch64.fpu\">\n";
  xml += kVectorTypes;
  for (unsigned i = 0; i < 32; ++i) xml += reg(fmt::format("v{}", i), 128, "type=\"vector\"");
  xml += reg("fpsr", 32);
  xml += reg("fpcr", 32);
  xml += "</feature>\n<feature name=\"cardvp.aarch64.system\">\n";
  for (const Sys id : system_registers())
    xml += reg(SystemRegisters::info(id).name, 64, "type=\"uint64\" group=\"system\" save-restore=\"no\"");
  return xml + "</feature>\n</target>\n";
}

// The value of a register up to fpcr in its place, for reading and writing; cpsr has none.
std::span<std::byte> place(RegisterFile& registers, unsigned number) {
  if (number == kPc) return std::as_writable_bytes(std::span(&registers.pc, 1));
  if (number == kFpsr) return std::as_writable_bytes(std::span(&registers.fpsr, 1));
  if (number == kFpcr) return std::as_writable_bytes(std::span(&registers.fpcr, 1));
  if (number >= kV0) return std::as_writable_bytes(std::span(&registers.v[number - kV0], 1));
  static_assert(kSp == RegisterFile::kSp);
  return std::as_writable_bytes(std::span(&registers.x[number], 1));
}

Sys system_register(unsigned number) { return system_registers()[number - kGeneralRegisters]; }

template <class T>
std::vector<std::byte> bytes_of(T value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

const std::string& target_description() {
  static const std::string xml = describe();
  return xml;
}

unsigned register_count() { return kGeneralRegisters + static_cast<unsigned>(system_registers().size()); }

std::size_t register_size(unsigned number) {
  if (number == kCpsr || number == kFpsr || number == kFpcr) return sizeof(std::uint32_t);
  return number >= kV0 && number < kFpsr ? sizeof(RegisterFile::Vector) : sizeof(std::uint64_t);
}

std::vector<std::byte> read_register(DebugPort& core, unsigned number) {
  assert(number < register_count());
  if (number == kCpsr) return bytes_of(static_cast<std::uint32_t>(core.pstate()));
  if (number >= kGeneralRegisters) return bytes_of(core.read_system(system_register(number)));
  const auto value = place(core.registers(), number);
  return {value.begin(), value.end()};
}

bool write_register(DebugPort& core, unsigned number, std::span<const std::byte> value) {
  assert(number < register_count() && value.size() == register_size(number));
  if (number == kCpsr || number >= kGeneralRegisters) {
    std::uint64_t word = 0;
    std::memcpy(&word, value.data(), value.size());
    if (number != kCpsr) return core.write_system(system_register(number), word);
    core.set_pstate(word);
    return true;
  }
  std::ranges::copy(value, place(core.registers(), number).begin());
  return true;
}

}  // namespace cardvp::arm::gdb
