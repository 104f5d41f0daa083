// The other implementation: qemu-system-aarch64.
#pragma once

#include <string>

namespace cardvp::test {

bool qemu_installed();
// What the program, an ELF file, prints on QEMU's "virt" machine with a GICv2. Throws if it does not end.
std::string run_on_qemu(const std::string& program, unsigned level, unsigned cores);

}  // namespace cardvp::test
