// The smallest machine around a core: RAM with DMI, and one device whose accesses are noted.
#pragma once

#include <cstring>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <string>
#include <vector>

#include <tlm_utils/simple_target_socket.h>

#include "models/arm/core.h"

namespace cardvp::arm {

class TestBus : public sc_core::sc_module {
 public:
  static constexpr std::uint64_t kRam = 0x4000'0000, kRamSize = 0x10'0000, kDevice = 0x0900'0000;
  struct Access {
    bool write;
    std::uint64_t offset;
    unsigned size;
    std::uint64_t value;
    sc_core::sc_time at;
  };

  explicit TestBus(sc_core::sc_module_name name) : sc_module(name), ram(kRamSize) {
    socket.register_b_transport(this, &TestBus::b_transport);
    socket.register_transport_dbg(this, &TestBus::transport_dbg);
    socket.register_get_direct_mem_ptr(this, &TestBus::get_direct_mem_ptr);
  }

  tlm_utils::simple_target_socket<TestBus> socket{"socket"};
  std::vector<std::uint8_t> ram;
  bool grants_dmi = true;
  std::vector<Access> accesses;  // to the device
  std::function<void(const Access&)> on_access;
  std::uint64_t device_value = 0;  // what it reads as
  sc_core::sc_time device_delay{100, sc_core::SC_NS};

  std::uint64_t word(std::uint64_t address) const {
    std::uint64_t value;
    std::memcpy(&value, &ram.at(address - kRam), sizeof value);
    return value;
  }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const std::uint64_t at = payload.get_address();
    const unsigned size = payload.get_data_length();
    unsigned char* const data = payload.get_data_ptr();
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    if (at >= kRam && at + size <= kRam + kRamSize) {
      if (payload.is_write()) {
        std::memcpy(&ram[at - kRam], data, size);
      } else {
        std::memcpy(data, &ram[at - kRam], size);
      }
    } else if (at >= kDevice && at + size <= kDevice + 0x1000) {
      Access access{payload.is_write(), at - kDevice, size, device_value, sc_core::sc_time_stamp() + delay};
      delay += device_delay;
      if (access.write) {
        access.value = 0;
        std::memcpy(&access.value, data, size);
      } else {
        std::memcpy(data, &device_value, size);
      }
      accesses.push_back(access);
      if (on_access) on_access(access);
    } else {
      payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    }
  }
  unsigned transport_dbg(tlm::tlm_generic_payload& payload) {
    if (payload.get_address() < kRam || payload.get_address() >= kRam + kRamSize) return 0;
    sc_core::sc_time delay;
    b_transport(payload, delay);
    return payload.get_data_length();
  }
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
    if (!grants_dmi || payload.get_address() < kRam || payload.get_address() >= kRam + kRamSize) return false;
    dmi.set_start_address(kRam);
    dmi.set_end_address(kRam + kRamSize - 1);
    dmi.set_dmi_ptr(ram.data());
    dmi.allow_read_write();
    return true;
  }
};

// The core starts at the beginning of RAM. Programs leave their result at kResult.
struct TestMachine {
  static constexpr std::uint64_t kResult = TestBus::kRam + 0xf'f000;

  explicit TestMachine(const CoreConfig& given = {}) : config(with_reset(given)) { core.bus.bind(bus.socket); }

  // Instruction words at an offset into RAM.
  void load(std::initializer_list<std::uint32_t> words, std::uint64_t offset = 0) {
    for (const std::uint32_t word : words) {
      std::memcpy(&bus.ram.at(offset), &word, sizeof word);
      offset += sizeof word;
    }
  }
  // False: there is no such file.
  bool load_program(const std::string& name) {
    std::ifstream file(std::string(CARDVP_PROGRAMS) + "/" + name + ".bin", std::ios::binary);
    const std::vector<char> image{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (image.empty() || image.size() > TestBus::kRamSize) return false;
    std::memcpy(bus.ram.data(), image.data(), image.size());
    return true;
  }
  void run() {
    core.reset();
    sc_core::sc_start();
  }
  void run_for(double ns) { sc_core::sc_start(sc_core::sc_time(ns, sc_core::SC_NS)); }
  std::uint64_t result(unsigned index = 0) const { return bus.word(kResult + 8 * index); }

  static CoreConfig with_reset(CoreConfig given) {
    given.entry.address = TestBus::kRam;
    return given;
  }

  Sim sim;
  CoreConfig config;
  TestBus bus{"bus"};
  Core core{"core", sim, config};
};

}  // namespace cardvp::arm
