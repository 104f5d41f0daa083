#include "host/vfio_user/device.h"

#include <algorithm>
#include <cstring>

#include "host/pci_config.h"
#include "host/root_complex.h"
#include "host/vfio_user/guest_memory.h"
#include "host/vfio_user/protocol.h"

namespace cardvp::host::vfio_user {

using pcie::Completion;
using sc_core::SC_MS;
using sc_core::sc_time;

namespace {

void fill_with_ones(std::span<std::byte> to) { std::fill(to.begin(), to.end(), std::byte{0xff}); }

// The largest naturally aligned piece, of at most `most` bytes, at the start of a range.
unsigned aligned_piece(std::uint64_t offset, std::size_t left, unsigned most) {
  unsigned size = most;
  while (offset % size != 0 || size > left) size /= 2;
  return size;
}

}  // namespace

Device::Device(Scheduler& scheduler, const PciFunction& function)
    : scheduler_(scheduler), function_(function), view_(function_) {}

std::uint64_t Device::region_size(std::uint32_t region) const {
  if (region < kBars) return function_.bars[region].size;
  return region == kRegionConfig ? kConfigSize : 0;
}

bool Device::touches_msix(unsigned bar, std::uint64_t offset, std::uint64_t size) const {
  if (!function_.msix) return false;
  const PciFunction::MsiX& msix = *function_.msix;
  const auto touches = [&](unsigned its_bar, std::uint64_t start, std::uint64_t bytes) {
    return bar == its_bar && offset < start + bytes && start < offset + size;
  };
  return touches(msix.table_bar, msix.table, std::uint64_t{msix.vectors} * pci::kMsixEntry) ||
         touches(msix.pending_bar, msix.pending, (msix.vectors + 63) / 64 * 8);
}

// --- Configuration space ---------------------------------------------------------------------------------------------

Task<> Device::read_config(std::uint64_t offset, std::span<std::byte> to) {
  pcie::Link& link = function_.root().link();
  for (std::size_t at = 0; at < to.size();) {
    const unsigned size = aligned_piece(offset + at, to.size() - at, 4);
    const auto dword = static_cast<std::uint16_t>((offset + at) & ~3ull);
    if (gone_) co_return fill_with_ones(to.subspan(at));
    const pcie::ReadResult real = co_await link.config_read(function_.bus(), function_.number(), dword, 4);
    std::uint32_t value = ~0u;
    if (real.status == Completion::kSuccess) value = view_.read(dword, static_cast<std::uint32_t>(real.value));
    value >>= (offset + at) % 4 * 8;
    std::memcpy(&to[at], &value, size);
    at += size;
  }
}

Task<bool> Device::write_config(std::uint64_t offset, std::span<const std::byte> data) {
  bool was_reset = false;
  for (std::size_t at = 0; at < data.size() && !gone_;) {
    const unsigned size = aligned_piece(offset + at, data.size() - at, 4);
    const auto place = static_cast<std::uint16_t>(offset + at);
    std::uint32_t value = 0;
    std::memcpy(&value, &data[at], size);
    at += size;
    const ConfigView::Then then = view_.write(place, size, value);
    if (then == ConfigView::Then::kNothing) continue;
    co_await function_.config_write(place, value, size);
    if (then == ConfigView::Then::kPass) continue;
    was_reset = true;
    co_await restore();
  }
  co_return was_reset;
}

// --- BARs ------------------------------------------------------------------------------------------------------------

Task<> Device::read_bar(unsigned bar, std::uint64_t offset, std::span<std::byte> to) {
  pcie::Link& link = function_.root().link();
  for (std::size_t at = 0; at < to.size();) {
    const unsigned size = aligned_piece(offset + at, to.size() - at, 8);
    if (gone_) co_return fill_with_ones(to.subspan(at));
    std::uint64_t value = ~0ull;
    if (touches_msix(bar, offset + at, size)) {
      value = 0;
    } else if (view_.memory_enabled()) {
      const pcie::ReadResult result = co_await link.memory_read(function_.bars[bar].address + offset + at, size);
      if (result.status == Completion::kSuccess) value = result.value;
    }
    std::memcpy(&to[at], &value, size);
    at += size;
  }
}

void Device::post(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) {
  if (gone_ || !view_.memory_enabled()) return;
  while (!data.empty()) {
    // As a processor that combines its writes sends it; where MSI-X is near, piece by piece.
    std::size_t size = std::min<std::size_t>(data.size(), 64 - offset % 64);
    if (touches_msix(bar, offset, size)) size = aligned_piece(offset, size, 8);
    if (!touches_msix(bar, offset, size)) {
      function_.write(bar, offset, data.first(size));
      ++posted_;
    }
    offset += size;
    data = data.subspan(size);
  }
}

Task<> Device::flush() {
  posted_ = 0;
  if (!gone_) co_await function_.config_read(pci::kRevision);
}

// --- Either ----------------------------------------------------------------------------------------------------------

Task<> Device::read(std::uint32_t region, std::uint64_t offset, std::span<std::byte> to) {
  return region == kRegionConfig ? read_config(offset, to) : read_bar(region, offset, to);
}

Task<bool> Device::write(std::uint32_t region, std::uint64_t offset, std::span<const std::byte> data) {
  if (region == kRegionConfig) co_return co_await write_config(offset, data);
  while (!data.empty()) {
    if (busy()) co_await flush();
    const std::size_t part = std::min(data.size(), kAtOnce);
    post(region, offset, data.first(part));
    offset += part;
    data = data.subspan(part);
  }
  co_return false;
}

// --- Resets ----------------------------------------------------------------------------------------------------------

void Device::vanish() {
  gone_ = true;
  posted_ = 0;
}

Task<> Device::reset() {
  if (gone_) co_return;
  co_await function_.config_write(pci::kCommand, 0, 2);
  if (function_.pcie_capability) {
    const auto control = static_cast<std::uint16_t>(function_.pcie_capability + pci::kDeviceControl);
    const std::uint32_t value = co_await function_.config_read(control, 2);
    co_await function_.config_write(control, value | pci::kDeviceControlFlr, 2);
  }
  co_await restore();
}

// A function may take up to 100 ms (6.6.2); until then it does not answer.
Task<> Device::wait_ready() {
  pcie::Link& link = function_.root().link();
  for (unsigned left = 100; left > 0; --left) {
    const pcie::ReadResult result = co_await link.config_read(function_.bus(), function_.number(), pci::kRevision, 4);
    if (result.status == Completion::kSuccess) break;
    if (result.status == Completion::kLinkDown) break;
    co_await scheduler_.delay(sc_time(1, SC_MS));
  }
}

// After a reset: the BARs where the host has them, and MSI-X on, every vector with its number for the interrupt page.
Task<> Device::restore() {
  view_.reset();
  co_await wait_ready();
  if (gone_) co_return;
  for (unsigned i = 0; i < kBars && !function_.is_virtual; ++i) {
    const PciFunction::Bar& bar = function_.bars[i];
    if (bar.size == 0) continue;
    const auto at = static_cast<std::uint16_t>(pci::kBar0 + 4 * i);
    co_await function_.config_write(at, static_cast<std::uint32_t>(bar.address));
    const auto upper = static_cast<std::uint32_t>(bar.address >> 32);
    if (upper != 0) co_await function_.config_write(static_cast<std::uint16_t>(at + 4), upper);
  }
  if (!function_.msix) co_return;
  const std::uint32_t command = co_await function_.config_read(pci::kCommand, 2);
  co_await function_.config_write(pci::kCommand, command | pci::kCommandMemory, 2);
  for (unsigned vector = 0; vector < vectors(); ++vector)
    function_.set_vector(vector, {GuestMemory::kInterruptPage, vector});
  co_await function_.enable_msix(true);  // behind what was posted
  co_await function_.config_write(pci::kCommand, command, 2);
}

}  // namespace cardvp::host::vfio_user
