// DmaPort: how an engine reaches memory that is not its own (the host's, across the PCIe link). PCIe semantics:
//
//  - A read is a request that completes, later, with a status: co_await port.read(...).
//  - A write is posted: it has no completion, and whether it arrived is not known to the engine. Posted writes of one
//    port arrive in the order in which they were issued.
//
// The far side may be another process that answers in its own time, so nothing here may be assumed to be immediate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/base/scheduler.h"

namespace cardvp {

enum class DmaStatus : std::uint8_t {
  kOk,
  kUnsupportedRequest,  // nobody there, or the far side's address translation refused it
  kCompleterAbort,      // there, but it failed
  kBusMasterOff,        // the function may not issue requests: nothing was sent
};

struct DmaSegment {
  std::uint64_t address;
  std::uint32_t size;  // bytes
};

class DmaPort;

// An outstanding read: the awaiter of DmaPort::read. To destroy it is to abandon the read; the port then writes no more
// to the buffer.
class DmaRead : public Resumption {
 public:
  DmaRead(DmaPort& port, std::span<const DmaSegment> from, std::byte* to);
  DmaRead(DmaPort& port, DmaSegment from, std::byte* to);  // keeps the segment
  ~DmaRead();

  bool await_ready() const { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    bind(handle);
    start();
  }
  DmaStatus await_resume();

  // The rest is for the port that serves it.
  std::span<const DmaSegment> segments() const { return segments_; }
  std::byte* buffer() const { return buffer_; }
  // Answers the read now,
  void complete(DmaStatus status);
  // or at a time, which is not in the past; then DmaPort::settle moves the data and says the status.
  void settle_at(sc_core::sc_time time);

 private:
  void start();

  DmaPort& port_;
  DmaSegment single_{};
  std::span<const DmaSegment> segments_;
  std::byte* buffer_;
  enum class State : std::uint8_t { kNew, kOutstanding, kSettling, kDone } state_ = State::kNew;
  DmaStatus status_ = DmaStatus::kOk;
};

class DmaPort {
 public:
  virtual ~DmaPort() = default;

  // Reads the segments, one behind another, into `to`, whose size is their sum; all are requested at once, and the
  // status is the first that is not kOk. The segments' array must live until the read completes.
  DmaRead read(std::span<const DmaSegment> from, std::byte* to) { return DmaRead(*this, from, to); }
  DmaRead read(DmaSegment from, std::byte* to) { return DmaRead(*this, from, to); }

  // Bulk data. `from` is free on return. When it becomes visible is only bounded: not after anything that is posted
  // later. (It may be copied at once: no correct reader looks before it is told.) False if nothing was sent, as Bus
  // Master Enable is off.
  virtual bool write(std::uint64_t address, std::span<const std::byte> from) = 0;

  // For bulk data that is still to be made: the memory at `address`, to be filled before the caller gives up control,
  // as if it was written then. Null if it cannot be touched directly: use write(), which also says why.
  virtual std::byte* write_in_place(std::uint64_t /*address*/, std::size_t /*size*/) { return nullptr; }

  // Up to 64 bytes that somebody may poll (a completion entry, an interrupt message): visible when they arrive, no
  // earlier. `from` is free on return.
  virtual bool post(std::uint64_t address, std::span<const std::byte> from) = 0;
  static constexpr std::size_t kMaxPost = 64;

 protected:
  friend class DmaRead;
  // Sends the read's requests; calls its complete() or settle_at(), now or later. Keeps nothing of a read that was
  // abandoned.
  virtual void start(DmaRead& read) = 0;
  virtual void abandon(DmaRead& read) = 0;
  // Moves the data of a read that asked for it by settle_at.
  virtual DmaStatus settle(DmaRead& read) = 0;
  virtual Scheduler& scheduler_of_port() = 0;
};

}  // namespace cardvp
