#include "test/unit/host/fake_ena.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cardvp::host {

namespace {

constexpr std::uint16_t kRequester = 0x0100;

template <class T, class Bytes>
T get(const Bytes& bytes, std::size_t at) {
  T value;
  std::memcpy(&value, &bytes[at], sizeof value);
  return value;
}
template <class T, class Bytes>
void put(Bytes& bytes, std::size_t at, T value) {
  std::memcpy(&bytes[at], &value, sizeof value);
}
template <class Bytes>
std::uint64_t address48(const Bytes& bytes, std::size_t at) {
  EXPECT_EQ(get<std::uint16_t>(bytes, at + 6), 0u);
  return get<std::uint32_t>(bytes, at) | std::uint64_t{get<std::uint16_t>(bytes, at + 4)} << 32;
}

}  // namespace

FakeEna::FakeEna(Sim& sim, pcie::Link& link, const Identity& identity)
    : function(identity.device << 16 | 0x1d0f, 0x02000000u | identity.revision),
      sim_(sim),
      link_(link),
      revision_(identity.revision),
      vectors_count_(identity.vectors),
      llq_(kLlqSize),
      tasks_(sim.scheduler) {
  function.add_bar(0, kBarSize, 0);
  if (identity.llq_bar) function.add_bar(2, kLlqSize, 0xc);
  function.add_capability(0x10, 0x3c);
  msix_ = function.add_msix(identity.vectors, kTable, 0x3800);
  for (unsigned vector = 0; vector < identity.vectors; ++vector) table_[16 * vector + 12] = std::byte{1};
  registers_[0x4c] = 1;
  add(0, function);
}

void FakeEna::reset() {
  tasks_.cancel();
  for (const std::uint64_t offset : {0x18, 0x28, 0x34, 0x40, 0x60, 0x64}) registers_[offset] = 0;
  registers_[0x4c] = 1;
  aq_head_ = acq_tail_ = event_tail_ = 0;
  enabled_groups_ = 0;
  cqs_.clear();
  tx_.clear();
  rx_.clear();
  interrupts_.clear();
  llq_used_ = 0;
  management_pending_ = false;
}

void FakeEna::vanish() {
  reset();
  in_reset_ = false;
  status_ = 1;
  registers_[0x54] = 0;
  function.set(0x04, 0, 2);
  function.set(0x10, 0);
  function.set(0x18, 0xc);
  function.set(0x1c, 0);
  function.set(static_cast<std::uint16_t>(msix_ + 2), vectors_count_ - 1, 2);
  remove(0);
  link_.announce_presence(0, false);
}

void FakeEna::come_back() {
  add(0, function);
  link_.announce_presence(0, true);
}

bool FakeEna::host_copy(std::uint64_t address, std::span<std::byte> data, bool to_host) {
  EXPECT_TRUE(function.command() & 4) << "Bus Master Enable is off";
  std::byte* const there = link_.host().direct(kRequester, address, data.size(), to_host);
  EXPECT_NE(there, nullptr) << std::hex << address << " is no memory of the host's";
  if (!there) return false;
  std::memcpy(to_host ? there : data.data(), to_host ? data.data() : there, data.size());
  return true;
}

pcie::ReadResult FakeEna::memory_read(std::uint64_t address, unsigned size) {
  const std::uint64_t offset = address - function.bar(0);
  if (!(function.command() & 2) || offset > kBarSize - size) return {pcie::Completion::kUnsupportedRequest, ~0ull};
  EXPECT_EQ(size, 4u);
  EXPECT_TRUE(revision_ & 1) << "a register is read directly";
  return {pcie::Completion::kSuccess, answers_reads ? read_register(offset) : ~0u};
}

std::uint32_t FakeEna::read_register(std::uint64_t offset) const {
  switch (offset) {
    case 0x00: return version;
    case 0x04: return controller_version;
    case 0x08: return caps;
    case 0x58: return ready ? status_ : status_ & ~1u;
    default: ADD_FAILURE() << "register " << offset << " is not to be read"; return 0;
  }
}

