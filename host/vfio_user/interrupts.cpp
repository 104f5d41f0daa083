#include "host/vfio_user/interrupts.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

namespace cardvp::host::vfio_user {
namespace {

// Anything else could block the server when it is written to.
bool is_eventfd(int fd) {
  constexpr std::string_view kName = "anon_inode:[eventfd]";
  char name[kName.size() + 1];
  const auto size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name, sizeof name);
  return size > 0 && std::string_view(name, static_cast<std::size_t>(size)) == kName;
}

bool make_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

}  // namespace

int Interrupts::set(const SetIrqs& request, std::span<const std::byte> data, std::vector<Descriptor>& descriptors) {
  if (request.argsz < sizeof request || request.index >= kIrqs) return EINVAL;
  if (request.index == kIrqMsix) return set_msix(request, data, descriptors);
  // The others are not there, but may be switched off: QEMU does so before it uses MSI-X.
  const bool off = request.flags == (kIrqDataNone | kIrqTrigger) && request.count == 0 && descriptors.empty();
  return off ? 0 : EINVAL;
}

int Interrupts::set_msix(const SetIrqs& request, std::span<const std::byte> data,
                         std::vector<Descriptor>& descriptors) {
  if (request.start > vectors() || request.count > vectors() - request.start) return EINVAL;
  const unsigned end = request.start + request.count;
  switch (request.flags) {
    case kIrqDataEventfd | kIrqTrigger: return bind(request, descriptors);
    case kIrqDataNone | kIrqTrigger:
      if (!descriptors.empty()) return EINVAL;
      if (request.count == 0) unbind(0, vectors());
      for (unsigned vector = request.start; vector < end; ++vector) signal(vector);
      return 0;
    case kIrqDataBool | kIrqTrigger:
      if (!descriptors.empty() || request.count == 0 || data.size() != request.count) return EINVAL;
      for (unsigned vector = request.start; vector < end; ++vector)
        if (data[vector - request.start] != std::byte{0}) signal(vector);
      return 0;
    default: return EINVAL;  // masks are the client's business
  }
}

int Interrupts::bind(const SetIrqs& request, std::vector<Descriptor>& descriptors) {
  if (request.count == 0) return EINVAL;
  if (descriptors.empty()) {
    unbind(request.start, request.start + request.count);
    enabled_by_client_ = true;
    return 0;
  }
  if (descriptors.size() != request.count) return EINVAL;
  const auto fits = [](const Descriptor& each) { return is_eventfd(each.get()) && make_nonblocking(each.get()); };
  if (!std::all_of(descriptors.begin(), descriptors.end(), fits)) return EINVAL;
  enabled_by_client_ = true;
  for (unsigned i = 0; i < request.count; ++i) {
    Vector& vector = vectors_[request.start + i];
    vector.eventfd = std::move(descriptors[i]);
    if (std::exchange(vector.pending, false)) signal(request.start + i);
  }
  return 0;
}

void Interrupts::unbind(unsigned first, unsigned end) {
  for (unsigned vector = first; vector < end; ++vector) vectors_[vector].eventfd = Descriptor();
  enabled_by_client_ = false;
}

void Interrupts::signal(unsigned vector) {
  Vector& state = vectors_[vector];
  if (state.eventfd) {
    const std::uint64_t one = 1;
    // If it does not go in, there are as many in it already as there can be.
    [[maybe_unused]] const auto written = ::write(state.eventfd.get(), &one, sizeof one);
    signalled_.add();
  } else if (enabled_ || enabled_by_client_) {
    state.pending = true;
  } else {
    dropped_.add();
  }
}

void Interrupts::fire(unsigned vector, std::uint64_t writes, std::uint64_t done) {
  if (vector >= vectors()) return dropped_.add();
  Vector& state = vectors_[vector];
  if (state.waiting) {
    state.again = writes;
  } else if (writes <= done) {
    if (!std::exchange(state.due, true)) due_.push_back(vector);
  } else {
    state.waiting = true;
    waiting_.push_back({writes, vector});
  }
}

void Interrupts::deliver() {
  if (due_.empty()) return;
  const Clock::time_point now = Clock::now();
  if (now - delivered_at_ < gap_) return;
  delivered_at_ = now;
  deliver_now();
}

void Interrupts::deliver_now() {
  for (const unsigned vector : due_) {
    vectors_[vector].due = false;
    signal(vector);
  }
  due_.clear();
}

void Interrupts::writes_done(std::uint64_t done) {
  while (!waiting_.empty() && waiting_.front().writes <= done) {
    const unsigned vector = waiting_.front().vector;
    waiting_.pop_front();
    Vector& state = vectors_[vector];
    signal(vector);
    const std::uint64_t again = std::exchange(state.again, 0);
    state.waiting = again > done;  // else it is the same edge
    if (!state.waiting) continue;
    const auto place = std::upper_bound(waiting_.begin(), waiting_.end(), again,
                                        [](std::uint64_t writes, const Waiting& each) { return writes < each.writes; });
    waiting_.insert(place, {again, vector});
  }
}

void Interrupts::forget() {
  waiting_.clear();
  due_.clear();
  for (Vector& each : vectors_) {
    each.pending = each.waiting = each.due = false;
    each.again = 0;
  }
}

}  // namespace cardvp::host::vfio_user
