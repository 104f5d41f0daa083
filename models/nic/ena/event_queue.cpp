#include "models/nic/ena/event_queue.h"

#include <array>
#include <cstring>
#include <span>
#include <utility>

namespace cardvp::nic::ena {

EventQueue::EventQueue(Sim& sim, const std::string& name, DmaPort& host, std::function<void()> posted)
    : sim_(sim),
      host_(host),
      posted_(std::move(posted)),
      events_(sim.stats.counter(name + ".events", "events")),
      dropped_(sim.stats.counter(name + ".events_dropped", "events")) {}

void EventQueue::set_ring(const HostRing& ring) {
  ring_ = ring;
  head_ = tail_ = 0;
}

bool EventQueue::allow(std::uint16_t head) {
  if (!ring_.live() || static_cast<std::uint16_t>(head - tail_) > ring_.entries) return false;
  head_ = head;
  return true;
}

void EventQueue::post(const nic_message_aenq& message) {
  struct Entry {
    std::uint16_t group;
    std::uint16_t syndrome;
    std::uint8_t flags;  // phase in bit 0
    std::uint8_t reserved[3];
    std::uint64_t timestamp;  // ns
    std::array<std::uint32_t, 12> payload;
  };
  static_assert(sizeof(Entry) == kAdminEntry && sizeof message.payload == sizeof Entry::payload);
  if (credit() == 0) return dropped_.add();
  Entry entry{.group = message.group,
              .syndrome = message.syndrome,
              .flags = std::uint8_t{phase_of(tail_, ring_.entries)},
              .reserved = {},
              .timestamp = static_cast<std::uint64_t>(sim_.scheduler.now() / sc_core::sc_time(1, sc_core::SC_NS)),
              .payload = {}};
  std::memcpy(entry.payload.data(), message.payload, sizeof message.payload);
  if (!host_.post(ring_.address(tail_), std::as_bytes(std::span(&entry, 1)))) return dropped_.add();
  ++tail_;
  events_.add();
  posted_();
}

}  // namespace cardvp::nic::ena