void FakeEna::memory_write(std::uint64_t address, std::span<const std::byte> data) {
  if (!(function.command() & 2)) return;
  if (const std::uint64_t at = address - function.wide_bar(2); function.wide_bar(2) != 0 && at < kLlqSize) {
    ASSERT_LE(data.size(), kLlqSize - at);
    std::ranges::copy(data, llq_.begin() + static_cast<std::ptrdiff_t>(at));
    return;
  }
  const std::uint64_t offset = address - function.bar(0);
  if (offset >= kTable && offset + data.size() <= kTable + table_.size()) {
    std::ranges::copy(data, table_.begin() + static_cast<std::ptrdiff_t>(offset - kTable));
    return;
  }
  ASSERT_LT(offset, kBarSize);
  ASSERT_EQ(data.size(), 4u);
  write_register(offset, get<std::uint32_t>(data, 0));
}

void FakeEna::write_register(std::uint64_t offset, std::uint32_t value) {
  if (offset >= 0x1000 && offset < 0x2000) {
    const auto queue = static_cast<unsigned>((offset - 0x1000) / 8);
    if (offset % 8 == 0) return tx_doorbell(queue, static_cast<std::uint16_t>(value));
    const auto found = rx_.find(queue);
    if (found == rx_.end()) return;
    found->second.tail = static_cast<std::uint16_t>(value);
    EXPECT_LT(buffers_posted(queue), found->second.depth);
    return;
  }
  if (offset >= 0x2000 && offset < kTable) {
    const auto vector = static_cast<unsigned>((offset - 0x2000) / 4);
    unmasks.push_back(value);
    if (value & 1u << 30) interrupts_[vector].masked = false;
    return send_if_allowed(vector);
  }
  registers_[offset] = value;
  switch (offset) {
    case 0x2c: return take_commands(static_cast<std::uint16_t>(value));
    case 0x40: {
      const bool first = event_tail_ == 0 && value == registers_[0x34] % 0x10000;
      if (first && link_events) post_event(0, 0, std::array<std::uint32_t, 1>{1});
      return;
    }
    case 0x4c:
      if (!(value & 1) && std::exchange(management_pending_, false)) management_interrupt();
      return;
    case 0x54: return write_control(value);
    case 0x5c: return answer_read(value);
    default: return;
  }
}

void FakeEna::write_control(std::uint32_t value) {
  const bool begins = value & 1;
  if (begins == in_reset_) return;
  in_reset_ = begins;
  if (begins) {
    reset_reasons.push_back((value >> 28) | (value >> 24 & 0xf) << 4);
    reset();
    if (begins_reset) tasks_.spawn(finish_reset(true));
  } else if (ends_reset) {
    tasks_.spawn(finish_reset(false));
  }
}

Task<> FakeEna::finish_reset(bool begins) {
  co_await sim_.scheduler.delay(reset_delay);
  status_ = begins ? 1 << 3 : 1;
}

void FakeEna::answer_read(std::uint32_t request) {
  const std::uint64_t to = registers_[0x60] | std::uint64_t{registers_[0x64]} << 32;
  read_ids.push_back(static_cast<std::uint16_t>(request));
  EXPECT_NE(to, 0u) << "a read without a place for the answer";
  if (to == 0 || !answers_reads) return;
  const std::array<std::uint32_t, 2> answer{request, read_register(request >> 16)};
  link_.post(kRequester, to, std::as_bytes(std::span(answer)));
}

void FakeEna::take_commands(std::uint16_t tail) {
  const std::uint32_t ring = registers_[0x18];
  const unsigned entries = ring & 0xffff;
  ASSERT_NE(entries, 0u);
  ASSERT_EQ(ring >> 16, 64u);
  for (; aq_head_ != tail; ++aq_head_) {
    Admin command;
    const std::uint64_t base = registers_[0x10] | std::uint64_t{registers_[0x14]} << 32;
    if (!host_copy(base + aq_head_ % entries * 64, command.bytes, false)) return;
    const auto id = get<std::uint16_t>(command.bytes, 0);
    command.opcode = get<std::uint8_t>(command.bytes, 2);
    EXPECT_EQ(get<std::uint8_t>(command.bytes, 3) & 1, aq_head_ / entries % 2 == 0 ? 1 : 0) << "phase";
    if (command.opcode == 8 || command.opcode == 9) command.feature = get<std::uint8_t>(command.bytes, 17);
    admin.push_back(command);
    if (swallow && swallow(command.opcode, command.feature)) continue;
    tasks_.spawn(serve(command, id));
  }
}

