// The firmware's NVMe code on a register bank that behaves as nvme_control.def says, in place of the engine.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "firmware/controller/nvme.h"
#include "firmware/controller/nvme_spec.h"
#include "models/base/registers.h"
#include "test/unit/firmware/update_card.h"

namespace cardvp {

namespace nvme_regs {
#define CARDVP_REGISTERS "models/nvme/nvme_control.def"
#include "models/base/declare_registers.h"
}  // namespace nvme_regs

struct Completion {
  std::uint32_t tag = 0;
  std::uint16_t status = 0xffff;
  std::uint32_t dw0 = 0;
  std::vector<std::uint8_t> data;
};

// An admin command's fields.
struct Command {
  std::uint8_t opcode = 0;
  std::uint32_t nsid = 0;
  std::uint32_t dw10 = 0, dw11 = 0, dw12 = 0, dw13 = 0, dw14 = 0, dw15 = 0;
  std::uint64_t prp1 = 0x1000;
  std::uint16_t cid = 7;
  std::uint32_t dw0_flags = 0;  // bits 15:8 of dword 0: FUSE, PSDT
};

class NvmeFirmware : public testing::Test {
 protected:
  static constexpr unsigned kQueues = 8;
  static constexpr unsigned kVectors = 9;
  static constexpr unsigned kMaxEntries = 1024;
  static constexpr std::uint32_t kCcEnable = 0x00460001;  // EN, IOSQES 6, IOCQES 4

  NvmeFirmware();

  // As the engine: sets CC and the event; the firmware hears of it by events().
  void host_writes_cc(std::uint32_t value);
  void raise(Field event) { bank_.set(event, 1); }
  nvme_change events() { return nvme_events(&controller_); }
  void enable();

  // Sends an admin command and returns its completion; status 0xffff if there was none.
  Completion admin(const Command& command);
  // Sends one that is held, and returns its tag.
  std::uint32_t hold_event_request(std::uint16_t cid = 0x100);
  void send(const Command& command, std::uint32_t tag, std::uint32_t number);
  // Completions since the last call.
  std::vector<Completion> take_completions();

  std::uint64_t status() const { return bank_.get(nvme_regs::STATUS); }

  RegisterBank bank_{nvme_regs::kBank};
  std::uint32_t sent_ = 0;  // messages of the engine
  std::uint32_t next_tag_ = 1;
  std::uint64_t now_us_ = 0;
  std::map<unsigned, unsigned> submission_;  // I/O queues that exist; of a submission queue its completion queue
  std::set<unsigned> completion_;
  std::set<std::uint32_t> abortable_;  // values of ABORT that find a command in flight
  std::vector<Completion> completions_;
  nvme_port port_{};
  UpdateCard update_;
  event_log event_log_{};
  security_status quote_status_ = SECURITY_OK;
  std::vector<std::uint8_t> nonce_;  // of the last quote; each of its bytes is 0x51
  nvme_card card_{};
  nvme_identity identity_{};
  nvme_controller controller_{};

 private:
  std::uint64_t queue_command(std::uint64_t written);
};

inline std::uint64_t little_endian(const std::vector<std::uint8_t>& bytes, std::size_t at, unsigned size) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < size; ++i) value |= std::uint64_t{bytes.at(at + i)} << (8 * i);
  return value;
}

inline std::string text(const std::vector<std::uint8_t>& bytes, std::size_t at, std::size_t size) {
  return {bytes.begin() + at, bytes.begin() + at + size};
}

}  // namespace cardvp
