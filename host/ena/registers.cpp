#include "host/ena/registers.h"

#include <algorithm>

#include "host/root_complex.h"

namespace cardvp::host::ena {

using sc_core::sc_time;

void Registers::open(const PciFunction& function) {
  function_ = function;
  readless_ = !(function.revision & 1);
  if (!response_) response_ = Buffer(memory_, kPageSize);
  id_ = 0;
  announce();
}

void Registers::close() { write_address(reg::kResponse, 0); }

void Registers::write_address(std::uint16_t offset, std::uint64_t value) const {
  write(offset, static_cast<std::uint32_t>(value));
  write(static_cast<std::uint16_t>(offset + 4), static_cast<std::uint32_t>(value >> 32));
}

Task<std::optional<std::uint32_t>> Registers::read(std::uint16_t offset) {
  std::optional<std::uint32_t> value;
  if (readless_) {
    value = co_await request(offset);
  } else {
    value = co_await function_->read32(0, offset);
  }
  if (value == ~0u) value.reset();
  co_return value;
}

Task<std::optional<std::uint32_t>> Registers::request(std::uint16_t offset) {
  constexpr std::uint16_t kNoId = 0xdead;
  const sc_time kFirstPause(1, sc_core::SC_US);
  const sc_time kLongestPause(100, sc_core::SC_US);
  volatile RegisterResponse* const response = response_.as<RegisterResponse>();
  ++id_;
  response->id = static_cast<std::uint16_t>(id_ + kNoId);
  write(reg::kRegisterRead, std::uint32_t{offset} << 16 | id_);
  const sc_time deadline = scheduler_.now() + timeout_;
  for (sc_time pause = kFirstPause; response->id != id_; pause = std::min(2 * pause, kLongestPause)) {
    if (scheduler_.now() >= deadline || !function_->root().link_up()) co_return std::nullopt;
    co_await scheduler_.delay(pause);
  }
  if (response->offset != offset) co_return std::nullopt;
  co_return response->value;
}

}  // namespace cardvp::host::ena
