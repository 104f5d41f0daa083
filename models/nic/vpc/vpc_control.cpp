// What the firmware says: registers and messages.
#include "models/nic/registers.h"
#include "models/nic/vpc/vpc.h"

namespace cardvp::nic {

namespace regs = vpc_regs;
using sc_core::sc_time;

namespace {

enum Result : std::uint64_t { kDone = 0, kBadValue = 1, kDoesNotExist = 2, kNoRoom = 3 };  // RESULT.CODE
enum PeerOperation : std::uint64_t { kStorePeer = 1, kRemovePeer = 2 };
enum AssociationOperation : std::uint64_t {
  kStoreSending = 1,
  kStoreReceiving = 2,
  kRemoveReceiving = 3,
  kRemoveSending = 4
};

geneve::Endpoint endpoint_of(const RegisterBank& registers, RegisterBank::Id mac, RegisterBank::Id address) {
  geneve::Endpoint endpoint;
  for (unsigned i = 0; i < 6; ++i) endpoint.mac.bytes[i] = static_cast<std::uint8_t>(registers.get(mac) >> 8 * i);
  for (unsigned i = 0; i < 16; ++i)
    endpoint.ip.bytes[i] = static_cast<std::uint8_t>(registers.get(address, i / 4) >> 8 * (i % 4));
  return endpoint;
}

}  // namespace

bool Vpc::enabled() const { return registers_.get(regs::CONTROL_ENABLE); }
std::uint32_t Vpc::generation() const { return static_cast<std::uint32_t>(registers_.get(regs::FLOW_GENERATION)); }

void Vpc::hang_hooks() {
  registers_.on_read(regs::FLOW_LIMITS, [this](std::uint32_t) { return flows_.capacity(); });
  registers_.on_read(regs::FLOW_COUNT, [this](std::uint32_t) { return flows_.flows(now()); });
  registers_.on_write(regs::FLOW_GENERATION, [this](const RegisterWrite& write) {
    if (write.value != write.old) flows_.clear();
  });
  for (const auto id : {regs::FLOW_IDLE, regs::UNDERLAY_MAC, regs::UNDERLAY_ADDRESS, regs::SLOT_BASE})
    registers_.on_write(id, [this](const RegisterWrite&) { apply_registers(); });
  registers_.on_write(regs::PEER_COMMAND, [this](const RegisterWrite& write) {
    const auto index = static_cast<std::uint16_t>(regs::PEER_COMMAND_INDEX.of(write.written));
    registers_.set(regs::RESULT_CODE, command_peer(index, regs::PEER_COMMAND_OPERATION.of(write.written)));
  });
  registers_.on_write(regs::SA_COMMAND, [this](const RegisterWrite& write) {
    registers_.set(regs::RESULT_CODE, command_association(regs::SA_COMMAND_OPERATION.of(write.written)));
  });
}

void Vpc::apply_registers() {
  flows_.set_idle_timeout(sc_time::from_value(registers_.get(regs::FLOW_IDLE_TIMEOUT) * 1'000'000));
  tunnel_.set_endpoint(endpoint_of(registers_, regs::UNDERLAY_MAC, regs::UNDERLAY_ADDRESS));
  slow_path_.set_slots(registers_.get(regs::SLOT_BASE));
}

bool Vpc::access(const BusAccess& access) {
  const std::uint64_t page = access.offset / regs::kBank.size;
  BusAccess in_page = access;
  in_page.offset %= regs::kBank.size;
  if (page == 0) return access_bank(registers_, in_page);
  if (page > interfaces_.size()) return false;
  if (Interface* const which = interfaces_[page - 1].get()) return access_bank(which->registers, in_page);
  return access.write || access_bank(absent_, in_page);
}

std::uint64_t Vpc::command_peer(std::uint16_t index, std::uint64_t operation) {
  if (index >= peers_.count()) return kBadValue;
  if (operation == kStorePeer) {
    Peer peer;
    peer.stored = true;
    peer.endpoint = endpoint_of(registers_, regs::PEER_ADDRESS_MAC, regs::PEER_ADDRESS);
    peer.encrypt = registers_.get(regs::PEER_FLAGS_ENCRYPT);
    peer.multipath = registers_.get(regs::PEER_FLAGS_MULTIPATH);
    const bool possible = !peer.endpoint.ip.is_zero() && !peer.endpoint.ip.is_multicast() &&
                          peer.endpoint.ip.is_v4() == tunnel_.endpoint().ip.is_v4();
    if (!possible || !peers_.store(index, peer)) return kBadValue;
    if (!peer.multipath) transport_->drop_peer(index);
    return kDone;
  }
  if (operation != kRemovePeer) return kBadValue;
  if (!peers_[index].stored) return kDoesNotExist;
  peers_.remove(index);
  transit_.remove_peer(index);
  transport_->drop_peer(index);
  flows_.remove_peer(index);
  return kDone;
}

std::uint64_t Vpc::command_association(std::uint64_t operation) {
  Transit::Association association;
  association.spi = static_cast<std::uint32_t>(registers_.get(regs::SA_SPI_VALUE));
  association.peer = static_cast<std::uint16_t>(registers_.get(regs::SA_KEY_PEER));
  association.slot = static_cast<std::uint16_t>(registers_.get(regs::SA_KEY_SLOT));
  association.salt = static_cast<std::uint32_t>(registers_.get(regs::SA_SALT_VALUE));
  const Peer& peer = peers_[association.peer];
  switch (operation) {
    case kStoreSending:
    case kStoreReceiving:
      if (association.spi == 0 || association.peer >= peers_.count()) return kBadValue;
      if (!peer.stored) return kDoesNotExist;
      if (operation == kStoreReceiving)
        return transit_.store_receiving(association, peer.multipath ? Transit::kMultipathWindow : Transit::kWindow)
                   ? kDone
                   : kNoRoom;
      transit_.store_sending(association, registers_.get(regs::SA_THRESHOLD_PACKETS));
      return kDone;
    case kRemoveReceiving: return transit_.remove_receiving(association.spi) ? kDone : kDoesNotExist;
    case kRemoveSending:
      if (association.peer >= peers_.count()) return kBadValue;
      return transit_.remove_sending(association.peer) ? kDone : kDoesNotExist;
    default: return kBadValue;
  }
}

void Vpc::mode_changed(Interface& changed) {
  flows_.remove_interface(changed.function);
  slow_path_.drop_if([&changed](const UnknownFlow& flow) { return flow.from(changed.function); }, Drop::kInterfaceOff);
}

std::uint32_t Vpc::connections_of(const Interface& of) { return flows_.connections(of.function, now()); }

void Vpc::on_message(const memory::Message& message) {
  const auto header = FirmwareChannel::content_of<nic_message_header>(message);
  if (header.type == VPC_MESSAGE_VERDICT)
    return slow_path_.verdict(FirmwareChannel::content_of<vpc_message_verdict>(message), generation());
  if (header.type == VPC_MESSAGE_INJECT) return inject(FirmwareChannel::content_of<vpc_message_inject>(message));
  bad_messages_.add();
  log_.warning("message ignored", {{"type", header.type}, {"function", header.function}});
}

void Vpc::inject(const vpc_message_inject& message) {
  Interface* const to = interface(message.header.function);
  if (message.size < 14 || message.size > VPC_SLOT_BYTES) {
    bad_messages_.add();
    return log_.warning("frame not injected", {{"function", message.header.function}, {"size", message.size}});
  }
  if (!to) return drops_.count(reason_of(VPC_REASON_NO_INTERFACE));
  wire::FramePtr frame = frames_.make();
  frame->push_back(message.size);
  sc_time delay;
  if (!card_memory_.read(message.address, frame->bytes(), delay)) {
    bad_messages_.add();
    return log_.warning("frame not injected: bus error", {{"address", message.address}});
  }
  injected_.add();
  to->deliver(std::move(frame), now() + delay);
}

}  // namespace cardvp::nic
