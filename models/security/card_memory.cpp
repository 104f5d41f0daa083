#include "models/security/card_memory.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace cardvp::security {
namespace {

constexpr std::size_t kChunk = 4096;

bool in_address_space(std::uint64_t address, std::uint64_t size) {
  return size == 0 || size - 1 <= std::numeric_limits<std::uint64_t>::max() - address;
}

}  // namespace

const CardMemory::Region* CardMemory::find(std::uint64_t address, bool write) {
  for (const Region& region : regions_)
    if (address >= region.first && address <= region.last && (write ? region.writable : region.readable))
      return &region;
  tlm::tlm_generic_payload payload;
  payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(address);
  tlm::tlm_dmi dmi;
  if (!socket_->get_direct_mem_ptr(payload, dmi)) return nullptr;
  const Region granted{dmi.get_start_address(), dmi.get_end_address(),  reinterpret_cast<std::byte*>(dmi.get_dmi_ptr()),
                       dmi.is_read_allowed(),   dmi.is_write_allowed(), dmi.get_read_latency()};
  if (address < granted.first || address > granted.last || !(write ? granted.writable : granted.readable))
    return nullptr;
  return &regions_.emplace_back(granted);
}

void CardMemory::invalidate(std::uint64_t first, std::uint64_t last) {
  std::erase_if(regions_, [&](const Region& region) { return region.first <= last && region.last >= first; });
}

const std::byte* CardMemory::direct_read(std::uint64_t address, std::uint64_t size) {
  const Region* const region = find(address, false);
  return region && size - 1 <= region->last - address ? region->data + (address - region->first) : nullptr;
}

std::byte* CardMemory::direct_write(std::uint64_t address, std::uint64_t size) {
  const Region* const region = find(address, true);
  return region && size - 1 <= region->last - address ? region->data + (address - region->first) : nullptr;
}

std::size_t CardMemory::piece(const Region* region, std::uint64_t address, std::size_t size) const {
  const std::uint64_t most = region ? region->last - address : kChunk - address % kChunk - 1;
  return size - 1 <= most ? size : static_cast<std::size_t>(most + 1);
}

bool CardMemory::transport(tlm::tlm_command command, std::uint64_t address, std::byte* data, std::size_t size,
                           sc_core::sc_time& delay) {
  tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(reinterpret_cast<unsigned char*>(data));
  payload.set_data_length(static_cast<unsigned>(size));
  payload.set_streaming_width(static_cast<unsigned>(size));
  socket_->b_transport(payload, delay);
  return payload.is_response_ok();
}

bool CardMemory::read(std::uint64_t address, std::span<std::byte> to, sc_core::sc_time& delay) {
  if (!in_address_space(address, to.size())) return false;
  while (!to.empty()) {
    const Region* const region = find(address, false);
    const std::size_t size = piece(region, address, to.size());
    if (region) {
      std::memcpy(to.data(), region->data + (address - region->first), size);
      delay += region->read_latency;
    } else if (!transport(tlm::TLM_READ_COMMAND, address, to.data(), size, delay)) {
      return false;
    }
    address += size;
    to = to.subspan(size);
  }
  return true;
}

// Transactions first, since they can fail.
bool CardMemory::write(std::uint64_t address, std::span<const std::byte> from) {
  if (!in_address_space(address, from.size())) return false;
  for (const bool directly : {false, true}) {
    for (std::size_t at = 0, size = 0; at < from.size(); at += size) {
      const Region* const region = find(address + at, true);
      size = piece(region, address + at, from.size() - at);
      if (directly != (region != nullptr)) continue;
      if (region) {
        std::memcpy(region->data + (address + at - region->first), from.data() + at, size);
        continue;
      }
      std::byte* const data = const_cast<std::byte*>(from.data() + at);  // a write does not change it
      sc_core::sc_time delay;
      if (!transport(tlm::TLM_WRITE_COMMAND, address + at, data, size, delay)) return false;
    }
  }
  return true;
}

bool CardMemory::decodes(std::uint64_t address, std::uint64_t size) {
  if (!in_address_space(address, size)) return false;
  std::array<std::byte, kChunk> nothing;
  for (std::uint64_t at = 0, done = 0; at < size; at += done) {
    const Region* const region = find(address + at, true);
    done = piece(region, address + at, size - at);
    sc_core::sc_time delay;
    if (!region && !transport(tlm::TLM_IGNORE_COMMAND, address + at, nothing.data(), done, delay)) return false;
  }
  return true;
}

MemoryInput::MemoryInput(CardMemory& memory, std::uint64_t address, std::uint32_t size) {
  if (size == 0) return;
  if (const std::byte* const direct = memory.direct_read(address, size)) {
    bytes_ = {direct, size};
    return;
  }
  sc_core::sc_time delay;
  // Grows as it is read, so that a range that is not there costs no memory.
  while (ok_ && copy_.size() < size) {
    const std::size_t had = copy_.size();
    const std::size_t more = std::min<std::size_t>(size - had, kChunk - (address + had) % kChunk);
    copy_.resize(had + more);
    ok_ = memory.read(address + had, std::span(copy_).subspan(had), delay);
  }
  if (ok_) bytes_ = copy_;
}

MemoryInput::~MemoryInput() { OPENSSL_cleanse(copy_.data(), copy_.size()); }

MemoryOutput::MemoryOutput(CardMemory& memory, std::uint64_t address, std::uint32_t size)
    : memory_(memory), address_(address) {
  if (size == 0) return;
  if (std::byte* const direct = memory.direct_write(address, size)) {
    bytes_ = {direct, size};
    return;
  }
  ok_ = memory.decodes(address, size);
  if (!ok_) return;
  copy_.resize(size);
  bytes_ = copy_;
}

MemoryOutput::~MemoryOutput() { OPENSSL_cleanse(copy_.data(), copy_.size()); }

bool MemoryOutput::finish() { return copy_.empty() || memory_.write(address_, copy_); }

}  // namespace cardvp::security
