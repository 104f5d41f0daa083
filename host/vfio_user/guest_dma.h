// A function's DMA to the memory of a guest: at once where the client shares it, by DMA_READ and DMA_WRITE messages
// where not. The device never waits for the client: a read's task is resumed when the answer comes, and meanwhile the
// server answers the client, which may be waiting itself.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>

#include "host/vfio_user/guest_memory.h"
#include "host/vfio_user/message.h"
#include "models/base/dma.h"
#include "models/base/stats.h"

namespace cardvp::host::vfio_user {

class GuestDma {
 public:
  static constexpr std::size_t kMostOutstanding = 32768;  // messages; a client with more of them does not answer

  // Counts what no memory is at, or the client refuses, in `faults`. All three outlive it.
  GuestDma(GuestMemory& memory, Outbox& outbox, Counter& faults) : memory_(memory), outbox_(outbox), faults_(faults) {}
  ~GuestDma() { fail_reads(); }

  // The most bytes that the client takes in a message.
  void set_transfer(std::size_t bytes) { transfer_ = bytes; }

  // As in pcie::HostPort.
  std::byte* direct(std::uint64_t address, std::size_t size, bool write) {
    return memory_.direct(address, size, write);
  }
  void write(std::uint64_t address, std::span<const std::byte> data);
  void read(DmaRead& read);
  void abandon(DmaRead& read);

  // The client's answer. False: to nothing that was asked, or it does not fit.
  bool answered(const Message& message);
  // Ends the reads that wait, as if nobody was there.
  void fail_reads();

  // Order of interrupts behind writes: the number of writes sent so far, and how many of the first of them the client
  // has done.
  std::uint64_t writes_sent() const { return sent_; }
  std::uint64_t writes_done() const { return done_; }

 private:
  struct Read {
    std::size_t left = 0;  // messages without an answer
    DmaStatus status = DmaStatus::kOk;
  };
  struct Outstanding {
    Command command;
    std::uint64_t address;
    std::size_t count;
    DmaRead* read = nullptr;   // null, too, once it was abandoned
    std::byte* to = nullptr;   // of a read
    std::uint64_t number = 0;  // of a write
  };

  void send(const Outstanding& request, std::span<const std::byte> data);
  std::size_t request(DmaRead& read, std::uint64_t address, std::byte* to, std::size_t size);
  void part_read(DmaRead& read, bool ok);
  void write_done(std::uint64_t number);

  GuestMemory& memory_;
  Outbox& outbox_;
  Counter& faults_;
  std::size_t transfer_ = kMostTransfer;
  std::map<DmaRead*, Read> reads_;                    // that wait for the client
  std::map<std::uint16_t, Outstanding> outstanding_;  // by message id
  std::uint16_t next_id_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t done_ = 0;
  std::deque<bool> done_beyond_;  // of the writes from done_ on
};

}  // namespace cardvp::host::vfio_user
