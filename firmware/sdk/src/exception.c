#include "exception.h"

#include "console.h"
#include "cpu.h"

_Noreturn void exception_stop(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far_) {
  static const char* const kinds[] = {"synchronous exception", "IRQ", "FIQ", "SError"};
  print("\n%s: unexpected %s (vector %lu): ESR 0x%08lx ELR 0x%lx FAR 0x%lx\n%s: halted\n", program_name,
        kinds[vector & 3], vector, esr, elr, far_, program_name);
  halt();
}
