#include "models/memory/nor_array.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace cardvp::memory {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::byte kErased{0xff};

}  // namespace

NorArray::NorArray(std::uint64_t size, std::span<const std::byte> image)
    : cells_(size), in_memory_((size + kPage - 1) / kPage) {
  assert(image.size() <= size);
  const std::uint64_t pages = (image.size() + kPage - 1) / kPage;
  const auto rest = std::copy(image.begin(), image.end(), cells_.bytes().begin());
  std::fill(rest, cells_.bytes().begin() + static_cast<std::ptrdiff_t>(std::min(size, pages * kPage)), kErased);
  std::fill_n(in_memory_.begin(), pages, true);
}

std::span<std::byte> NorArray::page(std::uint64_t number) const {
  return cells_.bytes().subspan(number * kPage, std::min(kPage, size() - number * kPage));
}

void NorArray::read(std::uint64_t offset, std::span<std::byte> to) const {
  while (!to.empty()) {
    const std::uint64_t number = offset / kPage;
    const std::size_t part = std::min<std::size_t>(to.size(), kPage - offset % kPage);
    if (in_memory_[number])
      std::copy_n(cells_.bytes().begin() + static_cast<std::ptrdiff_t>(offset), part, to.begin());
    else
      std::fill_n(to.begin(), part, kErased);
    to = to.subspan(part);
    offset += part;
  }
}

std::uint16_t NorArray::read(std::uint64_t offset) const {
  std::uint16_t value = 0;
  read(offset, std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

void NorArray::program(std::uint64_t offset, std::uint16_t value) {
  const std::uint16_t old = read(offset);
  const std::uint16_t now = old & value;
  if (now == old) return;
  if (const std::uint64_t number = offset / kPage; !in_memory_[number]) {
    std::ranges::fill(page(number), kErased);
    in_memory_[number] = true;
  }
  std::memcpy(cells_.bytes().data() + offset, &now, sizeof now);
  changed_ = true;
}

void NorArray::erase(std::uint64_t offset) {
  if (read(offset) == 0xffff) return;
  std::memset(cells_.bytes().data() + offset, 0xff, sizeof(std::uint16_t));
  changed_ = true;
}

NorArray::Run NorArray::run(std::uint64_t offset) const {
  const std::uint64_t number = offset / kPage;
  const bool wanted = in_memory_[number];
  std::uint64_t first = number, end = number + 1;
  while (first > 0 && in_memory_[first - 1] == wanted) --first;
  while (end < in_memory_.size() && in_memory_[end] == wanted) ++end;
  return {first * kPage, std::min(end * kPage, size()) - 1, wanted ? page(first).data() : nullptr};
}

std::vector<std::byte> NorArray::contents() const {
  for (std::uint64_t number = in_memory_.size(); number-- > 0;) {
    if (!in_memory_[number]) continue;
    const std::span<const std::byte> last = page(number);
    const auto used = std::find_if(last.rbegin(), last.rend(), [](std::byte byte) { return byte != kErased; });
    if (used == last.rend()) continue;
    std::vector<std::byte> all(number * kPage + static_cast<std::uint64_t>(last.rend() - used));
    read(0, all);
    return all;
  }
  return {};
}

}  // namespace cardvp::memory
