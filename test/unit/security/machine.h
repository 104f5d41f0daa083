// A security engine on a bus with memory, and who gives it work as the firmware does: by registers and descriptors.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "models/base/registers.h"
#include "models/bus/bus.h"
#include "models/memory/ram.h"
#include "models/security/engine.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::security {

namespace security_registers {
#define CARDVP_REGISTERS "models/security/security.def"
#include "models/base/declare_registers.h"
}  // namespace security_registers
namespace offset = security_registers::offset;  // as firmware has them

using Bytes = std::vector<std::uint8_t>;

Bytes from_hex(const std::string& text);
Bytes pattern(std::size_t size, unsigned seed);  // any bytes

// Memory that gives no direct access unless it is told to.
class TestMemory : public BusTarget {
 public:
  TestMemory(sc_core::sc_module_name name, Sim& sim, std::uint64_t size) : BusTarget(name, sim), bytes(size) {}
  Bytes bytes;
  bool direct = false;                  // takes it back itself: socket->invalidate_direct_mem_ptr
  bool read_only = false;               // writes are bus errors, direct access is for reading
  std::uint64_t reads = 0, writes = 0;  // not direct

 private:
  bool access(const BusAccess& access) override {
    ++(access.write ? writes : reads);
    if (access.offset > bytes.size() || access.size > bytes.size() - access.offset) return false;
    if (access.write && read_only) return false;
    if (access.write)
      std::memcpy(bytes.data() + access.offset, access.data, access.size);
    else
      std::memcpy(access.data, bytes.data() + access.offset, access.size);
    return true;
  }
  bool direct_memory(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) override {
    if (!direct) return false;
    dmi.set_dmi_ptr(bytes.data());
    dmi.set_start_address(0);
    dmi.set_end_address(bytes.size() - 1);
    read_only ? dmi.allow_read() : dmi.allow_read_write();
    return true;
  }
};

class SecurityMachine {
 public:
  static constexpr std::uint64_t kRegisters = 0x1000'0000;
  static constexpr std::uint64_t kRom = 0x2000'0000;
  static constexpr std::uint64_t kRomSize = 0x1'0000;
  static constexpr std::uint64_t kSlow = 0x3000'0000;  // behind it nothing
  static constexpr std::uint64_t kSlowSize = 0x10'0000;
  static constexpr std::uint64_t kRam = 0x4000'0000;
  static constexpr std::uint64_t kRamSize = 96 << 20;
  static constexpr std::uint64_t kNowhere = 0x9000'0000;

  explicit SecurityMachine(const EngineConfig& config = {}, std::uint64_t seed = 1);

  static memory::FusesConfig fuses();

  Sim sim;
  bus::Bus bus;
  memory::Ram ram;
  TestMemory rom;   // read-only
  TestMemory slow;  // no direct access
  Alarms alarms;
  Engine engine;
  Initiator core{"core"};

  std::uint64_t get(std::uint32_t at, unsigned size = 4) { return core.read(kRegisters + at, size); }
  void set(std::uint32_t at, std::uint64_t value, unsigned size = 4) {
    EXPECT_TRUE(core.write(kRegisters + at, value, size));
  }
  std::uint64_t counter(const std::string& name, const std::string& unit = "operations") {
    return sim.stats.counter("engine." + name, unit).value();
  }

  // Places in RAM: `at` counts from its base. put() gives the bus address.
  std::uint64_t put(std::uint64_t at, std::span<const std::uint8_t> bytes);
  Bytes at(std::uint64_t address, std::size_t size) const;

  // By EXECUTE, from the descriptor's place in RAM; waits for the end.
  security_status run(security_descriptor& descriptor);
  static constexpr std::uint64_t kDescriptor = kRam;

  // A key into a slot: wrapped under the transport key, and UNWRAP. Of any size up to 255 bytes.
  security_status load(unsigned slot, std::span<const std::uint8_t> key, unsigned purpose,
                       unsigned owner = SECURITY_OWNER_CARD);
  // The same, which must succeed, whatever the slot holds.
  void replace(unsigned slot, std::span<const std::uint8_t> key, unsigned purpose,
               unsigned owner = SECURITY_OWNER_CARD);
  std::uint64_t slot_status(unsigned slot);
  // What UNWRAP with SECURITY_PADDED takes.
  Bytes wrapped(std::span<const std::uint8_t> key);

 private:
  std::unique_ptr<Crypto> crypto_ = make_openssl_crypto();
};

// With places that do not overlap, all in RAM.
struct Places {
  static constexpr std::uint64_t kKey = 0x8'0000, kSource = 0x10'0000, kFirst = 0x20'0000, kSecond = 0x30'0000,
                                 kTag = 0x38'0000, kDestination = 0x40'0000;
  static constexpr std::uint64_t kBatch = 0x100'0000, kBatchEnd = 0x500'0000;
  static constexpr std::uint64_t kRings = 0x500'0000, kRingBytes = 0x10'0000;
};

// Many descriptors by a ring, with their data; the ring goes on from one run to the next, and around.
class Batch {
 public:
  Batch(SecurityMachine& machine, unsigned ring, std::uint32_t entries);

  // Memory for the next run.
  std::uint64_t place(std::size_t size);
  std::uint64_t place(std::span<const std::uint8_t> bytes);
  // The index of its status.
  std::size_t add(const security_descriptor& descriptor);
  // UNWRAP of a key that the transport key wraps.
  std::size_t add_key(unsigned slot, std::span<const std::uint8_t> key, unsigned purpose);
  std::size_t size() const { return descriptors_.size(); }
  // Does what was added since the last run. Statuses are there until the next add().
  void run();
  security_status status(std::size_t index) const { return static_cast<security_status>(done_.at(index).status); }
  const security_descriptor& done(std::size_t index) const { return done_.at(index); }

 private:
  std::uint64_t ring_address(std::uint32_t index) const {
    return SecurityMachine::kRam + Places::kRings + ring_ * Places::kRingBytes + index * sizeof(security_descriptor);
  }
  SecurityMachine& machine_;
  unsigned ring_;
  std::uint32_t entries_;
  std::uint32_t tail_ = 0;
  std::uint64_t next_place_ = Places::kBatch;
  std::vector<security_descriptor> descriptors_, done_;
};

}  // namespace cardvp::security
