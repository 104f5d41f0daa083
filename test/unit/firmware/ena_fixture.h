// The firmware's ENA code on a register bank that behaves as nic_control.def says, in place of the engine.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firmware/controller/ena.h"
#include "firmware/controller/ena_spec.h"
#include "models/nic/registers.h"

namespace cardvp {

using Bytes = std::vector<std::uint8_t>;

inline std::uint64_t bytes_at(const Bytes& bytes, std::size_t at, unsigned size) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < size; ++i) value |= std::uint64_t{bytes.at(at + i)} << (8 * i);
  return value;
}
inline void put(Bytes& bytes, std::size_t at, unsigned size, std::uint64_t value) {
  for (unsigned i = 0; i < size; ++i) bytes.at(at + i) = static_cast<std::uint8_t>(value >> (8 * i));
}

// An admin command as it stands in the submission ring. What is behind its own `size` is left over from others.
struct EnaCommand {
  EnaCommand(std::uint8_t opcode, std::size_t size, std::uint8_t left_over = 0) : bytes(64, left_over) {
    std::fill_n(bytes.begin(), size, 0);
    bytes[2] = opcode;
  }
  EnaCommand& u8(std::size_t at, std::uint64_t value) { return field(at, 1, value); }
  EnaCommand& u16(std::size_t at, std::uint64_t value) { return field(at, 2, value); }
  EnaCommand& u32(std::size_t at, std::uint64_t value) { return field(at, 4, value); }
  EnaCommand& address(std::size_t at, std::uint64_t value) { return field(at, 6, value); }
  EnaCommand& buffer(std::uint32_t length, std::uint64_t at) { return u32(4, length).address(8, at); }
  EnaCommand& field(std::size_t at, unsigned size, std::uint64_t value) {
    put(bytes, at, size, value);
    return *this;
  }
  Bytes bytes;
};

inline EnaCommand get_feature(unsigned id, unsigned version = 0) {
  return EnaCommand(ENA_GET_FEATURE, 64).u8(17, id).u8(18, version);
}
inline EnaCommand set_feature(unsigned id) { return EnaCommand(ENA_SET_FEATURE, 64).u8(17, id); }

struct EnaCompletion {
  std::uint32_t tag = 0;
  unsigned status = 0xffff;  // there was none
  Bytes bytes;               // the entry
  Bytes data;                // for the control buffer
  std::uint64_t host_address = 0;
  std::uint64_t u8(std::size_t at) const { return bytes_at(bytes, at, 1); }
  std::uint64_t u16(std::size_t at) const { return bytes_at(bytes, at, 2); }
  std::uint64_t u32(std::size_t at) const { return bytes_at(bytes, at, 4); }
  std::uint64_t u64(std::size_t at) const { return bytes_at(bytes, at, 8); }
};

class EnaFirmware : public testing::Test {
 protected:
  static constexpr std::uint16_t kFunction = 5;
  static constexpr unsigned kQueues = 4;
  static constexpr unsigned kVectors = 5;
  static constexpr unsigned kMostEntries = 1024;
  static constexpr unsigned kLlqEntries = 512;

  EnaFirmware();

  // Attaches with `identity_`, on an engine with so many LLQs.
  void attach(unsigned llq_queues = kQueues);

  // What the host does to the device, as the engine then tells it; the firmware hears of it by events().
  void host_resets(unsigned reason = 0);
  void host_releases();
  void host_resets_function();
  void host_gives_credit(unsigned events);  // besides what it had
  ena_change events();
  void whole_reset() {
    host_resets();
    events();
    host_releases();
    events();
  }

  // Sends an admin command, brings what the firmware fetches for it out of `host_memory_`, and returns its completion.
  EnaCompletion admin(const EnaCommand& command);
  unsigned status(const EnaCommand& command) { return admin(command).status; }
  // Sends one, as message `number`, or as the next.
  std::uint32_t send(const EnaCommand& command, std::optional<std::uint32_t> number = {});
  void answer_fetches(std::uint32_t fault = NIC_FETCH_OK);
  std::vector<EnaCompletion> take_completions() { return std::exchange(completions_, {}); }

  void enable_groups(std::uint32_t groups) { ASSERT_EQ(status(set_feature(26).u32(24, groups)), 0u); }
  std::vector<nic_message_aenq> take_events() { return std::exchange(posted_, {}); }
  // Lets time pass; the alarm rings when it is due.
  void pass(std::uint64_t us);

  unsigned create_cq(unsigned dwords, unsigned vector = 1, unsigned entries = 64);
  unsigned create_sq(unsigned direction, unsigned cq, unsigned entries = 64);

  std::uint64_t reg(Field field) const { return bank_.get(field); }

  RegisterBank bank_{nic::control_regs::kBank};
  RegisterBank allowances_{nic::interface_regs::kBank};
  ena_identity identity_{};
  ena_device device_{};
  ena_port port_{};
  std::uint32_t sent_ = 0;  // messages of the engine
  std::uint64_t now_us_ = 5000;
  std::uint64_t alarm_us_ = 0;
  unsigned writes_ = 0;  // of registers
  std::map<std::uint64_t, Bytes> host_memory_;
  std::vector<nic_message_fetch> fetches_;  // asked for, and not answered
  std::map<unsigned, unsigned> tx_, rx_;    // SQs that exist, and their CQs
  std::map<unsigned, unsigned> cqs_;        // that exist, and the bytes of their entries

 private:
  std::uint64_t queue_command(std::uint64_t written);
  void set_limits();

  unsigned llq_queues_ = kQueues;
  bool held_in_reset_ = false;  // DEV_CTL.DEV_RESET
  std::uint32_t next_tag_ = 100;
  std::vector<EnaCompletion> completions_;
  std::vector<nic_message_aenq> posted_;
};

}  // namespace cardvp
