// The asynchronous event queue (AENQ) of one function: the firmware's events go into the host's ring, as long as the
// host's head gives credit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "models/base/dma.h"
#include "models/base/model.h"
#include "models/nic/ena/host_ring.h"
#include "models/nic/messages.h"

namespace cardvp::nic::ena {

class EventQueue {
 public:
  // `name`: of the function. `posted` is called behind each event.
  EventQueue(Sim& sim, const std::string& name, DmaPort& host, std::function<void()> posted);

  // AENQ_CAPS was written: the ring starts anew, without credit.
  void set_ring(const HostRing& ring);
  // AENQ_HEAD_DB: the counter of the first event that may not be posted yet. False, without effect, if there is no
  // ring, or it would be overrun.
  bool allow(std::uint16_t head);
  std::uint16_t credit() const { return static_cast<std::uint16_t>(head_ - tail_); }
  std::uint16_t posted() const { return tail_; }

  // Dropped and counted without credit.
  void post(const nic_message_aenq& message);

 private:
  Sim& sim_;
  DmaPort& host_;
  std::function<void()> posted_;
  HostRing ring_;
  std::uint16_t head_ = 0;  // both run freely
  std::uint16_t tail_ = 0;
  Counter& events_;
  Counter& dropped_;
};

}  // namespace cardvp::nic::ena
