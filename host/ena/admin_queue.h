// The admin queue: commands and their completions, polled for at first and announced by the management interrupt later.
#pragma once

#include <array>
#include <cstring>
#include <functional>

#include "host/ena/registers.h"
#include "models/base/sync.h"

namespace cardvp::host::ena {

struct AdminResponse {
  bool answered = false;  // else the queue is not running, or the device did not answer
  std::uint8_t status = 0;
  std::array<std::byte, 56> data{};  // from byte 8 of the completion on

  bool ok() const { return answered && status == kStatusSuccess; }
  bool unsupported() const { return answered && status == kStatusUnsupported; }
  template <class T>
  T as() const {
    static_assert(sizeof(T) <= sizeof data);
    T value;
    std::memcpy(&value, data.data(), sizeof value);
    return value;
  }
  std::string text() const;
};

class AdminQueue {
 public:
  static constexpr unsigned kDepth = 32;

  AdminQueue(Scheduler& scheduler, Memory& memory, Registers& registers);

  // New rings, told to the device; polled until listen().
  void open(sc_core::sc_time timeout);
  // From now on handle_interrupt() brings completions.
  void listen() { polled_ = false; }
  // Ends everything that waits. The device may still write to the rings, which stay.
  void close();
  bool running() const { return running_; }
  void set_timeout(sc_core::sc_time timeout) { timeout_ = timeout; }
  // Called when the device did not complete a command, did without an interrupt, or completed one that there is not;
  // the queue is closed then.
  void on_failure(std::function<void(const std::string& why)> failed) { failed_ = std::move(failed); }

  // `Command` begins with a CommandHeader; its bytes alone are written, what is behind them in the ring stays.
  template <class Command>
  Task<AdminResponse> execute(const Command& command) {
    Bytes bytes{};
    static_assert(sizeof command <= sizeof bytes.bytes);
    std::memcpy(bytes.bytes.data(), &command, sizeof command);
    bytes.size = sizeof command;
    return run(bytes);
  }
  // With a buffer as large as `buffer`, whose content is exchanged.
  Task<AdminResponse> get(FeatureId id, std::uint8_t version = 0, const Buffer* buffer = nullptr);
  Task<AdminResponse> set(FeatureId id, const FeatureData& data, const Buffer* buffer = nullptr);

  void handle_interrupt() { reap(); }

 private:
  struct Bytes {
    std::array<std::byte, 64> bytes;
    std::size_t size;
  };
  struct Slot {
    bool taken = false, done = false, abandoned = false;
    sc_core::sc_time deadline;
    AdminResponse response;
  };

  struct Claim {  // of a command that waits
    AdminQueue& queue;
    Slot& slot;
    std::uint64_t session;
    ~Claim();
  };

  Task<AdminResponse> run(Bytes command);
  unsigned submit(Bytes& command);
  bool reap();
  void expire();
  void fail(const std::string& why);

  Scheduler& scheduler_;
  Registers& registers_;
  Buffer submission_, completion_;
  std::array<Slot, kDepth> slots_;
  std::uint16_t tail_ = 0, head_ = 0;  // free-running
  bool running_ = false, polled_ = true;
  std::uint64_t session_ = 0;  // of open()
  sc_core::sc_time timeout_;
  std::function<void(const std::string&)> failed_;
  Trigger changed_;
  Callback<&AdminQueue::expire> expire_;
};

}  // namespace cardvp::host::ena
