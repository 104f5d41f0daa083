// FakeEna: its I/O queues.
#include <gtest/gtest.h>

#include <algorithm>

#include "test/unit/host/fake_ena.h"

namespace cardvp::host {

namespace {

constexpr std::uint16_t kRequester = 0x0100;
constexpr std::uint32_t kFirst = 1u << 26, kLast = 1u << 27, kRequested = 1u << 28;

using Descriptor = std::array<std::uint32_t, 4>;

}  // namespace

void FakeEna::tx_doorbell(unsigned number, std::uint16_t tail) {
  const auto found = tx_.find(number);
  if (found == tx_.end()) return;
  tx_doorbells.emplace_back(number, tail);
  Queue& queue = found->second;
  EXPECT_LT(static_cast<std::uint16_t>(tail - queue.head), queue.depth);
  if (llq_burst > 0 && queue.device_memory) {
    EXPECT_LE(static_cast<std::uint16_t>(tail - queue.tail) * 128u, llq_burst);
  }
  queue.tail = tail;
  tasks_.spawn(take_packets(number));
}

Task<> FakeEna::take_packets(unsigned number) {
  co_await sim_.scheduler.delay(latency);
  const auto found = tx_.find(number);
  while (found != tx_.end() && found->second.head != found->second.tail)
    if (!take_packet(number, found->second)) co_return;
}

// One packet, from its first entry to its last. False: what is there is none.
bool FakeEna::take_packet(unsigned number, Queue& queue) {
  Packet packet;
  packet.queue = number;
  const bool device = queue.device_memory;
  const unsigned entry_bytes = device ? 64 * (llq_sizes == 4 ? 4u : llq_sizes + 1u) : 16;
  bool first = true, last = false;
  while (!last) {
    EXPECT_NE(queue.head, queue.tail) << "a packet without an end";
    if (queue.head == queue.tail) return false;
    std::vector<std::byte> entry(entry_bytes);
    const std::uint64_t offset = queue.head % queue.depth * entry_bytes;
    if (device) {
      std::copy_n(llq_.begin() + static_cast<std::ptrdiff_t>(queue.llq + offset), entry_bytes, entry.begin());
    } else if (!host_copy(queue.address + offset, entry, false)) {
      return false;
    }
    const unsigned slots = !device               ? 1
                           : packet.entries == 0 ? llq_before_header
                           : llq_stride == 2     ? entry_bytes / 16
                                                 : 1;
    const std::uint32_t phase = queue.head / queue.depth % 2 == 0 ? 1 : 0;
    for (unsigned slot = 0; slot < slots && !last; ++slot) {
      Descriptor descriptor;
      std::memcpy(descriptor.data(), &entry[slot * 16], 16);
      EXPECT_EQ(descriptor[0] >> 24 & 1, phase);
      ++packet.descriptors;
      if (descriptor[0] & 1u << 23) {
        EXPECT_EQ(packet.descriptors, 1u) << "meta data behind data";
        EXPECT_TRUE(descriptor[0] & kFirst);
        packet.has_meta = true;
        take_meta(queue, descriptor);
        continue;
      }
      if (first) {
        EXPECT_EQ(static_cast<bool>(descriptor[0] & kFirst), !packet.has_meta);
        EXPECT_TRUE(descriptor[0] & kRequested);
        packet.id = static_cast<std::uint16_t>((descriptor[0] >> 16 & 0x3f) << 10 | descriptor[1] >> 22);
        packet.flags = descriptor[1] & 0x3fffff;
        if (device) {
          packet.pushed = descriptor[3] >> 24;
          EXPECT_LE(packet.pushed, entry_bytes - llq_before_header * 16u);
          packet.bytes.assign(entry.begin() + llq_before_header * 16,
                              entry.begin() + llq_before_header * 16 + packet.pushed);
        }
      }
      first = false;
      last = descriptor[0] & kLast;
      fetch(descriptor, packet);
    }
    ++queue.head;
    ++packet.entries;
  }
  EXPECT_LE(packet.descriptors, tx_descriptors + 2u);
  if (queue.meta) {
    packet.mss = (*queue.meta)[0];
    packet.l3_offset = (*queue.meta)[1];
    packet.l3_length = (*queue.meta)[2];
    packet.l4_words = (*queue.meta)[3];
  }
  const std::uint16_t id = packet.id;
  const std::vector<std::byte> bytes = loopback ? packet.bytes : std::vector<std::byte>();
  if (on_sent) {
    on_sent(packet);
  } else {
    sent.push_back(std::move(packet));
  }
  if (loopback) deliver(bytes, number);
  if (!completes_tx) {
    queue.held.push_back(id);
    return true;
  }
  std::array<std::byte, 8> entry{};
  std::memcpy(entry.data(), &id, 2);
  std::memcpy(&entry[6], &queue.head, 2);
  if (on_tx_completion) on_tx_completion(entry);
  complete_tx(number, entry);
  return true;
}

void FakeEna::take_meta(Queue& queue, const Descriptor& descriptor) {
  EXPECT_EQ(descriptor[0] >> 14 & 1, 1u);
  EXPECT_EQ(descriptor[0] >> 20 & 3, 3u) << "extended, and to be kept";
  EXPECT_EQ(descriptor[1], 0u);
  EXPECT_EQ(descriptor[3], 0u);
  queue.meta = std::array<unsigned, 4>{(descriptor[0] >> 16 & 0xf) << 10 | descriptor[2] >> 22,
                                       descriptor[2] >> 8 & 0xff, descriptor[2] & 0xff, descriptor[2] >> 16 & 0x3f};
}

void FakeEna::fetch(const Descriptor& descriptor, Packet& packet) {
  const unsigned length = descriptor[0] & 0xffff;
  if (length == 0) {
    EXPECT_GT(packet.pushed, 0u) << "an empty buffer";
    return;
  }
  const std::uint64_t address = descriptor[2] | std::uint64_t{descriptor[3] & 0xffff} << 32;
  const std::size_t before = packet.bytes.size();
  packet.bytes.resize(before + length);
  packet.pieces.push_back(length);
  host_copy(address, std::span(packet.bytes).subspan(before), false);
}

void FakeEna::complete_tx(unsigned number, std::array<std::byte, 8> entry) {
  Queue& queue = tx_.at(number);
  entry[3] |= std::byte{queue.completion_tail / queue.depth % 2 == 0};
  link_.post(kRequester, queue.completion_address + queue.completion_tail % queue.depth * 8, entry);
  ++queue.completion_tail;
  io_interrupt(queue.vector);
}

void FakeEna::complete_held(unsigned number) {
  auto& held = tx_.at(number).held;
  for (; !held.empty(); held.pop_back()) {
    std::array<std::byte, 8> entry{};
    std::memcpy(entry.data(), &held.back(), 2);
    complete_tx(number, entry);
  }
}

std::uint64_t FakeEna::buffers_posted(unsigned number) const {
  const Queue& queue = rx_.at(number);
  return static_cast<std::uint16_t>(queue.tail - queue.head);
}

std::uint16_t FakeEna::posted_id(unsigned number, unsigned ahead) const {
  const Queue& queue = rx_.at(number);
  const std::uint64_t at = queue.address + (queue.head + ahead) % queue.depth * 16 + 4;
  std::uint16_t id;
  std::memcpy(&id, link_.host().direct(kRequester, at, 2, false), 2);
  return id;
}

bool FakeEna::deliver(std::span<const std::byte> frame, unsigned number, std::uint32_t status, std::size_t piece,
                      std::uint8_t offset) {
  Queue& queue = rx_.at(number);
  std::vector<std::array<std::byte, 16>> entries;
  while (!frame.empty()) {
    if (queue.head == queue.tail) return false;
    std::array<std::byte, 16> descriptor;
    if (!host_copy(queue.address + queue.head % queue.depth * 16, descriptor, false)) return false;
    EXPECT_EQ(std::to_integer<unsigned>(descriptor[3]), 0x1cu | (queue.head / queue.depth % 2 == 0 ? 1u : 0u));
    ++queue.head;
    std::uint16_t length;
    std::uint64_t address = 0;
    std::memcpy(&length, &descriptor[0], 2);
    std::memcpy(&address, &descriptor[8], 6);
    const std::size_t room = (length ? length : 0x10000u) - (entries.empty() ? offset : 0);
    const std::size_t part = std::min({frame.size(), room, piece ? piece : room});
    std::vector<std::byte> bytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(part));
    host_copy(address + (entries.empty() ? offset : 0), bytes, true);
    frame = frame.subspan(part);

    std::array<std::byte, 16> entry{};
    const std::uint32_t dword = status | 1u << 30 | (entries.empty() ? kFirst : 0) | (frame.empty() ? kLast : 0);
    const auto part16 = static_cast<std::uint16_t>(part);
    std::memcpy(&entry[0], &dword, 4);
    std::memcpy(&entry[4], &part16, 2);
    std::memcpy(&entry[6], &descriptor[4], 2);
    const std::uint32_t hash = 0xfeed;
    std::memcpy(&entry[8], &hash, 4);
    if (entries.empty()) entry[14] = std::byte{offset};
    entries.push_back(entry);
  }
  for (const auto& entry : entries) complete_rx(number, entry);
  return true;
}

void FakeEna::complete_rx(unsigned number, std::array<std::byte, 16> entry) {
  Queue& queue = rx_.at(number);
  entry[3] |= std::byte{queue.completion_tail / queue.depth % 2 == 0};
  link_.post(kRequester, queue.completion_address + queue.completion_tail % queue.depth * 16, entry);
  ++queue.completion_tail;
  io_interrupt(queue.vector);
}

void FakeEna::io_interrupt(unsigned vector) {
  interrupts_[vector].pending = true;
  send_if_allowed(vector);
}

void FakeEna::send_if_allowed(unsigned vector) {
  Vector& state = interrupts_[vector];
  if (!state.pending || state.masked || !io_interrupts) return;
  state.pending = false;
  state.masked = true;
  message(vector);
}

}  // namespace cardvp::host
