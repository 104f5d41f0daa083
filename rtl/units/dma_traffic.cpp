#include "rtl/units/dma_traffic.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace cardvp::rtl {
namespace {

using dma::DmaError;

// An RTL that reads further ahead of its writes is not held against its source.
constexpr std::size_t kMostSource = 1 << 20;

bool within(std::uint64_t address, std::size_t size, std::uint64_t first, std::uint64_t last) {
  return address >= first && address <= last && size - 1 <= last - address;
}

std::string byte_at(std::uint64_t address) { return fmt::format("byte at {:#x}", address); }

}  // namespace

void DmaTraffic::begin() {
  index_ = ring_.head();
  done_.clear();
  start();
}

void DmaTraffic::start() {
  fetched_.reset();
  errors_.reset();
  copying_ = false;
  source_.clear();
  source_bytes_ = 0;
  written_.clear();
}

void DmaTraffic::next() {
  done_.push_back(descriptor_);
  index_ = ring_.after(index_);
  start();
}

std::string DmaTraffic::text() const {
  if (!copying_) return fmt::format("descriptor {}", index_);
  return fmt::format("descriptor {}: {} bytes from {:#x} to {:#x}", index_, descriptor_.length, descriptor_.source,
                     descriptor_.destination);
}

DmaError DmaTraffic::expected() const {
  for (std::size_t error = 0; error < errors_.size(); ++error)
    if (errors_[error]) return static_cast<DmaError>(error);
  return DmaError::kNone;
}

void DmaTraffic::read(std::uint64_t address, std::span<const std::uint8_t> data, Response response) {
  if (!is_okay(response) && data.size() > word_) return;
  ++accesses_;
  const bool next_one = copying_ && errors_.none() && address == ring_.address_of(ring_.after(index_)) &&
                        ring_.after(index_) != ring_.tail();
  if (copying_ && of_source(address, data.size())) {
    if (is_okay(response))
      keep(address, data);
    else
      fail(DmaError::kRead);
    return;
  }
  if (next_one) leave();
  if (!fetches(address, data.size())) return unexpected("read", address, data);
  fetch(address, data, response);
}

bool DmaTraffic::fetches(std::uint64_t address, std::size_t size) const {
  const std::uint64_t first = ring_.address_of(index_);
  return !copying_ && ring_.running() && index_ != ring_.tail() &&
         within(address, size, first, first + (sizeof descriptor_ - 1));
}

void DmaTraffic::fetch(std::uint64_t address, std::span<const std::uint8_t> data, Response response) {
  if (!is_okay(response)) return fail(DmaError::kFetch);
  const std::size_t offset = address - ring_.address_of(index_);
  std::memcpy(reinterpret_cast<std::uint8_t*>(&descriptor_) + offset, data.data(), data.size());
  for (std::size_t i = 0; i < data.size(); ++i) fetched_.set(offset + i);
  if (!fetched_.all() || errors_.any()) return;
  if (!dma::usable(descriptor_)) return fail(DmaError::kDescriptor);
  if (descriptor_.length == 0) return next();
  const std::uint64_t from = descriptor_.source, to = descriptor_.destination;
  copying_ = true;
  comparable_ = std::max(from, to) - std::min(from, to) >= descriptor_.length;
}

bool DmaTraffic::of_source(std::uint64_t address, std::size_t size) const {
  const std::uint64_t first = descriptor_.source, last = first + (descriptor_.length - 1), low = word_ - 1;
  return within(address, size, first & ~low, last | low);
}

void DmaTraffic::keep(std::uint64_t address, std::span<const std::uint8_t> data) {
  if (!comparable_ || errors_.any()) return;
  source_.push_back({address, {data.begin(), data.end()}});
  source_bytes_ += data.size();
  if (source_bytes_ > kMostSource) comparable_ = false;
}

