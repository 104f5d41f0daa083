#include "host/vfio_user/session.h"

#include <algorithm>
#include <cerrno>

#include "host/vfio_user/version.h"

namespace cardvp::host::vfio_user {

Session::Session(Scheduler& scheduler, Device& device, std::shared_ptr<Connection> connection, const Terms& terms,
                 const Counters& counters, Waits& waits, std::function<void()> answered)
    : device_(device),
      connection_(std::move(connection)),
      counters_(counters),
      waits_(waits),
      answered_(std::move(answered)),
      dma_(memory_, *connection_, counters.dma_faults),
      interrupts_(device.vectors(), terms.interrupt_gap, counters.interrupts, counters.interrupts_dropped),
      doorbells_(terms.doorbells),
      commands_(scheduler),
      tasks_(scheduler) {
  connection_->set_inbox([this](Message&& message) { return take(std::move(message)); });
  tasks_.spawn(serve());
}

Session::~Session() { connection_->close(); }

bool Session::alive() {
  if (memory_.damaged()) connection_->refuse("it made its memory's file shorter than it was mapped");
  if (connection_->ended()) return false;
  interrupts_.deliver();
  if (waiting_ < kMostWaiting) connection_->receive();
  ring();
  return true;
}

// --- Commands come ---------------------------------------------------------------------------------------------------

bool Session::take(Message&& message) {
  if (message.is_reply()) {
    if (!dma_.answered(message)) connection_->refuse("an answer to nothing that was asked");
    interrupts_.writes_done(dma_.writes_done());
  } else {
    counters_.commands.add();
    counters_.all_commands.add();
    ring();  // what was stored before comes before
    if (waiting_ > 0 || !at_once(message)) {
      ++waiting_;
      message.since = waits_.before();
      commands_.push(std::move(message));
      return waiting_ < kMostWaiting;
    }
    waits_.done(waits_.before());
  }
  connection_->recycle(std::move(message.payload));
  return true;
}

Task<> Session::serve() {
  while (true) {
    Message message = co_await commands_.pop();
    if (device_.busy()) co_await device_.flush();
    if (!at_once(message)) co_await in_time(message);
    connection_->recycle(std::move(message.payload));
    --waiting_;
    waits_.done(message.since);
    answered_();
  }
}

bool Session::at_once(Message& message) {
  if (!negotiated_) return begin(message);
  switch (message.command()) {
    case Command::kRegionWrite: return post(message);
    case Command::kRegionRead:
    case Command::kRegionWriteMulti:
    case Command::kReset: return false;
    case Command::kDmaMap: map(message); return true;
    case Command::kDmaUnmap: unmap(message); return true;
    case Command::kGetInfo: describe_device(message); return true;
    case Command::kGetRegionInfo: describe_region(message); return true;
    case Command::kGetIrqInfo: describe_irq(message); return true;
    case Command::kSetIrqs: set_irqs(message); return true;
    case Command::kVersion: finish(message, EINVAL); return true;  // there was one
    default: finish(message, ENOTSUP); return true;
  }
}

// What is stored while the link is behind waits in the page.
void Session::ring() {
  if (!page_ || flushing_) return;
  if (device_.busy()) return tasks_.spawn(flush());
  const unsigned taken = page_->take(
      [this](std::uint64_t offset, std::uint32_t value) { device_.post(page_->area().bar, offset, bytes_of(value)); });
  counters_.doorbells.add(taken);
  counters_.all_doorbells.add(taken);
}

Task<> Session::flush() {
  flushing_ = true;
  co_await device_.flush();
  flushing_ = false;
}

Task<> Session::in_time(const Message& message) {
  switch (message.command()) {
    case Command::kRegionRead: return read_region(message);
    case Command::kRegionWrite: return write_region(message);
    case Command::kRegionWriteMulti: return write_multi(message);
    default: return reset(message);
  }
}

// --- The function, as the client asks --------------------------------------------------------------------------------

bool Session::is_inside(const RegionAccess& access) const {
  const std::uint64_t size = device_.region_size(access.region);
  return access.count > 0 && access.count <= kMostTransfer && access.offset < size &&
         access.count <= size - access.offset;
}

Task<> Session::read_region(const Message& message) {
  const auto access = message.head<RegionAccess>();
  if (!access || !is_inside(*access)) {
    finish(message, EINVAL);
    co_return;
  }
  data_.resize(access->count);
  co_await device_.read(access->region, access->offset, data_);
  add_pending(*access);
  reply(message, bytes_of(*access), data_);
}

// The pending bits are the client's vectors'.
void Session::add_pending(const RegionAccess& access) {
  const auto& msix = device_.function().msix;
  if (!msix || access.region != msix->pending_bar) return;
  for (unsigned vector = 0; vector < interrupts_.vectors(); ++vector) {
    const std::uint64_t at = msix->pending + vector / 8;
    if (interrupts_.pending(vector) && at >= access.offset && at - access.offset < access.count)
      data_[at - access.offset] |= std::byte{1} << vector % 8;
  }
}

// Most writes are these: to a BAR, short, and without an answer.
bool Session::post(const Message& message) {
  const auto access = message.head<RegionAccess>();
  if (!access || !is_inside(*access) || message.behind(sizeof *access).size() != access->count) {
    finish(message, EINVAL);
    return true;
  }
  if (access->region == kRegionConfig || access->count > Device::kAtOnce || device_.busy()) return false;
  device_.post(access->region, access->offset, message.behind(sizeof *access));
  reply(message, bytes_of(*access));
  return true;
}

Task<> Session::write_region(const Message& message) {
  const RegionAccess access = *message.head<RegionAccess>();  // post() has checked it
  co_await write(access.region, access.offset, message.behind(sizeof access));
  reply(message, bytes_of(access));
}

Task<> Session::write(std::uint32_t region, std::uint64_t offset, std::span<const std::byte> data) {
  const bool was_reset = co_await device_.write(region, offset, data);
  if (was_reset) interrupts_.forget();
  if (was_reset && page_) page_->clear();
  interrupts_.set_enabled(device_.view().msix_enabled());
}

Task<> Session::write_multi(const Message& message) {
  const auto count = message.head<std::uint64_t>();
  const std::size_t bytes = count ? message.payload.size() - sizeof *count : 0;
  if (!count || *count > kMostMultiWrites || bytes != *count * sizeof(WriteMultiEntry)) {
    finish(message, EINVAL);
    co_return;
  }
  int error = 0;
  for (std::size_t at = sizeof *count; at < message.payload.size(); at += sizeof(WriteMultiEntry)) {
    WriteMultiEntry entry;
    std::memcpy(&entry, &message.payload[at], sizeof entry);
    const RegionAccess access{entry.offset, entry.region, entry.count};
    if (entry.count > sizeof entry.data || !is_inside(access)) {
      error = EINVAL;  // the others are writes as any
      continue;
    }
    const std::span<const std::byte> data = std::span(entry.data).first(entry.count);
    if (device_.busy()) co_await device_.flush();
    if (entry.region == kRegionConfig)
      co_await write(entry.region, entry.offset, data);
    else
      device_.post(entry.region, entry.offset, data);
  }
  finish(message, error);
}

Task<> Session::reset(const Message& message) {
  if (!device_.can_reset()) {
    finish(message, EINVAL);
    co_return;
  }
  co_await device_.reset();
  interrupts_.forget();
  interrupts_.set_enabled(false);
  if (page_) page_->clear();
  finish(message, 0);
}

// --- The function's requests -----------------------------------------------------------------------------------------

void Session::write(std::uint64_t address, std::span<const std::byte> data) {
  if (address < GuestMemory::kInterruptPage) return dma_.write(address, data);
  std::uint32_t vector = 0;
  if (address != GuestMemory::kInterruptPage || data.size() != sizeof vector) return counters_.dma_faults.add();
  std::memcpy(&vector, data.data(), sizeof vector);
  interrupts_.fire(vector, dma_.writes_sent(), dma_.writes_done());
}

// --- Answers ---------------------------------------------------------------------------------------------------------

// An interrupt that came before the answer is not behind it.
void Session::reply(const Message& message, std::span<const std::byte> head, std::span<const std::byte> data) {
  interrupts_.deliver_now();
  if (!message.wants_reply()) return;
  connection_->send({message.header.id, message.header.command, 0, kTypeReply, 0}, head, data);
}

void Session::finish(const Message& message, int error) {
  if (error == 0) return reply(message);
  counters_.refused.add();
  if (!message.wants_reply()) return;
  connection_->send(
      {message.header.id, message.header.command, 0, kTypeReply | kError, static_cast<std::uint32_t>(error)}, {}, {});
}

}  // namespace cardvp::host::vfio_user
