// Session: what a client does before its guest runs: version, descriptions, memory, interrupts.
#include <cerrno>
#include <system_error>

#include "host/vfio_user/session.h"
#include "host/vfio_user/version.h"

namespace cardvp::host::vfio_user {

// The first message, and no other, is VERSION.
bool Session::begin(const Message& message) {
  auto result = message.command() == Command::kVersion ? negotiate(message.payload) : std::nullopt;
  if (!result) {
    finish(message, EINVAL);
    connection_->refuse("no version that is spoken here");
    return true;
  }
  negotiated_ = true;
  dma_.set_transfer(result->transfer);
  reply(message, result->reply);
  return true;
}

void Session::describe_device(const Message& message) {
  const auto request = message.head<DeviceInfo>();
  if (!request || request->argsz < sizeof *request) return finish(message, EINVAL);
  const DeviceInfo info{sizeof info, kDevicePci | (device_.can_reset() ? kDeviceReset : 0u), kRegions, kIrqs};
  reply(message, bytes_of(info));
}

void Session::describe_region(const Message& message) {
  const auto request = message.head<RegionInfo>();
  if (!request || request->argsz < sizeof *request || request->index >= kRegions) return finish(message, EINVAL);
  RegionInfo info{};
  info.argsz = sizeof info;
  info.index = request->index;
  info.size = device_.region_size(info.index);
  if (info.size > 0) info.flags = kRegionReadable | kRegionWritable;
  if (doorbells_ && info.index == doorbells_->bar) return offer_doorbells(message, info, request->argsz);
  reply(message, bytes_of(info));
}

// With too little room for the capability the client is told how much it takes, and asks again.
void Session::offer_doorbells(const Message& message, RegionInfo info, std::uint32_t room) {
  const SparseMap map{kSparseMap, 1, 0, 1, 0, doorbells_->offset, doorbells_->size};
  info.argsz = sizeof info + sizeof map;
  info.flags |= kRegionMappable | kRegionHasCapabilities;
  info.cap_offset = sizeof info;
  if (room < info.argsz) return reply(message, bytes_of(info));
  if (!message.wants_reply()) return;
  try {
    if (!page_) page_.emplace(*doorbells_);
  } catch (const std::system_error&) {
    return finish(message, ENOMEM);
  }
  connection_->send_file({message.header.id, message.header.command, 0, kTypeReply, 0}, bytes_of(info), bytes_of(map),
                         page_->file());
}

// Of those that are not MSI-X, INTx and MSI may be asked for, and have no vectors. Error and request notification are
// refused: QEMU takes that without a word, and warns of a count of 0.
void Session::describe_irq(const Message& message) {
  const auto request = message.head<IrqInfo>();
  if (!request || request->argsz < sizeof *request || request->index > kIrqMsix) return finish(message, EINVAL);
  // Without "no resize": then vectors are bound one by one, and not all dropped for each that is added.
  const bool msix = request->index == kIrqMsix && device_.vectors() > 0;
  const IrqInfo info{sizeof info, msix ? kIrqEventfd : 0u, request->index, msix ? device_.vectors() : 0u};
  reply(message, bytes_of(info));
}

void Session::map(const Message& message) {
  const auto request = message.head<DmaMap>();
  if (!request || message.descriptors.size() > 1) return finish(message, EINVAL);
  const Descriptor none;
  finish(message, memory_.map(*request, message.descriptors.empty() ? none : message.descriptors.front()));
}

// What is mapped is touched while the simulation runs, never between; what is under way by messages, the client does
// itself.
void Session::unmap(const Message& message) {
  const auto request = message.head<DmaUnmap>();
  finish(message, request ? memory_.unmap(*request) : EINVAL);
}

void Session::set_irqs(Message& message) {
  const auto request = message.head<SetIrqs>();
  if (!request) return finish(message, EINVAL);
  finish(message, interrupts_.set(*request, message.behind(sizeof *request), message.descriptors));
}

}  // namespace cardvp::host::vfio_user