Task<> FakeEna::serve(Admin command, std::uint16_t id) {
  co_await sim_.scheduler.delay(latency);
  Response response{};
  std::optional<unsigned> status;
  if (on_admin) status = on_admin(command.opcode, command.feature);
  if (!status) status = execute(command, response);
  post_admin(id, *status, response);
}

void FakeEna::complete_admin(std::uint16_t id, unsigned status) { post_admin(id, status, {}); }

void FakeEna::post_admin(std::uint16_t id, unsigned status, Response response) {
  const unsigned entries = registers_[0x28] & 0xffff;
  ASSERT_NE(entries, 0u);
  put<std::uint16_t>(response, 0, id);
  put<std::uint8_t>(response, 2, static_cast<std::uint8_t>(status));
  put<std::uint8_t>(response, 3, acq_tail_ / entries % 2 == 0 ? 1 : 0);
  const std::uint64_t base = registers_[0x20] | std::uint64_t{registers_[0x24]} << 32;
  link_.post(kRequester, base + acq_tail_ % entries * 64, response);
  ++acq_tail_;
  management_interrupt();
}

void FakeEna::management_interrupt() {
  if (registers_[0x4c] & 1) {
    management_pending_ = true;
  } else if (admin_interrupts) {
    message(0);
  }
}

void FakeEna::message(unsigned vector) {
  EXPECT_EQ(get<std::uint32_t>(table_, 16 * vector + 12) & 1, 0u) << "vector " << vector << " is masked";
  EXPECT_TRUE(function.get(static_cast<std::uint16_t>(msix_ + 2), 2) & 0x8000) << "MSI-X is not enabled";
  const auto data = get<std::uint32_t>(table_, 16 * vector + 8);
  link_.post(kRequester, get<std::uint64_t>(table_, 16 * vector), std::as_bytes(std::span(&data, 1)));
}

void FakeEna::post_event(std::uint16_t group, std::uint16_t syndrome, std::span<const std::uint32_t> payload) {
  const unsigned entries = registers_[0x34] & 0xffff;
  if (!(enabled_groups_ >> group & 1)) return;
  const auto credit = static_cast<std::uint16_t>(registers_[0x40] - event_tail_);
  if (credit == 0) return;
  EXPECT_LE(credit, entries);
  Response event{};
  put(event, 0, group);
  put(event, 2, syndrome);
  put<std::uint8_t>(event, 4, event_tail_ / entries % 2 == 0 ? 1 : 0);
  std::ranges::copy(std::as_bytes(payload), reinterpret_cast<std::byte*>(&event[16]));
  const std::uint64_t base = registers_[0x38] | std::uint64_t{registers_[0x3c]} << 32;
  link_.post(kRequester, base + event_tail_ % entries * 64, event);
  ++event_tail_;
  management_interrupt();
}

Task<> FakeEna::send_keep_alives() {
  for (;;) {
    co_await sim_.scheduler.delay({1, sc_core::SC_SEC});
    // RX drops, TX drops, overruns: 64 bits each.
    if (keep_alive) post_event(4, 0, std::array<std::uint32_t, 6>{11, 0, 22, 1, 33, 0});
  }
}

