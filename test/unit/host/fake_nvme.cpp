#include "test/unit/host/fake_nvme.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cardvp::host {

using namespace nvme;

namespace {
constexpr std::uint16_t kRequester = 0x0100;
}

FakeNvme::FakeNvme(Sim& sim, pcie::Link& link, std::uint64_t blocks)
    : storage(blocks * 512), function(0x00011d0f, 0x01080200), sim_(sim), link_(link), tasks_(sim.scheduler) {
  function.add_bar(0, kBarSize, 4);
  function.add_capability(0x10, 0x3c);
  msix_ = function.add_msix(kVectors, kTable, 0x3000);
  for (unsigned vector = 0; vector < kVectors; ++vector) registers_[kTable + 16 * vector + 12] = std::byte{1};
  add(0, function);
}

void FakeNvme::reset() {
  tasks_.cancel();
  submission_.clear();
  completion_.clear();
  csts = 0;
}

void FakeNvme::vanish(bool quietly) {
  reset();
  cc = 0;
  function.set(0x04, 0, 2);
  function.set(0x10, 4);
  function.set(0x14, 0);
  function.set(static_cast<std::uint16_t>(msix_ + 2), kVectors - 1, 2);
  remove(0);
  if (!quietly) link_.announce_presence(0, false);
}

void FakeNvme::come_back() {
  add(0, function);
  link_.announce_presence(0, true);
}

pcie::ReadResult FakeNvme::memory_read(std::uint64_t address, unsigned size) {
  const std::uint64_t offset = address - function.wide_bar(0);
  if (!(function.command() & 2) || offset > kBarSize - size) return {pcie::Completion::kUnsupportedRequest, ~0ull};
  std::memcpy(&registers_[reg::kCap], &cap, 8);
  std::memcpy(&registers_[reg::kCc], &cc, 4);
  std::memcpy(&registers_[reg::kCsts], &csts, 4);
  std::uint64_t value = 0;
  std::memcpy(&value, &registers_[offset], size);
  return {pcie::Completion::kSuccess, value};
}

void FakeNvme::memory_write(std::uint64_t address, std::span<const std::byte> data) {
  const std::uint64_t offset = address - function.wide_bar(0);
  if (!(function.command() & 2) || offset > kBarSize - data.size()) return;
  std::memcpy(&registers_[offset], data.data(), data.size());
  std::uint32_t value = 0;
  std::memcpy(&value, data.data(), 4);
  if (offset == reg::kCc) write_cc(value);
  if (offset >= reg::kDoorbells && offset < kTable) doorbell(offset, value);
}

void FakeNvme::write_cc(std::uint32_t value) {
  const std::uint32_t changed = cc ^ value;
  cc = value;
  if (changed & kCcEnable) {
    if (value & kCcEnable) {
      ++enables;
      std::uint32_t aqa;
      std::uint64_t asq, acq;
      std::memcpy(&aqa, &registers_[reg::kAqa], 4);
      std::memcpy(&asq, &registers_[reg::kAsq], 8);
      std::memcpy(&acq, &registers_[reg::kAcq], 8);
      submission_[0] = {asq, (aqa & 0xfff) + 1, 0, 0, 0};
      completion_[0] = {acq, (aqa >> 16 & 0xfff) + 1, 0, 0, true, 0, 0};
      if (fatal_on_enable) csts |= kCstsFatal;
      if (becomes_ready && !fatal_on_enable) tasks_.spawn(become_ready(true));
    } else {
      const std::uint32_t was = csts & kCstsReady;
      reset();
      csts = was;
      tasks_.spawn(become_ready(false));
    }
  }
  if ((changed & kCcShutdownMask) && (value & kCcShutdownMask)) tasks_.spawn(shut_down());
}

Task<> FakeNvme::become_ready(bool ready) {
  co_await sim_.scheduler.delay(ready_delay);
  csts = ready ? csts | kCstsReady : csts & ~kCstsReady;
}

Task<> FakeNvme::shut_down() {
  csts = (csts & ~kCstsShutdownMask) | 1 << 2;
  co_await sim_.scheduler.delay(shutdown_delay);
  csts = (csts & ~kCstsShutdownMask) | kCstsShutdownComplete;
}

