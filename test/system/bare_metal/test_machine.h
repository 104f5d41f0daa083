// As much of QEMU's "virt" machine as the programs use: RAM, PL011, GICv2 and cores.
#pragma once

#include <string>

#include "models/arm/cluster.h"
#include "models/arm/gic.h"
#include "models/arm/pl011.h"
#include "models/bus/bus.h"
#include "models/memory/ram.h"

namespace cardvp::test {

class TestMachine {
 public:
  // Enters the program, an ELF file, at its entry point and at exception level 1 or 2.
  TestMachine(const std::string& program, unsigned level, unsigned cores);

  // Until SYSTEM_OFF; what the UART transmitted. Throws if that does not come about.
  std::string run();

 private:
  static constexpr std::uint64_t kRam = 0x4000'0000, kRamSize = 64u << 20;
  static arm::ClusterConfig config(const std::string& program, unsigned level, unsigned cores);
  void connect(unsigned number);
  void load(const std::string& program);

  Sim sim_;
  bus::Bus bus_{"bus", sim_};
  memory::Ram ram_{"ram", sim_, {.size = kRamSize}};
  arm::Pl011 uart_{"uart", sim_};
  arm::Gic gic_;
  arm::Cluster cluster_;
  std::string transmitted_;
  bool off_ = false;
};

}  // namespace cardvp::test
