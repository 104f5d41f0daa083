#include "models/arm/insight/syndrome.h"

#include <fmt/format.h>

namespace cardvp::arm {
namespace {

unsigned exception_class(std::uint64_t syndrome) { return syndrome >> 26 & 0x3f; }

const char* class_name(unsigned exception_class) {
  switch (exception_class) {
    case 0x00: return "undefined or of unknown reason";
    case 0x01: return "trapped WFI or WFE";
    case 0x07: return "trapped FP or SIMD";
    case 0x0e: return "illegal execution state";
    case 0x15: return "SVC";
    case 0x16: return "HVC";
    case 0x17: return "SMC";
    case 0x18: return "trapped MSR, MRS or system instruction";
    case 0x20:
    case 0x21: return "instruction abort";
    case 0x22: return "PC alignment";
    case 0x24:
    case 0x25: return "data abort";
    case 0x26: return "SP alignment";
    case 0x2c: return "trapped floating-point exception";
    case 0x2f: return "SError";
    case 0x30:
    case 0x31: return "breakpoint";
    case 0x32:
    case 0x33: return "software step";
    case 0x34:
    case 0x35: return "watchpoint";
    case 0x3c: return "BRK";
  }
  return nullptr;
}

// IFSC and DFSC: ISS bits 5 to 0 of aborts.
std::string fault_status(unsigned status) {
  static constexpr const char* kByLevel[] = {"address size fault", "translation fault", "access flag fault",
                                             "permission fault"};
  if (status < 0x10) return fmt::format("{}, level {}", kByLevel[status >> 2], status & 3);
  if ((status & 0x3c) == 0x14) return fmt::format("external abort on a table walk, level {}", status & 3);
  switch (status) {
    case 0x10: return "external abort";
    case 0x18: return "parity or ECC error";
    case 0x21: return "alignment fault";
    case 0x30: return "TLB conflict";
    case 0x34: return "lockdown";
    case 0x35: return "unsupported exclusive or atomic access";
  }
  return fmt::format("fault status {:#x}", status);
}

}  // namespace

std::string syndrome_text(std::uint64_t syndrome) {
  const unsigned number = exception_class(syndrome);
  const char* const name = class_name(number);
  if (!name) return fmt::format("exception class {:#x}", number);
  switch (number) {
    case 0x15:
    case 0x16:
    case 0x17:
    case 0x3c: return fmt::format("{} #{:#x}", name, syndrome & 0xffff);
    case 0x20:
    case 0x21: return fmt::format("{}, {}", name, fault_status(syndrome & 0x3f));
    case 0x24:
    case 0x25:
      return fmt::format("{} ({}), {}", name, syndrome & 1u << 6 ? "write" : "read", fault_status(syndrome & 0x3f));
  }
  return name;
}

bool has_fault_address(std::uint64_t syndrome) {
  switch (exception_class(syndrome)) {
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x24:
    case 0x25:
    case 0x34:
    case 0x35: return true;
  }
  return false;
}

}  // namespace cardvp::arm
