#include "test/unit/firmware/nvme_fixture.h"

#include <cassert>
#include <utility>

namespace cardvp {

using namespace nvme_regs;

namespace {

template <std::size_t kSize>
void pad(char (&field)[kSize], const std::string& value) {
  std::memset(field, ' ', kSize);
  value.copy(field, kSize);
}

}  // namespace

NvmeFirmware::NvmeFirmware() {
  bank_.set(CAPACITY, 32768);
  bank_.set(FORMAT_BLOCK_SHIFT, 9);
  bank_.set(FORMAT_MDTS, 8);
  bank_.set(LIMITS_QUEUES, kQueues);
  bank_.set(LIMITS_VECTORS, kVectors);
  bank_.set(ADMIN_SIZES, 0x001f001f);
  bank_.on_write(STATUS, [this](const RegisterWrite&) {
    if (!(bank_.get(CC) & 1) || bank_.get(EVENTS_DISABLE) || bank_.get(EVENTS_RESET)) bank_.set(STATUS_RDY, 0);
  });
  bank_.on_write(QUEUE_COMMAND,
                 [this](const RegisterWrite& write) { bank_.set(QUEUE_RESULT, queue_command(write.written)); });
  bank_.on_write(ABORT, [this](const RegisterWrite& write) {
    bank_.set(ABORT_RESULT, abortable_.erase(static_cast<std::uint32_t>(write.written)));
  });

  port_.context = this;
  port_.read = [](void* self, std::uint32_t offset, unsigned bits) {
    std::uint64_t value = 0;
    EXPECT_TRUE(static_cast<NvmeFirmware*>(self)->bank_.read(offset, bits / 8, value)) << offset;
    return value;
  };
  port_.write = [](void* self, std::uint32_t offset, unsigned bits, std::uint64_t value) {
    EXPECT_TRUE(static_cast<NvmeFirmware*>(self)->bank_.write(offset, bits / 8, value)) << offset;
  };
  port_.complete = [](void* self, const nvme_message_complete* message) {
    EXPECT_EQ(message->header.type, NVME_MESSAGE_COMPLETE);
    EXPECT_EQ(message->header.function, 3);
    const auto* data = reinterpret_cast<const std::uint8_t*>(message->data_address);
    Completion completion{message->header.tag, message->status, message->dw0, {}};
    if (message->data_size) completion.data.assign(data, data + message->data_size);
    static_cast<NvmeFirmware*>(self)->completions_.push_back(completion);
  };
  port_.sent = [](void* self) { return static_cast<NvmeFirmware*>(self)->sent_; };
  port_.now_us = [](void* self) { return static_cast<NvmeFirmware*>(self)->now_us_; };

  identity_.pci_vendor = 0x1d0f;
  identity_.controller_id = 3;
  pad(identity_.serial, "vol0123456789abcdef0");
  pad(identity_.model, "Amazon Elastic Block Store");
  pad(identity_.device_name, "/dev/sdf");
  pad(identity_.firmware, "0.1.0");
  card_.update = &update_.firmware;
  card_.log = &event_log_;
  card_.context = this;
  card_.quote = [](void* self, const std::uint8_t* nonce, security_quote* quote) {
    static_cast<NvmeFirmware*>(self)->nonce_.assign(nonce, nonce + SECURITY_NONCE_BYTES);
    std::memset(quote, 0x51, sizeof *quote);
    return static_cast<NvmeFirmware*>(self)->quote_status_;
  };
  nvme_init(&controller_, &port_, &card_, 3, &identity_);
}

std::uint64_t NvmeFirmware::queue_command(std::uint64_t written) {
  enum { kDone, kBadShape, kExists, kMissing, kInUse, kNotReady };
  const auto id = static_cast<unsigned>(QUEUE_COMMAND_ID.of(written));
  const std::uint64_t entries = bank_.get(QUEUE_SHAPE_ENTRIES);
  const bool good_shape = entries >= 2 && entries <= kMaxEntries;
  if (!bank_.get(STATUS_RDY)) return kNotReady;
  if (id == 0 || id > kQueues) return kBadShape;
  switch (QUEUE_COMMAND_OPERATION.of(written)) {
    case 1: {
      const auto cq = static_cast<unsigned>(bank_.get(QUEUE_LINK_CQ));
      if (submission_.contains(id)) return kExists;
      if (!completion_.contains(cq)) return kMissing;
      if (!good_shape) return kBadShape;
      submission_[id] = cq;
      return kDone;
    }
    case 2:
      if (completion_.contains(id)) return kExists;
      if (!good_shape) return kBadShape;
      completion_.insert(id);
      return kDone;
    case 3: return submission_.erase(id) ? kDone : kMissing;
    case 4:
      for (const auto& [sq, cq] : submission_)
        if (cq == id) return kInUse;
      return completion_.erase(id) ? kDone : kMissing;
    default: return kBadShape;
  }
}

void NvmeFirmware::host_writes_cc(std::uint32_t value) {
  const auto old = static_cast<std::uint32_t>(bank_.get(CC));
  bank_.set(CC, value);
  if (value & ~old & 1) raise(EVENTS_ENABLE);
  if (old & ~value & 1) {
    raise(EVENTS_DISABLE);
    submission_.clear();
    completion_.clear();
  }
  if (value >> 14 & 3) raise(EVENTS_SHUTDOWN);
}

void NvmeFirmware::enable() {
  host_writes_cc(kCcEnable);
  ASSERT_EQ(events(), NVME_ENABLED);
}

void NvmeFirmware::send(const Command& command, std::uint32_t tag, std::uint32_t number) {
  nvme_message_admin message{};
  message.header = {NVME_MESSAGE_ADMIN, 3, tag};
  message.command[0] = command.opcode | command.dw0_flags | std::uint32_t{command.cid} << 16;
  message.command[1] = command.nsid;
  message.command[6] = static_cast<std::uint32_t>(command.prp1);
  message.command[7] = static_cast<std::uint32_t>(command.prp1 >> 32);
  message.command[10] = command.dw10;
  message.command[11] = command.dw11;
  message.command[12] = command.dw12;
  message.command[13] = command.dw13;
  message.command[14] = command.dw14;
  message.command[15] = command.dw15;
  nvme_admin(&controller_, &message, number);
}

std::vector<Completion> NvmeFirmware::take_completions() { return std::exchange(completions_, {}); }

Completion NvmeFirmware::admin(const Command& command) {
  const std::uint32_t tag = next_tag_++;
  send(command, tag, sent_++);
  const std::vector<Completion> all = take_completions();
  if (all.empty()) return {};
  EXPECT_EQ(all.size(), 1u);
  EXPECT_EQ(all.back().tag, tag);
  return all.back();
}

std::uint32_t NvmeFirmware::hold_event_request(std::uint16_t cid) {
  const std::uint32_t tag = next_tag_++;
  send({.opcode = NVME_ASYNC_EVENT_REQUEST, .cid = cid}, tag, sent_++);
  return tag;
}

}  // namespace cardvp