void FakeNvme::doorbell(std::uint64_t offset, std::uint32_t value) {
  doorbells.emplace_back(offset, value);
  const std::uint64_t stride = 4ull << cap_dstrd(cap);
  const std::uint64_t index = (offset - reg::kDoorbells) / stride;
  EXPECT_EQ((offset - reg::kDoorbells) % stride, 0u);
  const auto id = static_cast<std::uint16_t>(index / 2);
  if (index % 2 == 1) {
    const auto queue = completion_.find(id);
    if (queue == completion_.end()) return;
    ASSERT_LT(value, queue->second.entries);
    const unsigned consumed = (value + queue->second.entries - queue->second.head) % queue->second.entries;
    EXPECT_LE(consumed, queue->second.used) << "the driver consumed what was not there";
    queue->second.used -= consumed;
    queue->second.head = value;
    return;
  }
  const auto queue = submission_.find(id);
  if (queue == submission_.end() || !(csts & kCstsReady)) return;
  Submission& sq = queue->second;
  ASSERT_LT(value, sq.entries);
  sq.tail = value;
  while (sq.head != sq.tail) {
    Command command;
    if (!host_copy(sq.address + sq.head * 64, std::as_writable_bytes(std::span(&command, 1)), false)) return;
    sq.head = (sq.head + 1) % sq.entries;
    seen.push_back({id, command, {}, 0});
    if (swallow && swallow(id, command)) continue;
    tasks_.spawn(serve(id, command, seen.size() - 1));
  }
}

Task<> FakeNvme::serve(std::uint16_t queue, Command command, std::size_t record) {
  co_await sim_.scheduler.delay(latency);
  CompletionEntry entry{.cid = command.cid};
  std::optional<std::uint16_t> status;
  if (on_command) status = on_command(queue, command);
  if (!status) status = execute(queue, command, seen[record], entry.dw0);
  entry.status = static_cast<std::uint16_t>(*status << 1);
  entry.sq_id = queue;
  if (!submission_.contains(queue)) co_return;
  entry.sq_head = static_cast<std::uint16_t>(submission_[queue].head);
  if (on_completion) on_completion(entry);
  complete(queue, entry);
}

void FakeNvme::complete(std::uint16_t queue, CompletionEntry entry) {
  CompletionQueue& cq = completion_.at(submission_.at(queue).completion);
  ASSERT_LT(cq.used, cq.entries) << "the completion queue overflows";
  ++cq.used;
  entry.status = static_cast<std::uint16_t>((entry.status & ~1) | (cq.phase ? 1 : 0));
  link_.post(kRequester, cq.address + cq.tail * 16, std::as_bytes(std::span(&entry, 1)));
  if (++cq.tail == cq.entries) {
    cq.tail = 0;
    cq.phase = !cq.phase;
  }
  if (send_interrupts) interrupt(cq.vector);
}

void FakeNvme::interrupt(std::uint16_t vector) {
  std::uint64_t address;
  std::uint32_t data, control;
  std::memcpy(&address, &registers_[kTable + 16 * vector], 8);
  std::memcpy(&data, &registers_[kTable + 16 * vector + 8], 4);
  std::memcpy(&control, &registers_[kTable + 16 * vector + 12], 4);
  EXPECT_EQ(control & 1, 0u) << "vector " << vector << " is masked";
  EXPECT_TRUE(function.get(static_cast<std::uint16_t>(msix_ + 2), 2) & 0x8000) << "MSI-X is not enabled";
  link_.post(kRequester, address, std::as_bytes(std::span(&data, 1)));
}

std::uint16_t FakeNvme::execute(std::uint16_t queue, const Command& command, Seen& record, std::uint32_t& dw0) {
  if (queue == 0) return admin(command, record, dw0);
  if (command.opcode == nvme::kFlush) return 0;
  if (command.opcode != nvme::kRead && command.opcode != nvme::kWrite) return 1;
  const std::uint64_t lba = command.dw10 | std::uint64_t{command.dw11} << 32;
  const std::uint64_t size = ((command.dw12 & 0xffff) + 1ull) << lba_shift;
  if (lba > storage.size() >> lba_shift || size > storage.size() - (lba << lba_shift)) return 0x80;
  const std::span<std::byte> there = std::span(storage).subspan(lba << lba_shift, size);
  if (command.opcode == nvme::kWrite) return transfer(command, there, false, record) ? 0 : 4;
  std::vector<std::byte> data(there.begin(), there.end());
  if (on_read) on_read(lba, data);
  return transfer(command, data, true, record) ? 0 : 4;
}