void DmaTraffic::write(std::uint64_t address, std::span<const std::uint8_t> data, Response response) {
  ++accesses_;
  if (!copying_) return unexpected("write", address, data);
  const std::uint64_t first = descriptor_.destination, last = first + (descriptor_.length - 1);
  const std::uint64_t before = address < first ? std::min<std::uint64_t>(data.size(), first - address) : 0;
  if (before > 0) unexpected("write", address, data.first(before));
  address += before;
  data = data.subspan(before);
  const std::uint64_t inside =
      data.empty() || address > last ? 0 : std::min<std::uint64_t>(data.size() - 1, last - address) + 1;
  if (inside > 0) {
    if (written(address - first, inside))
      lockstep_.text("written once", "written again", byte_at(address).c_str(), [this] { return text(); });
    else
      compare(address - first, data.first(inside));
    mark(address - first, inside);
  }
  if (inside < data.size()) unexpected("write", address + inside, data.subspan(inside));
  if (!is_okay(response)) fail(DmaError::kWrite);
  if (complete() && errors_.none()) next();
}

void DmaTraffic::compare(std::uint64_t offset, std::span<const std::uint8_t> data) {
  if (!comparable_ || errors_.any()) return;
  while (!data.empty()) {
    std::size_t size = data.size();
    const std::uint8_t* const model = source_byte(descriptor_.source + offset, size);
    const auto transaction = [this] { return text(); };
    if (!model) {
      lockstep_.text("none before it is read", fmt::format("{:#04x}", data.front()),
                     byte_at(descriptor_.destination + offset).c_str(), transaction);
      return;
    }
    const std::span<const std::uint8_t> rtl = data.first(size);
    const auto different = std::mismatch(rtl.begin(), rtl.end(), model).first;
    if (different != rtl.end()) {
      const auto at = static_cast<std::size_t>(different - rtl.begin());
      lockstep_.value(model[at], rtl[at], byte_at(descriptor_.destination + offset + at).c_str(), transaction);
    } else {
      lockstep_.bytes({model, size}, rtl, "data", transaction);
    }
    data = data.subspan(size);
    offset += size;
  }
}

// Where `address` was read to, and how many bytes of the `size` that are wanted are there.
const std::uint8_t* DmaTraffic::source_byte(std::uint64_t address, std::size_t& size) const {
  for (const Source& source : source_) {
    if (!within(address, 1, source.address, source.last())) continue;
    const std::size_t offset = address - source.address;
    size = std::min(size, source.bytes.size() - offset);
    return source.bytes.data() + offset;
  }
  return nullptr;
}

bool DmaTraffic::written(std::uint64_t offset, std::uint64_t size) const {
  const auto behind = written_.lower_bound(offset + size);
  return behind != written_.begin() && std::prev(behind)->second > offset;
}

void DmaTraffic::mark(std::uint64_t offset, std::uint64_t size) {
  std::uint64_t first = offset, end = offset + size;
  auto next = written_.upper_bound(first);
  if (next != written_.begin() && std::prev(next)->second >= first) --next;
  while (next != written_.end() && next->first <= end) {
    first = std::min(first, next->first);
    end = std::max(end, next->second);
    next = written_.erase(next);
  }
  written_.emplace_hint(next, first, end);
  release();
}

// What has been written needs no source any longer.
void DmaTraffic::release() {
  const auto& [first, end] = *written_.begin();
  while (first == 0 && !source_.empty() && source_.front().last() < descriptor_.source + end) {
    source_bytes_ -= source_.front().bytes.size();
    source_.pop_front();
  }
}

bool DmaTraffic::complete() const {
  return !written_.empty() && written_.begin()->first == 0 && written_.begin()->second == descriptor_.length;
}

bool DmaTraffic::leave() {
  if (!copying_) return false;
  const std::uint64_t missing = written_.empty() || written_.begin()->first > 0 ? 0 : written_.begin()->second;
  if (missing < descriptor_.length) {
    std::size_t size = 1;
    const std::uint8_t* const model = source_byte(descriptor_.source + missing, size);
    lockstep_.text(model ? fmt::format("{:#04x}", *model) : "a write", "none: it was never written",
                   byte_at(descriptor_.destination + missing).c_str(), [this] { return text(); });
  } else if (errors_.any()) {
    lockstep_.value(static_cast<std::uint64_t>(expected()), 0, "ERROR.CODE", [this] { return text(); });
  }
  next();
  return true;
}

void DmaTraffic::unexpected(const char* what, std::uint64_t address, std::span<const std::uint8_t> data) {
  lockstep_.text("none", fmt::format("{} bytes, the first {:#04x}", data.size(), data.front()),
                 fmt::format("{} at {:#x}", what, address).c_str(), [this] { return text(); });
}

}  // namespace cardvp::rtl
