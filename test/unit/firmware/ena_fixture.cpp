#include "test/unit/firmware/ena_fixture.h"

namespace cardvp {

using namespace nic::control_regs;

namespace {

constexpr unsigned kEngineError = 7;  // of no code: an operation that there is not

}  // namespace

EnaFirmware::EnaFirmware() {
  port_.context = this;
  port_.read = [](void* self, std::uint32_t offset, unsigned bits) {
    std::uint64_t value = 0;
    EXPECT_TRUE(static_cast<EnaFirmware*>(self)->bank_.read(offset, bits / 8, value)) << offset;
    return value;
  };
  port_.write = [](void* self, std::uint32_t offset, unsigned bits, std::uint64_t value) {
    ++static_cast<EnaFirmware*>(self)->writes_;
    EXPECT_TRUE(static_cast<EnaFirmware*>(self)->bank_.write(offset, bits / 8, value)) << offset;
  };
  port_.read_allowance = [](void* self, std::uint32_t offset, unsigned bits) {
    std::uint64_t value = 0;
    EXPECT_TRUE(static_cast<EnaFirmware*>(self)->allowances_.read(offset, bits / 8, value)) << offset;
    return value;
  };
  port_.complete = [](void* self, const nic_message_complete* message) {
    EXPECT_EQ(message->header.type, NIC_MESSAGE_COMPLETE);
    EXPECT_EQ(message->header.function, kFunction);
    EnaCompletion completion;
    completion.tag = message->header.tag;
    completion.bytes.resize(64);
    std::memcpy(completion.bytes.data(), message->response, 64);
    completion.status = completion.bytes[2];
    const auto* data = reinterpret_cast<const std::uint8_t*>(message->data_address);
    if (message->data_size) completion.data.assign(data, data + message->data_size);
    completion.host_address = message->host_address;
    static_cast<EnaFirmware*>(self)->completions_.push_back(completion);
  };
  port_.fetch = [](void* self, const nic_message_fetch* message) {
    EXPECT_EQ(message->header.type, NIC_MESSAGE_FETCH);
    EXPECT_EQ(message->header.function, kFunction);
    EXPECT_EQ(message->address % 8, 0u);
    static_cast<EnaFirmware*>(self)->fetches_.push_back(*message);
  };
  port_.post = [](void* self, const nic_message_aenq* message) {
    auto& firmware = *static_cast<EnaFirmware*>(self);
    EXPECT_EQ(message->header.type, NIC_MESSAGE_AENQ);
    EXPECT_EQ(message->header.function, kFunction);
    EXPECT_EQ(message->header.tag, 0u);
    const std::uint64_t credit = firmware.bank_.get(AENQ_CREDIT);
    ASSERT_GT(credit, 0u);
    firmware.bank_.set(AENQ_CREDIT, credit - 1);
    firmware.posted_.push_back(*message);
  };
  port_.sent = [](void* self) { return static_cast<EnaFirmware*>(self)->sent_; };
  port_.now_us = [](void* self) { return static_cast<EnaFirmware*>(self)->now_us_; };
  port_.alarm = [](void* self, std::uint64_t at_us) { static_cast<EnaFirmware*>(self)->alarm_us_ = at_us; };

  bank_.on_write(STATUS, [this](const RegisterWrite& write) {  // the end of the reset, too early
    if (held_in_reset_ && STATUS_RESETTING.of(write.old)) bank_.set(STATUS_RESETTING, 1);
  });
  bank_.on_write(QUEUE_COMMAND,
                 [this](const RegisterWrite& write) { bank_.set(QUEUE_RESULT, queue_command(write.written)); });
  const std::uint8_t mac[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
  std::memcpy(identity_.mac, mac, sizeof mac);
  identity_.mtu = 9001;
  identity_.speed_mbit = 25000;
  identity_.keep_alive_ms = 1000;
}

void EnaFirmware::set_limits() {
  bank_.set(LIMITS_QUEUES, kQueues);
  bank_.set(LIMITS_VECTORS, kVectors);
  bank_.set(DEPTHS_MOST, kMostEntries);
  bank_.set(LLQ_QUEUES, llq_queues_);
  bank_.set(LLQ_DEPTH, llq_queues_ ? kLlqEntries : 0);
}

void EnaFirmware::attach(unsigned llq_queues) {
  llq_queues_ = llq_queues;
  set_limits();
  ASSERT_TRUE(ena_init(&device_, &port_, kFunction, &identity_));
}

std::uint64_t EnaFirmware::queue_command(std::uint64_t written) {
  enum { kDone, kBadShape, kExists, kMissing, kInUse, kBadCq };
  const auto index = static_cast<unsigned>(QUEUE_COMMAND_INDEX.of(written));
  const std::uint64_t entries = bank_.get(QUEUE_SHAPE_ENTRIES), bytes = bank_.get(QUEUE_SHAPE_ENTRY_BYTES);
  const bool llq = bank_.get(QUEUE_SHAPE_LLQ) != 0;
  const std::uint64_t most = llq ? kLlqEntries * 128 / bytes : kMostEntries;
  const bool good_shape = entries != 0 && entries <= most && (entries & (entries - 1)) == 0;
  const auto operation = QUEUE_COMMAND_OPERATION.of(written);
  switch (operation) {
    case 1:
    case 2: {
      auto& sqs = operation == 1 ? tx_ : rx_;
      const auto cq = static_cast<unsigned>(bank_.get(QUEUE_LINK_CQ));
      if (index >= kQueues || !good_shape || (llq ? bytes != 128 && bytes != 256 : bytes != 16)) return kBadShape;
      if (sqs.contains(index)) return kExists;
      if (!cqs_.contains(cq)) return kBadCq;
      const unsigned cq_bytes = cqs_[cq];
      if (operation == 1 ? cq_bytes > 16 : cq_bytes < 16) return kBadCq;
      sqs[index] = cq;
      return kDone | QUEUE_RESULT_LLQ_OFFSET.in(llq ? index * kLlqEntries * 128 : 0);
    }
    case 3:
      if (index >= 2 * kQueues || !good_shape || (bytes != 8 && bytes != 16 && bytes != 32)) return kBadShape;
      if (cqs_.contains(index)) return kExists;
      cqs_[index] = static_cast<unsigned>(bytes);
      return kDone;
    case 4: return tx_.erase(index) ? kDone : kMissing;
    case 5: return rx_.erase(index) ? kDone : kMissing;
    case 6:
      for (const auto* sqs : {&tx_, &rx_})
        for (const auto& [sq, cq] : *sqs)
          if (cq == index) return kInUse;
      return cqs_.erase(index) ? kDone : kMissing;
    default: return kEngineError;
  }
}

void EnaFirmware::host_resets(unsigned reason) {
  held_in_reset_ = true;
  bank_.set(STATUS_RESETTING, 1);
  bank_.set(RESET_REASON_VALUE, reason);
  bank_.set(AENQ_CREDIT, 0);
  bank_.set(EVENTS_RESET, 1);
  tx_.clear(), rx_.clear(), cqs_.clear();
  fetches_.clear();
}

void EnaFirmware::host_releases() {
  held_in_reset_ = false;
  bank_.set(EVENTS_RELEASED, 1);
}

void EnaFirmware::host_resets_function() {
  held_in_reset_ = false;
  bank_.reset();
  set_limits();
  bank_.set(EVENTS_FUNCTION_RESET, 1);
  tx_.clear(), rx_.clear(), cqs_.clear();
  fetches_.clear();
}

void EnaFirmware::host_gives_credit(unsigned events) {
  bank_.set(AENQ_CREDIT, bank_.get(AENQ_CREDIT) + events);
  bank_.set(EVENTS_AENQ_CREDIT, 1);
  this->events();
}

ena_change EnaFirmware::events() {
  ++sent_;
  return ena_events(&device_);
}

std::uint32_t EnaFirmware::send(const EnaCommand& command, std::optional<std::uint32_t> number) {
  nic_message_admin message{};
  message.header = {NIC_MESSAGE_ADMIN, kFunction, next_tag_++};
  std::memcpy(message.command, command.bytes.data(), sizeof message.command);
  ena_events(&device_);
  ena_admin(&device_, &message, number ? *number : sent_++);
  return message.header.tag;
}

void EnaFirmware::answer_fetches(std::uint32_t fault) {
  for (const nic_message_fetch& fetch : std::exchange(fetches_, {})) {
    nic_message_fetched answer{};
    answer.header = {NIC_MESSAGE_FETCHED, kFunction, fetch.header.tag};
    answer.status = fault;
    const auto memory = host_memory_.find(fetch.host_address);
    if (memory == host_memory_.end())
      answer.status = NIC_FETCH_HOST_ERROR;
    else if (fault == NIC_FETCH_OK)
      std::memcpy(reinterpret_cast<void*>(fetch.address), memory->second.data(),
                  std::min<std::size_t>(fetch.size, memory->second.size()));
    ena_fetched(&device_, &answer, sent_++);
  }
}

EnaCompletion EnaFirmware::admin(const EnaCommand& command) {
  const std::uint32_t tag = send(command);
  answer_fetches();
  const std::vector<EnaCompletion> all = take_completions();
  if (all.empty()) return {};
  EXPECT_EQ(all.size(), 1u);
  EXPECT_EQ(all.back().tag, tag);
  return all.back();
}

void EnaFirmware::pass(std::uint64_t us) {
  const std::uint64_t end = now_us_ + us;
  while (alarm_us_ != 0 && alarm_us_ <= end) {
    now_us_ = std::exchange(alarm_us_, 0);
    ena_alarm(&device_);
  }
  now_us_ = end;
}

unsigned EnaFirmware::create_cq(unsigned dwords, unsigned vector, unsigned entries) {
  const EnaCompletion answer = admin(EnaCommand(ENA_CREATE_CQ, 20)
                                         .u8(4, 1 << 5)
                                         .u8(5, dwords)
                                         .u16(6, entries)
                                         .u32(8, vector)
                                         .address(12, 0x1'2345'6000));
  EXPECT_EQ(answer.status, 0u);
  return static_cast<unsigned>(answer.u16(8));
}

unsigned EnaFirmware::create_sq(unsigned direction, unsigned cq, unsigned entries) {
  const EnaCompletion answer = admin(EnaCommand(ENA_CREATE_SQ, 36)
                                         .u8(4, direction << 5)
                                         .u8(6, ENA_PLACEMENT_HOST)
                                         .u8(7, 1)
                                         .u16(8, cq)
                                         .u16(10, entries)
                                         .address(12, 0x2'0000'0000));
  EXPECT_EQ(answer.status, 0u);
  return static_cast<unsigned>(answer.u16(8));
}

}  // namespace cardvp
