#include "test/differential/exceptions.h"

namespace cardvp::arm::differential {

namespace {

using enum Exemption;

constexpr Exception kExceptions[] = {
    {kNotGenerated, 0xff000000, 0xd4000000, "SVC, HVC, SMC, BRK: exceptions belong to the architecture layer"},
    {kNotGenerated, 0xffd00000, 0xd5100000, "MSR (register), MRS: the architecture layer's"},
    {kNotGenerated, 0xffd80000, 0xd5080000, "SYS, SYSL: the architecture layer's"},
    {kNotGenerated, 0xfff8f01f, 0xd500401f, "MSR (immediate): the architecture layer's"},
    {kNotGenerated, 0xffe0ffff, 0xd68003e0, "ERET, DRPS: the architecture layer's"},
    {kNotImplemented, 0x3f000000, 0x08000000, "loads and stores exclusive whose should-be-one fields are not ones"},
    {kNotImplemented, 0xff600000, 0x9b400000, "SMULH, UMULH whose should-be-one fields are not ones"},
};

}  // namespace

std::span<const Exception> exceptions() { return kExceptions; }

const Exception* find_exception(Exemption exemption, std::uint32_t word) {
  for (const Exception& exception : kExceptions)
    if (exception.exemption == exemption && (word & exception.mask) == exception.value) return &exception;
  return nullptr;
}

std::uint32_t ignored_status(std::uint32_t word) {
  std::uint32_t result = 0;
  for (const Exception& exception : kExceptions)
    if (exception.exemption == Exemption::kStatus && (word & exception.mask) == exception.value)
      result |= exception.status;
  return result;
}

}  // namespace cardvp::arm::differential
