#include "host/root_complex.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <stdexcept>

namespace cardvp::host {

using sc_core::sc_time;

RootComplex::RootComplex(sc_core::sc_module_name name, Sim& sim, pcie::Link& link, Memory& memory)
    : Model(name, sim),
      link_(link),
      memory_(memory),
      link_event_(sim.scheduler),
      presence_event_(sim.scheduler),
      dma_faults_(counter("dma_faults", "requests")),
      interrupts_received_(counter("interrupts", "messages")),
      interrupts_dropped_(counter("interrupts_dropped", "messages")),
      failed_requests_(counter("failed_requests", "requests")) {
  link_.connect(*this);
}

Task<> RootComplex::notify_at(Trigger& trigger, sc_time time) {
  co_await scheduler().until(time);
  trigger.notify();
}

Task<bool> RootComplex::wait_link(sc_time timeout) {
  const sc_time deadline = now() + std::min(timeout, sc_core::sc_max_time() - now());
  TaskScope timer(scheduler());
  if (!link_up()) timer.spawn(notify_at(link_event_, deadline));
  while (!link_up() && now() < deadline) co_await link_event_;
  co_return link_up();
}

Task<std::optional<PciFunction>> RootComplex::wait_function(std::uint8_t function, sc_time timeout) {
  const sc_time deadline = now() + std::min(timeout, sc_core::sc_max_time() - now());
  TaskScope timer(scheduler());
  timer.spawn(notify_at(presence_event_, deadline));
  while (true) {
    // An announcement while probe() takes its time is not to be missed.
    const std::uint64_t seen = presence_changes_;
    std::optional<PciFunction> found = co_await probe(function);
    if (found || now() >= deadline) co_return found;
    if (seen == presence_changes_) co_await presence_event_;
  }
}

void RootComplex::link_changed(bool up) {
  log_.info(up ? "link up" : "link down");
  if (!up) virtual_.fill(std::nullopt);
  ++presence_changes_;
  presence_event_.notify();
  link_event_.notify();
}

void RootComplex::presence_changed(std::uint8_t function, bool present) {
  log_.info(present ? "function added" : "function removed", {{"function", unsigned{function}}});
  if (!present) {
    ++removals_[function];
    forget_virtual(function);
  }
  ++presence_changes_;
  presence_event_.notify();
}

Interrupt RootComplex::allocate_interrupt(std::function<void()> handler) {
  std::size_t index = interrupts_.size();
  if (!free_interrupts_.empty()) {
    index = free_interrupts_.back();
    free_interrupts_.pop_back();
    interrupts_[index] = std::move(handler);
  } else {
    if (index == kTargets * kVectorsPerTarget) throw std::runtime_error("the host has no interrupt left");
    interrupts_.push_back(std::move(handler));
  }
  return {kMsiWindow + index / kVectorsPerTarget * 0x1000,
          static_cast<std::uint32_t>(index % kVectorsPerTarget + kFirstVector)};
}

void RootComplex::free_interrupt(const Interrupt& interrupt) {
  const std::size_t index =
      (interrupt.address - kMsiWindow) / 0x1000 * kVectorsPerTarget + interrupt.data - kFirstVector;
  assert(index < interrupts_.size() && interrupts_[index]);
  interrupts_[index] = nullptr;
  free_interrupts_.push_back(static_cast<unsigned>(index));
}

bool RootComplex::interrupt_message(std::uint64_t address, std::span<const std::byte> data) {
  std::uint32_t vector = 0;
  if (data.size() != sizeof vector || address % 0x1000 != 0) return false;
  std::memcpy(&vector, data.data(), sizeof vector);
  if (vector < kFirstVector || vector >= kFirstVector + kVectorsPerTarget) return false;
  const std::size_t index = (address - kMsiWindow) / 0x1000 * kVectorsPerTarget + vector - kFirstVector;
  if (index >= interrupts_.size() || !interrupts_[index]) return false;
  interrupts_received_.add();
  interrupts_[index]();
  return true;
}

std::byte* RootComplex::translate(pcie::RequesterId requester, std::uint64_t address, std::uint64_t size, bool write) {
  const auto physical = iommu_->translate(requester, address, size, write);
  return physical ? memory_.at(*physical, size) : nullptr;
}

std::byte* RootComplex::direct(pcie::RequesterId requester, std::uint64_t address, std::size_t size, bool write) {
  if (address < kMsiWindowEnd && address + size > kMsiWindow) return nullptr;
  return translate(requester, address, size, write);
}

void RootComplex::fault(pcie::RequesterId requester, std::uint64_t address, bool write) {
  dma_faults_.add();
  if (dma_faults_.value() > kFaultsLogged) return;
  log_.warning(write ? "DMA write refused" : "DMA read refused",
               {{"requester", hex(requester)}, {"address", hex(address)}});
}

namespace {

// The part of [address, address + size) that lies in its first page.
std::uint64_t in_page(std::uint64_t address, std::uint64_t size) {
  return std::min(size, kPageSize - address % kPageSize);
}

}  // namespace

void RootComplex::write(pcie::RequesterId requester, std::uint64_t address, std::span<const std::byte> data) {
  if (address >= kMsiWindow && address < kMsiWindowEnd) {
    if (interrupt_message(address, data)) return;
    interrupts_dropped_.add();
    log_.debug("interrupt message dropped", {{"requester", requester}});
    return;
  }
  while (!data.empty()) {
    const std::uint64_t part = in_page(address, data.size());
    if (std::byte* const to = translate(requester, address, part, true)) {
      std::memcpy(to, data.data(), part);
    } else {
      fault(requester, address, true);
    }
    address += part;
    data = data.subspan(part);
  }
}

void RootComplex::read(pcie::RequesterId requester, DmaRead& read) {
  std::byte* to = read.buffer();
  for (const DmaSegment& segment : read.segments()) {
    std::uint64_t part = 0;
    for (std::uint64_t done = 0; done < segment.size; done += part) {
      const std::uint64_t address = segment.address + done;
      part = in_page(address, segment.size - done);
      const std::byte* const from = direct(requester, address, part, false);
      if (!from) {
        fault(requester, address, false);
        return read.complete(DmaStatus::kUnsupportedRequest);
      }
      std::memcpy(to, from, part);
      to += part;
    }
  }
  read.complete(DmaStatus::kOk);
}

void RootComplex::abandon(DmaRead&) {}  // every read was completed at once

}  // namespace cardvp::host
