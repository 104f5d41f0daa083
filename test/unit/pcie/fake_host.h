// A host for tests of what stands behind a PCIe link: flat memory from address 0, partly direct or not at all, and a
// record of everything that reached it.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "models/base/scheduler.h"
#include "models/pcie/types.h"

namespace cardvp::pcie {

class FakeHost : public HostPort {
 public:
  explicit FakeHost(Scheduler& scheduler, std::size_t bytes = 1 << 20) : memory(bytes), scheduler_(scheduler) {}

  struct Write {
    sc_core::sc_time time;
    RequesterId requester;
    std::uint64_t address;
    std::vector<std::byte> data;

    template <class T>
    T as() const {
      T value{};
      std::memcpy(&value, data.data(), std::min(sizeof value, data.size()));
      return value;
    }
  };
  struct Direct {
    RequesterId requester;
    std::uint64_t address;
    std::size_t size;
    bool write;
  };

  // What the test sets:
  std::vector<std::byte> memory;
  bool all_direct = true;                 // false: everything comes by write() and read()
  std::optional<std::uint64_t> boundary;  // no direct range crosses it
  bool answers_reads = true;              // false: read() keeps them in `reads`; answer() with a status
  // and what it sees:
  std::vector<Write> writes;    // posted writes that arrived, those outside of the memory included
  std::vector<Direct> directs;  // what was asked of direct()
  struct Read {
    RequesterId requester;
    DmaRead* read;
  };
  std::vector<Read> reads;
  unsigned abandoned = 0;
  std::vector<bool> link_changes;
  struct Presence {
    sc_core::sc_time time;
    std::uint8_t function;
    bool present;
  };
  std::vector<Presence> presence_changes;

  void answer(std::size_t index, DmaStatus status = DmaStatus::kOk) {
    DmaRead& read = *reads.at(index).read;
    reads.erase(reads.begin() + static_cast<std::ptrdiff_t>(index));
    finish(read, status);
  }

  template <class T>
  T load(std::uint64_t address) const {
    T value;
    std::memcpy(&value, &memory.at(address), sizeof value);
    return value;
  }
  template <class T>
  void store(std::uint64_t address, T value) {
    std::memcpy(&memory.at(address), &value, sizeof value);
  }
  // A byte pattern that differs from page to page.
  void fill(std::uint64_t address, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) memory.at(address + i) = pattern(address + i);
  }
  static std::byte pattern(std::uint64_t address) { return static_cast<std::byte>(address * 7 + (address >> 12) * 3); }

  std::byte* direct(RequesterId requester, std::uint64_t address, std::size_t size, bool write) override {
    directs.push_back({requester, address, size, write});
    const bool crosses = boundary && address < *boundary && address + size > *boundary;
    return all_direct && !crosses && inside(address, size) ? &memory[address] : nullptr;
  }
  void write(RequesterId requester, std::uint64_t address, std::span<const std::byte> data) override {
    writes.push_back({scheduler_.now(), requester, address, {data.begin(), data.end()}});
    if (inside(address, data.size())) std::copy(data.begin(), data.end(), &memory[address]);
  }
  void read(RequesterId requester, DmaRead& read) override {
    if (!answers_reads) return reads.push_back({requester, &read});
    finish(read, DmaStatus::kOk);
  }
  void abandon(DmaRead& read) override {
    ++abandoned;
    std::erase_if(reads, [&](const Read& each) { return each.read == &read; });
  }
  void link_changed(bool up) override { link_changes.push_back(up); }
  void presence_changed(std::uint8_t function, bool present) override {
    presence_changes.push_back({scheduler_.now(), function, present});
  }

 private:
  bool inside(std::uint64_t address, std::size_t size) const {
    return size > 0 && address < memory.size() && size <= memory.size() - address;
  }
  void finish(DmaRead& read, DmaStatus status) {
    std::byte* to = read.buffer();
    for (const DmaSegment& segment : read.segments()) {
      if (status != DmaStatus::kOk) break;
      if (inside(segment.address, segment.size))
        to = std::copy_n(&memory[segment.address], segment.size, to);
      else
        status = DmaStatus::kUnsupportedRequest;
    }
    read.complete(status);
  }

  Scheduler& scheduler_;
};

}  // namespace cardvp::pcie
