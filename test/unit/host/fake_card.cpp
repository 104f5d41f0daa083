#include "test/unit/host/fake_card.h"

namespace cardvp::host {

FakeFunction::FakeFunction(std::uint32_t id, std::uint32_t class_and_revision) {
  set(0x00, id);
  set(0x08, class_and_revision);
  let_write(0x04, 0x0406);
}

void FakeFunction::add_bar(unsigned index, std::uint64_t size, std::uint32_t kind) {
  set(bar_offset(index), kind);
  const std::uint64_t mask = ~(size - 1) & ~0xfull;
  let_write(bar_offset(index), static_cast<std::uint32_t>(mask));
  if ((kind & 6) == 4) let_write(bar_offset(index + 1), static_cast<std::uint32_t>(mask >> 32));
}

std::uint16_t FakeFunction::add_capability(std::uint8_t id, std::uint16_t size) {
  const std::uint16_t offset = next_capability_;
  next_capability_ = static_cast<std::uint16_t>((offset + size + 3) & ~3);
  set(offset, id, 1);
  set(last_capability_ ? static_cast<std::uint16_t>(last_capability_ + 1) : std::uint16_t{0x34}, offset, 1);
  set(0x06, 0x10, 2);
  last_capability_ = offset;
  return offset;
}

std::uint16_t FakeFunction::add_msix(unsigned vectors, std::uint32_t table, std::uint32_t pending) {
  const std::uint16_t offset = add_capability(0x11, 12);
  set(static_cast<std::uint16_t>(offset + 2), vectors - 1, 2);
  set(static_cast<std::uint16_t>(offset + 4), table);
  set(static_cast<std::uint16_t>(offset + 8), pending);
  let_write(offset, 0xc0000000);
  return offset;
}

std::uint32_t FakeFunction::get(std::uint16_t offset, unsigned size) const {
  std::uint32_t value = 0;
  if (offset + size <= space_.size()) std::memcpy(&value, &space_[offset], size);
  return value;
}

void FakeFunction::set(std::uint16_t offset, std::uint32_t value, unsigned size) {
  std::memcpy(&space_[offset], &value, size);
}

void FakeFunction::let_write(std::uint16_t offset, std::uint32_t mask) { std::memcpy(&writable_[offset], &mask, 4); }

void FakeFunction::config_write(std::uint16_t offset, unsigned size, std::uint32_t value) {
  if (offset + size > space_.size()) return;
  for (unsigned i = 0; i < size; ++i) {
    const auto byte = static_cast<std::uint8_t>(value >> 8 * i);
    const std::uint8_t mask = writable_[offset + i];
    space_[offset + i] = static_cast<std::uint8_t>((space_[offset + i] & ~mask) | (byte & mask));
  }
}

pcie::ReadResult FakeCard::config_read(std::uint8_t, std::uint8_t function, std::uint16_t offset, unsigned size) {
  ++config_reads;
  const auto found = functions_.find(function);
  if (found == functions_.end()) return {pcie::Completion::kUnsupportedRequest, ~0ull};
  return {pcie::Completion::kSuccess, found->second->get(offset, size)};
}

pcie::Completion FakeCard::config_write(std::uint8_t, std::uint8_t function, std::uint16_t offset, unsigned size,
                                        std::uint32_t value) {
  const auto found = functions_.find(function);
  if (found == functions_.end()) return pcie::Completion::kUnsupportedRequest;
  found->second->config_write(offset, size, value);
  return pcie::Completion::kSuccess;
}

}  // namespace cardvp::host