std::uint16_t FakeNvme::admin(const Command& command, Seen& record, std::uint32_t& dw0) {
  const auto id = static_cast<std::uint16_t>(command.dw10);
  const std::uint32_t entries = (command.dw10 >> 16) + 1;
  switch (command.opcode) {
    case kIdentify: {
      std::vector<std::byte> data(4096);
      if (command.dw10 == kIdentifyController) {
        std::memcpy(&data[4], "SERIAL-1            ", 20);
        std::memcpy(&data[24], "Fake controller                         ", 40);
        std::memcpy(&data[64], "1.0     ", 8);
        data[77] = std::byte{mdts};
        data[319] = std::byte{fwug};
      } else if (command.nsid == 1) {
        const std::uint64_t blocks = storage.size() >> lba_shift;
        std::memcpy(&data[0], &blocks, 8);
        data[26] = std::byte{1};  // the second format is the one in use
        data[128 + 4 + 2] = static_cast<std::byte>(lba_shift);
      }
      return transfer(command, data, true, record) ? 0 : 4;
    }
    case kSetFeatures: dw0 = (granted_queues - 1) * 0x10001u; return 0;
    case kCreateCompletionQueue:
      if (entries > cap_mqes(cap) + 1 || completion_.contains(id)) return 0x102;
      completion_[id] = {command.prp1, entries, 0, 0, true, static_cast<std::uint16_t>(command.dw11 >> 16), 0};
      return (command.dw11 & 3) == 3 ? 0 : 2;
    case kCreateSubmissionQueue: {
      const auto cq = static_cast<std::uint16_t>(command.dw11 >> 16);
      if (!completion_.contains(cq)) return 0x100;
      submission_[id] = {command.prp1, entries, 0, 0, cq};
      return (command.dw11 & 1) ? 0 : 2;
    }
    case kDeleteSubmissionQueue: return submission_.erase(id) ? 0 : 0x101;
    case kDeleteCompletionQueue:
      for (const auto& [number, queue] : submission_)
        if (queue.completion == id) return 0x10c;
      return completion_.erase(id) ? 0 : 0x101;
    case kFirmwareImageDownload: {
      const Piece piece{command.dw11 * 4ull, (command.dw10 + 1) * 4ull};
      pieces.push_back(piece);
      firmware.resize(std::max<std::size_t>(firmware.size(), piece.offset + piece.bytes));
      return transfer(command, std::span(firmware).subspan(piece.offset, piece.bytes), false, record) ? 0 : 4;
    }
    case kFirmwareCommit: return (command.dw10 & 7) == 3 ? 0x106 : 0;
    case kGetLogPage: return give((command.dw10 >> 16 | command.dw11 << 16) + 1, command, record);
    case kGetQuote:
    case kGetEventLog: return give(command.dw10, command, record);
    default: return 1;
  }
}

// Data that tells the command and the place: the first dword is the opcode, others count.
std::uint16_t FakeNvme::give(std::uint32_t dwords, const Command& command, Seen& record) {
  std::vector<std::uint32_t> data(dwords);
  for (std::uint32_t i = 0; i < dwords; ++i) data[i] = i;
  data[0] = command.opcode;
  return transfer(command, std::as_writable_bytes(std::span(data)), true, record) ? 0 : 4;
}

bool FakeNvme::host_copy(std::uint64_t address, std::span<std::byte> data, bool to_host) {
  if (!(function.command() & 4)) return false;
  std::byte* const there = link_.host().direct(kRequester, address, data.size(), to_host);
  if (!there) return false;
  std::memcpy(to_host ? there : data.data(), to_host ? data.data() : there, data.size());
  return true;
}

// Walks the PRPs as 4.3 says: PRP1 may have an offset; PRP2 is the second page if there are two, else the list.
bool FakeNvme::transfer(const Command& command, std::span<std::byte> data, bool to_host, Seen& record) {
  const auto part = [&](std::uint64_t address) {
    const std::size_t size = std::min<std::size_t>(data.size(), 4096 - address % 4096);
    record.pages.push_back(address);
    const bool ok = host_copy(address, data.first(size), to_host);
    data = data.subspan(size);
    return ok;
  };
  if (!part(command.prp1)) return false;
  if (data.empty()) return true;
  if (data.size() <= 4096) {
    EXPECT_EQ(command.prp2 % 4096, 0u);
    return part(command.prp2);
  }
  std::uint64_t list = command.prp2;
  ++record.lists;
  EXPECT_EQ(list % 8, 0u);
  while (!data.empty()) {
    std::uint64_t entry;
    if (!host_copy(list, std::as_writable_bytes(std::span(&entry, 1)), false)) return false;
    const bool last = list % 4096 == 4088;
    if (last && data.size() > 4096) {
      EXPECT_EQ(entry % 4096, 0u);
      list = entry;
      ++record.lists;
      continue;
    }
    EXPECT_EQ(entry % 4096, 0u);
    if (!part(entry)) return false;
    list += 8;
  }
  return true;
}

}  // namespace cardvp::host
