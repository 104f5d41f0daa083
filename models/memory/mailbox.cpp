#include "models/memory/mailbox.h"

#include <algorithm>

namespace cardvp::memory {
namespace mailbox {
#define CARDVP_REGISTERS "models/memory/mailbox.def"
#include "models/base/declare_registers.h"
}  // namespace mailbox

Mailbox::Channel::Channel(Mailbox& mailbox, unsigned index)
    : mailbox_(mailbox), index_(index), registers_(mailbox::kBank) {
  registers_.on_read(mailbox::RX_STATUS, [this](std::uint32_t) { return for_firmware_.size(); });
  registers_.on_read(mailbox::RX_DATA, [this](std::uint32_t word) -> std::uint64_t {
    return for_firmware_.empty() ? 0 : for_firmware_.front().words[word];
  });
  registers_.on_write(mailbox::RX_POP, [this](const RegisterWrite& write) {
    if (!mailbox::RX_POP_POP.of(write.written) || for_firmware_.empty()) return;
    for_firmware_.pop_front();
    mailbox_.update_interrupt();
  });
  registers_.on_write(mailbox::TX_SEND, [this](const RegisterWrite& write) {
    if (mailbox::TX_SEND_SEND.of(write.written)) mailbox_.send_from(*this);
  });
  registers_.on_write(mailbox::INTERRUPT, [this](const RegisterWrite&) { mailbox_.update_interrupt(); });
}

bool Mailbox::Channel::send(const Message& message) {
  if (for_firmware_.size() == kDepth) {
    mailbox_.dropped_.add();
    mailbox_.log_.warning("channel full: message dropped", {{"channel", index_}});
    return false;
  }
  for_firmware_.push_back(message);
  ++sent_;
  mailbox_.to_firmware_.add();
  mailbox_.update_interrupt();
  return true;
}

Mailbox::Mailbox(sc_core::sc_module_name name, Sim& sim, unsigned channels)
    : BusTarget(name, sim),
      delivery_(sim.scheduler, *this),
      to_firmware_(counter("to_firmware", "messages")),
      from_firmware_(counter("from_firmware", "messages")),
      dropped_(counter("dropped", "messages")) {
  for (unsigned index = 0; index < channels; ++index)
    channels_.push_back(std::unique_ptr<Channel>(new Channel(*this, index)));  // its constructor is ours alone
}

Mailbox::~Mailbox() = default;

bool Mailbox::access(const BusAccess& access) {
  const std::uint64_t page = access.offset / mailbox::kBank.size;
  if (page >= channels_.size()) return false;
  BusAccess in_page = access;
  in_page.offset %= mailbox::kBank.size;
  return access_bank(channels_[page]->registers_, in_page);
}

void Mailbox::send_from(Channel& channel) {
  Sent sent{access_time(), &channel, {}};
  for (std::uint32_t word = 0; word < sent.message.words.size(); ++word)
    sent.message.words[word] = static_cast<std::uint32_t>(channel.registers_.get(mailbox::TX_DATA, word));
  // One initiator's accesses come in the order of their times; with several, one may be further ahead than the other.
  const auto later = [](const sc_core::sc_time& at, const Sent& other) { return at < other.at; };
  const auto place = std::upper_bound(sent_.begin(), sent_.end(), sent.at, later);
  if (place == sent_.begin()) delivery_.call_at(sent.at);
  sent_.insert(place, sent);
}

void Mailbox::deliver() {
  while (!sent_.empty() && sent_.front().at <= now()) {
    const Sent sent = sent_.front();
    sent_.pop_front();
    if (sent.channel->receiver_) {
      from_firmware_.add();
      sent.channel->receiver_(sent.message);
    } else {
      dropped_.add();
      log_.warning("nobody at this channel: message dropped", {{"channel", sent.channel->index_}});
    }
  }
  if (!sent_.empty()) delivery_.call_at(sent_.front().at);
}

void Mailbox::update_interrupt() {
  interrupt.set(std::any_of(channels_.begin(), channels_.end(), [](const auto& channel) {
    return !channel->for_firmware_.empty() && channel->registers_.get(mailbox::INTERRUPT_ENABLE);
  }));
}

void Mailbox::reset() {
  for (const auto& channel : channels_) {
    channel->for_firmware_.clear();
    channel->registers_.reset();
  }
  sent_.clear();
  delivery_.cancel();
  update_interrupt();
}

}  // namespace cardvp::memory
