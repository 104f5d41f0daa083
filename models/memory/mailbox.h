// Mailbox: how engines and the control plane talk with the firmware, in messages of 128 bytes. The firmware's side is
// mailbox.def, one page per channel; the other side is a Channel. One interrupt line for all channels.
//
// A channel holds kDepth messages for the firmware; its users bound what they send (an engine forwards only so many
// commands at once, which for 256 functions is less than kDepth), so a full channel means a peer that floods it: the
// message is dropped and counted. Messages wait while the firmware is silent, or is replaced.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "models/base/bus_target.h"

namespace cardvp::memory {

// The channels of the card, by page; the firmware's <messages.h> has the same.
enum MailboxChannel : unsigned {
  kControlChannel = 0,
  kNvmeChannel = 1,
  kNicChannel = 2,
  kVpcChannel = 3,
  kMailboxChannels = 4
};

struct Message {
  std::array<std::uint32_t, 32> words{};
};

class Mailbox : public BusTarget {
 public:
  class Channel {
   public:
    static constexpr std::size_t kDepth = 65535;  // what RX_STATUS.COUNT can say

    // Queues a message for the firmware; false if the channel is full.
    bool send(const Message& message);
    // Messages for the firmware that were queued, and those that it has taken, or lost by a reset.
    std::uint64_t sent() const { return sent_; }
    std::uint64_t taken() const { return sent_ - for_firmware_.size(); }
    // Who gets the firmware's messages, each at its simulated time.
    void on_message(std::function<void(const Message&)> receiver) { receiver_ = std::move(receiver); }

   private:
    friend class Mailbox;
    Channel(Mailbox& mailbox, unsigned index);

    Mailbox& mailbox_;
    unsigned index_;
    RegisterBank registers_;
    std::deque<Message> for_firmware_;  // the oldest is in RX_DATA
    std::uint64_t sent_ = 0;
    std::function<void(const Message&)> receiver_;
  };

  Mailbox(sc_core::sc_module_name name, Sim& sim, unsigned channels);
  ~Mailbox() override;
  Channel& channel(unsigned index) { return *channels_.at(index); }
  Line interrupt;
  // Card reset: drops every message, both ways.
  void reset();

 private:
  // A message that the firmware sent ahead of the kernel's time.
  struct Sent {
    sc_core::sc_time at;
    Channel* channel;
    Message message;
  };

  bool access(const BusAccess& access) override;
  void send_from(Channel& channel);
  void deliver();
  void update_interrupt();

  std::vector<std::unique_ptr<Channel>> channels_;
  std::deque<Sent> sent_;  // by time
  Callback<&Mailbox::deliver> delivery_;
  Counter& to_firmware_;
  Counter& from_firmware_;
  Counter& dropped_;
};

}  // namespace cardvp::memory
