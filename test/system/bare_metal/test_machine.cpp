#include "test/system/bare_metal/test_machine.h"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace cardvp::test {

using sc_core::sc_time;

namespace {

std::vector<char> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class T>
T at(const std::vector<char>& file, std::uint64_t offset) {
  T value;
  if (offset > file.size() || file.size() - offset < sizeof value) throw std::runtime_error("ELF file cut short");
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

}  // namespace

arm::ClusterConfig TestMachine::config(const std::string& program, unsigned level, unsigned cores) {
  arm::ClusterConfig config;
  config.cores = cores;
  config.core.entry = {at<Elf64_Ehdr>(read_file(program), 0).e_entry, level};
  return config;
}

TestMachine::TestMachine(const std::string& program, unsigned level, unsigned cores)
    : gic_("gic", sim_, cores, 256), cluster_("cores", sim_, config(program, level, cores)) {
  bus_.map("ram", kRam, kRamSize, ram_.socket);
  bus_.map("uart", 0x0900'0000, 0x1000, uart_.socket);
  bus_.map("gicd", 0x0800'0000, 0x1'0000, gic_.distributor().socket);
  bus_.map("gicc", 0x0801'0000, 0x1'0000, gic_.cpu_interface().socket);
  uart_.on_transmit([this](char c, sc_time) { transmitted_ += c; });
  uart_.interrupt.connect([this](bool high) { gic_.set_spi(33, high); });
  for (unsigned number = 0; number < cores; ++number) connect(number);
  load(program);
  cluster_.on_system_off([this] {
    off_ = true;
    sc_core::sc_pause();
  });
}

void TestMachine::connect(unsigned number) {
  arm::Core& core = cluster_.core(number);
  core.bus.bind(bus_.target);
  const auto ppi = [this, number](unsigned id) { return [this, number, id](bool l) { gic_.set_ppi(number, id, l); }; };
  core.hypervisor_timer.connect(ppi(26));
  core.virtual_timer.connect(ppi(27));
  core.secure_timer.connect(ppi(29));
  core.physical_timer.connect(ppi(30));
  gic_.connect_irq(number, [&core](bool level) { core.set_irq(level); });
  gic_.connect_fiq(number, [&core](bool level) { core.set_fiq(level); });
}

void TestMachine::load(const std::string& program) {
  const auto file = read_file(program);
  const auto header = at<Elf64_Ehdr>(file, 0);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = at<Elf64_Phdr>(file, header.e_phoff + i * sizeof(Elf64_Phdr));
    if (segment.p_type != PT_LOAD) continue;
    if (segment.p_offset + segment.p_filesz > file.size() || segment.p_paddr < kRam ||
        segment.p_paddr + segment.p_memsz > kRam + kRamSize)
      throw std::runtime_error("ELF segment out of bounds");
    std::memcpy(&ram_.bytes()[segment.p_paddr - kRam], file.data() + segment.p_offset, segment.p_filesz);
  }
}

std::string TestMachine::run() {
  const sc_time limit(2, sc_core::SC_SEC), step(1, sc_core::SC_MS);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  cluster_.reset();
  while (!off_ && sc_core::sc_time_stamp() < limit && cluster_.stuck().empty()) sc_core::sc_start(step);
  if (!off_)
    throw std::runtime_error("no end: " + cluster_.stuck() + "\n" + cluster_.describe() + "transmitted:\n" +
                             transmitted_);
  return transmitted_;
}

}  // namespace cardvp::test