unsigned FakeEna::execute(const Admin& command, Response& response) {
  const auto& bytes = command.bytes;
  switch (command.opcode) {
    case 1: return create_sq(command, response);
    case 2: {
      const bool tx = get<std::uint8_t>(bytes, 6) >> 5 == 1;
      return (tx ? tx_ : rx_).erase(get<std::uint16_t>(bytes, 4)) ? 0 : 5;
    }
    case 3: {
      const unsigned index = static_cast<unsigned>(cqs_.empty() ? 0 : cqs_.rbegin()->first + 1);
      const Cq cq{address48(bytes, 12), get<std::uint16_t>(bytes, 6), get<std::uint32_t>(bytes, 8),
                  get<std::uint8_t>(bytes, 5)};
      EXPECT_EQ(get<std::uint8_t>(bytes, 4), 0x20);
      if (cq.depth > depth || (cq.depth & (cq.depth - 1)) || cq.vector == 0 || cq.vector >= vectors_count_) return 5;
      cqs_[index] = cq;
      put<std::uint16_t>(response, 8, static_cast<std::uint16_t>(index));
      put<std::uint16_t>(response, 10, static_cast<std::uint16_t>(cq.depth));
      put<std::uint32_t>(response, 20, 0x2000 + 4 * cq.vector);
      return 0;
    }
    case 4: {
      const unsigned index = get<std::uint16_t>(bytes, 4);
      for (const auto* queues : {&tx_, &rx_})
        for (const auto& [number, queue] : *queues)
          if (queue.cq == index) return 5;
      return cqs_.erase(index) ? 0 : 5;
    }
    case 8: return get_feature(command, response);
    case 9: return set_feature(command, response);
    case 11: {
      if (get<std::uint8_t>(bytes, 16) != 2 || !(capabilities & 1)) return 3;
      for (unsigned n = 0; n < 5; ++n) put<std::uint64_t>(response, 8 + 8 * n, 100 + n);
      return 0;
    }
    default: return 3;
  }
}

unsigned FakeEna::create_sq(const Admin& command, Response& response) {
  const auto& bytes = command.bytes;
  const bool tx = get<std::uint8_t>(bytes, 4) >> 5 == 1;
  Queue queue;
  queue.cq = get<std::uint16_t>(bytes, 8);
  queue.depth = get<std::uint16_t>(bytes, 10);
  queue.address = address48(bytes, 12);
  queue.device_memory = (get<std::uint8_t>(bytes, 6) & 0xf) == 3;
  EXPECT_EQ(get<std::uint8_t>(bytes, 7), 1);
  const auto cq = cqs_.find(queue.cq);
  if (cq == cqs_.end()) return 5;
  EXPECT_EQ(cq->second.dwords, tx ? 2u : 4u);
  EXPECT_EQ(cq->second.depth, queue.depth);
  if (queue.device_memory) {
    EXPECT_EQ(queue.address, 0u);
    queue.llq = llq_used_;
    llq_used_ += queue.depth * 64ull * (llq_sizes == 4 ? 4 : llq_sizes + 1);
    if (!tx || !(features & 1 << 4) || llq_used_ > kLlqSize) return 5;
  }
  queue.completion_address = cq->second.address;
  queue.vector = cq->second.vector;
  auto& queues_there = tx ? tx_ : rx_;
  const auto index = static_cast<unsigned>(queues_there.size());
  queues_there[index] = queue;
  put<std::uint16_t>(response, 8, static_cast<std::uint16_t>(index));
  put<std::uint32_t>(response, 12, 0x1000 + 8 * index + (tx ? 0 : 4));
  put<std::uint32_t>(response, 16, static_cast<std::uint32_t>(queue.llq));
  return 0;
}

