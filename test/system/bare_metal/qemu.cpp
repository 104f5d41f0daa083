#include "test/system/bare_metal/qemu.h"

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <fmt/format.h>

namespace cardvp::test {

bool qemu_installed() { return std::system("command -v qemu-system-aarch64 >/dev/null") == 0; }

std::string run_on_qemu(const std::string& program, unsigned level, unsigned cores) {
  const std::string command = fmt::format(
      "timeout 60 qemu-system-aarch64 -M virt,gic-version=2{} -cpu cortex-a57 -m 64 -smp {} -nographic -nic none "
      "-accel tcg,thread=single -device loader,file='{}',cpu-num=0 </dev/null",
      level == 2 ? ",virtualization=on" : "", cores, program);
  FILE* const pipe = popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot start a shell");
  std::string text;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, count);
  const int status = pclose(pipe);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(fmt::format("QEMU ended with {:#x} after:\n{}", status, text));
  return text;
}

}  // namespace cardvp::test
