#include "test/unit/rtl_blocks/axi_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace cardvp::rtl_blocks {
namespace {

constexpr unsigned kOkay = 0, kSlvErr = 2, kDecErr = 3;
constexpr unsigned kIncrementing = 1, kEightBytes = 3;

}  // namespace

bool AxiMemory::hit(const std::vector<Fault>& faults, std::uint64_t address) {
  return std::any_of(faults.begin(), faults.end(),
                     [&](const Fault& fault) { return address + 7 >= fault.first && address <= fault.last; });
}

unsigned AxiMemory::response(std::uint64_t address, const std::vector<Fault>& faults) const {
  if (!inside(address)) return kDecErr;
  return hit(faults, address) ? kSlvErr : kOkay;
}

void AxiMemory::check(const char* channel, std::uint64_t address, unsigned length, unsigned size, unsigned burst,
                      std::vector<std::string>& violations) const {
  const std::uint64_t last = (address & ~7ull) + 8ull * length;
  if (burst != kIncrementing || size != kEightBytes) violations.push_back(fmt::format("{}: kind of burst", channel));
  if (length > 15) violations.push_back(fmt::format("{}: {} beats", channel, length + 1));
  if (address >> 12 != last >> 12) violations.push_back(fmt::format("{}: {:#x} crosses 4 KiB", channel, address));
}

void AxiMemory::drive(Pins& pins, std::mt19937& random) {
  const auto pause = [&] { return random() % 100 < pauses; };
  pins.arready = !pause();
  pins.awready = !pause();
  pins.wready = !writes_.empty() && !pause();
  if (!offers_read_) offers_read_ = !reads_.empty() && reads_.front().wait == 0 && !pause();
  pins.rvalid = offers_read_;
  pins.rdata = 0;
  pins.rlast = false;
  if (offers_read_) {
    const Burst& burst = reads_.front();
    pins.rresp = response(burst.address, bad_reads);
    pins.rlast = burst.beats == 1;
    if (pins.rresp == kOkay) std::memcpy(&pins.rdata, bytes.data() + (burst.address - base), 8);
  }
  if (!offers_response_) offers_response_ = !responses_.empty() && responses_.front().wait == 0 && !pause();
  pins.bvalid = offers_response_;
  pins.bresp = offers_response_ ? responses_.front().response : kOkay;
}

void AxiMemory::take_write_beat(const Pins& pins, std::mt19937& random, std::vector<std::string>& violations) {
  Burst& burst = writes_.front();
  ++write_beats;
  if (pins.wlast != (burst.beats == 1)) violations.push_back("w: wlast");
  const unsigned answer = response(burst.address, bad_writes);
  burst.response = std::max(burst.response, answer);
  for (unsigned i = 0; answer == kOkay && i < 8; ++i)
    if (pins.wstrb >> i & 1) bytes[burst.address - base + i] = static_cast<std::uint8_t>(pins.wdata >> 8 * i);
  burst.address += 8;
  if (--burst.beats != 0) return;
  burst.wait = write_latency + (latency == 0 ? 0 : static_cast<unsigned>(random() % latency));
  responses_.push_back(burst);
  writes_.pop_front();
}

void AxiMemory::sample(const Pins& pins, std::mt19937& random, std::vector<std::string>& violations) {
  for (auto* const bursts : {&reads_, &responses_})
    if (!bursts->empty() && bursts->front().wait != 0) --bursts->front().wait;
  if (pins.rvalid && pins.rready) {
    offers_read_ = false;
    ++read_beats;
    reads_.front().address += 8;
    if (--reads_.front().beats == 0) reads_.pop_front();
  }
  if (pins.bvalid && pins.bready) {
    offers_response_ = false;
    responses_.pop_front();
  }
  if (pins.wvalid && pins.wready) take_write_beat(pins, random, violations);
  if (pins.arvalid && pins.arready) {
    check("ar", pins.araddr, pins.arlen, pins.arsize, pins.arburst, violations);
    const unsigned wait = latency == 0 ? 0 : static_cast<unsigned>(random() % latency);
    reads_.push_back({pins.araddr & ~7ull, pins.arlen + 1, wait});
  }
  if (pins.awvalid && pins.awready) {
    check("aw", pins.awaddr, pins.awlen, pins.awsize, pins.awburst, violations);
    writes_.push_back({pins.awaddr & ~7ull, pins.awlen + 1, 0});
  }
  most_reads = std::max(most_reads, reads_.size());
  most_writes = std::max(most_writes, writes_.size() + responses_.size());
}

}  // namespace cardvp::rtl_blocks