unsigned FakeEna::get_feature(const Admin& command, Response& response) {
  const unsigned id = command.feature;
  const auto number = [&](std::size_t at, std::uint32_t value) { put<std::uint32_t>(response, at, value); };
  const auto half = [&](std::size_t at, std::uint16_t value) { put<std::uint16_t>(response, at, value); };
  if (id != 1 && !(features >> id & 1)) return 3;
  const auto buffer = get<std::uint32_t>(command.bytes, 4);
  switch (id) {
    case 1:
      number(16, features);
      number(20, capabilities);
      number(24, 48);
      number(28, 48);
      std::memcpy(&response[32], mac.data(), 6);
      number(40, max_mtu);
      return 0;
    case 2:
      for (const std::size_t at : {8, 16}) number(at, queues);
      for (const std::size_t at : {12, 20}) number(at, depth);
      number(32, header);
      half(36, tx_descriptors);
      half(38, rx_descriptors);
      return 0;
    case 3: std::memcpy(&response[8], hints.data(), sizeof hints); return 0;
    case 4:
      number(8, llqs);
      number(12, llq_depth);
      half(16, 1);
      half(20, llq_sizes);
      half(24, llq_before_header);
      half(28, llq_stride);
      half(36, llq_acceleration);
      half(38, llq_burst);
      return 0;
    case 7:
      if (get<std::uint8_t>(command.bytes, 18) != 1) return 5;
      response[8] = std::byte{1};
      for (const std::size_t at : {12, 16, 20, 24}) number(at, queues);
      for (const std::size_t at : {28, 32, 36, 40}) number(at, depth);
      number(44, header);
      half(48, tx_descriptors);
      half(50, rx_descriptors);
      return 0;
    case 10:
      number(8, 2);
      number(12, 2);
      if (buffer >= 48) {
        std::array<std::uint32_t, 12> key{10};
        for (unsigned n = 2; n < 12; ++n) key[n] = 0x1000 + n;
        host_copy(address48(command.bytes, 8), std::as_writable_bytes(std::span(key)), true);
      }
      return 0;
    case 11:
      number(8, tx_offloads);
      number(12, rx_offloads);
      number(16, rx_offloads);
      return 0;
    case 12:
      for (const std::size_t at : {8, 10, 12}) half(at, rss_log2);
      return 0;
    case 18: half(8, 6); return 0;
    case 20: half(8, resolution); return 0;
    case 26: number(8, event_groups); return 0;
    case 27: number(8, 100000); return 0;
    default: return 3;
  }
}

unsigned FakeEna::set_feature(const Admin& command, Response&) {
  const unsigned id = command.feature;
  const auto& bytes = command.bytes;
  if (id != 28 && !(features >> id & 1)) return 3;
  const auto buffer = get<std::uint32_t>(bytes, 4);
  switch (id) {
    case 4:
      if (get<std::uint16_t>(bytes, 30) != 1 || !(get<std::uint16_t>(bytes, 34) & llq_sizes)) return 5;
      if (!(get<std::uint16_t>(bytes, 38) & llq_before_header)) return 5;
      return get<std::uint16_t>(bytes, 42) & llq_stride ? 0 : 5;
    case 10: {
      std::array<std::uint32_t, 12> key{};
      if (buffer < 48 || !host_copy(address48(bytes, 8), std::as_writable_bytes(std::span(key)), false)) return 5;
      // The driver keeps the key that it was given.
      return get<std::uint32_t>(bytes, 24) == 2 && key[0] == 10 && key[11] == 0x1000 + 11 ? 0 : 5;
    }
    case 12: {
      std::array<std::uint32_t, 128> table{};
      if (get<std::uint16_t>(bytes, 24) != rss_log2 || get<std::uint32_t>(bytes, 28) != ~0u) return 5;
      if (buffer != sizeof table || !host_copy(address48(bytes, 8), std::as_writable_bytes(std::span(table)), false))
        return 5;
      rss_table.assign(table.begin(), table.end());
      return std::ranges::all_of(rss_table, [&](unsigned queue) { return rx_.contains(queue); }) ? 0 : 5;
    }
    case 14: return get<std::uint32_t>(bytes, 20) >= 128 && get<std::uint32_t>(bytes, 20) <= max_mtu ? 0 : 5;
    case 18: return buffer == 256 && get<std::uint16_t>(bytes, 22) == 6 ? 0 : 5;
    case 26:
      if (get<std::uint32_t>(bytes, 24) & ~event_groups) return 5;
      enabled_groups_ = get<std::uint32_t>(bytes, 24);
      tasks_.spawn(send_keep_alives());
      return 0;
    case 28: return address48(bytes, 20) != 0 ? 0 : 5;
    default: return 3;
  }
}

}  // namespace cardvp::host
