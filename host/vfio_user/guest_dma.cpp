#include "host/vfio_user/guest_dma.h"

#include <algorithm>
#include <cstring>

namespace cardvp::host::vfio_user {

// --- Writes ----------------------------------------------------------------------------------------------------------

void GuestDma::write(std::uint64_t address, std::span<const std::byte> data) {
  while (!data.empty()) {
    const auto piece = memory_.first_piece(address, data.size(), true);
    std::size_t part = std::min<std::size_t>(data.size(), GuestMemory::kPage - address % GuestMemory::kPage);
    if (!piece) {
      faults_.add();
    } else if (piece->at) {
      part = piece->size;
      std::memcpy(piece->at, data.data(), part);
    } else {
      part = std::min(piece->size, transfer_);
      Outstanding request{.command = Command::kDmaWrite, .address = address, .count = part, .number = ++sent_};
      done_beyond_.push_back(false);
      send(request, data.first(part));
    }
    address += part;
    data = data.subspan(part);
  }
}

void GuestDma::write_done(std::uint64_t number) {
  done_beyond_[number - done_ - 1] = true;
  for (; !done_beyond_.empty() && done_beyond_.front(); ++done_) done_beyond_.pop_front();
}

// --- Reads -----------------------------------------------------------------------------------------------------------

void GuestDma::read(DmaRead& read) {
  Read& state = reads_[&read];
  std::byte* to = read.buffer();
  for (const DmaSegment& segment : read.segments()) {
    for (std::size_t at = 0; at < segment.size && state.status == DmaStatus::kOk;) {
      const std::uint64_t address = segment.address + at;
      const auto piece = memory_.first_piece(address, segment.size - at, false);
      if (!piece) {
        faults_.add();
        state.status = DmaStatus::kUnsupportedRequest;
        break;
      }
      if (piece->at)
        std::memcpy(to + at, piece->at, piece->size);
      else
        state.left += request(read, address, to + at, piece->size);
      at += piece->size;
    }
    to += segment.size;
  }
  if (state.left > 0) return;
  const DmaStatus status = state.status;
  reads_.erase(&read);
  read.complete(status);
}

// How many messages it takes.
std::size_t GuestDma::request(DmaRead& read, std::uint64_t address, std::byte* to, std::size_t size) {
  std::size_t messages = 0;
  for (std::size_t at = 0; at < size; ++messages) {
    const std::size_t part = std::min(size - at, transfer_);
    Outstanding request{
        .command = Command::kDmaRead, .address = address + at, .count = part, .read = &read, .to = to + at};
    send(request, {});
    at += part;
  }
  return messages;
}

void GuestDma::abandon(DmaRead& read) {
  if (reads_.erase(&read) == 0) return;
  for (auto& [id, request] : outstanding_)
    if (request.read == &read) request.read = nullptr;
}

void GuestDma::fail_reads() {
  for (auto& [id, request] : outstanding_) request.read = nullptr;
  for (auto& [read, state] : std::exchange(reads_, {})) read->complete(DmaStatus::kUnsupportedRequest);
}

// --- Messages --------------------------------------------------------------------------------------------------------

void GuestDma::send(const Outstanding& request, std::span<const std::byte> data) {
  if (outstanding_.size() >= kMostOutstanding) return outbox_.refuse("it does not answer DMA");
  while (outstanding_.contains(next_id_)) ++next_id_;
  outstanding_.emplace(next_id_, request);
  const Header header{next_id_++, static_cast<std::uint16_t>(request.command), 0, kTypeCommand, 0};
  const DmaAccess access{request.address, request.count};
  outbox_.send(header, bytes_of(access), data);
}

bool GuestDma::answered(const Message& message) {
  const auto found = outstanding_.find(message.header.id);
  if (found == outstanding_.end() || found->second.command != message.command()) return false;
  const Outstanding request = found->second;
  const bool failed = message.header.flags & kError;
  const bool is_read = request.command == Command::kDmaRead;
  if (!failed) {
    const auto access = message.head<DmaAccess>();
    if (!access || access->address != request.address || access->count != request.count) return false;
    if (message.behind(sizeof *access).size() != (is_read ? request.count : 0)) return false;
  }
  outstanding_.erase(found);
  if (failed) faults_.add();
  if (!is_read) {
    write_done(request.number);
  } else if (request.read) {
    if (!failed) std::memcpy(request.to, message.behind(sizeof(DmaAccess)).data(), request.count);
    part_read(*request.read, !failed);
  }
  return true;
}

void GuestDma::part_read(DmaRead& read, bool ok) {
  const auto found = reads_.find(&read);
  if (!ok) found->second.status = DmaStatus::kUnsupportedRequest;
  if (--found->second.left > 0) return;
  const DmaStatus status = found->second.status;
  reads_.erase(found);
  read.complete(status);
}

}  // namespace cardvp::host::vfio_user
