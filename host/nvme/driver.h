// The host's NVMe driver, written against the NVMe 1.4 specification alone. One driver, one controller, one namespace.
//
//   if (Error error = co_await driver.start(function)) ...            // error.text says what, where and when
//   Status status = co_await driver.read(queue, lba, blocks, buffer.address());
//
// Commands are awaitables without a frame or an allocation of their own: the completion resumes the awaiting task.
// To destroy an awaiting task abandons its command: the slot stays taken until the device completes it, and the device
// may still move the data, so the buffer must outlive that or the next reset.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/nvme/queue_pair.h"
#include "host/nvme/request.h"
#include "host/nvme/spec.h"
#include "host/nvme/status.h"
#include "host/root_complex.h"
#include "models/base/model.h"

namespace cardvp::host::nvme {

struct DriverConfig {
  unsigned io_queues = 1;        // asked for; the controller may grant fewer
  unsigned queue_entries = 256;  // of each I/O queue, 2 to 4096; less if CAP.MQES says so. One fewer can be in flight
  unsigned admin_entries = 32;   // 2 to 4096
  std::uint32_t namespace_id = 1;
  std::uint64_t max_transfer = 1 << 20;                   // bytes of one command; less if MDTS says so
  sc_core::sc_time interrupt_latency{1, sc_core::SC_US};  // from the message's arrival to the handler
  sc_core::sc_time software_cost{};                       // CPU time of each command; commands of one queue share a CPU
  sc_core::sc_time command_timeout{30, sc_core::SC_SEC};  // I/O and admin
};

struct Error {
  std::string text;  // empty: no error
  explicit operator bool() const { return !text.empty(); }
};

// What the controller said at start.
struct ControllerInfo {
  std::string serial, model, firmware;
  std::uint64_t blocks = 0;        // of the namespace
  std::uint32_t block_size = 0;    // bytes
  std::uint64_t max_transfer = 0;  // bytes of one command
  unsigned io_queues = 0;
  unsigned queue_entries = 0;
  bool volatile_write_cache = false;
  std::uint64_t firmware_granularity = 0;  // bytes: pieces of a firmware image are multiples of it (FWUG)
};

// What a command that brings data gave: the whole buffer, zeros where the device wrote nothing; empty if it failed.
struct AdminData {
  Completion completion;
  std::vector<std::byte> data;
};

class Driver : public Model {
 public:
  // When the function goes away, orderly or not (hot-plug), or the link does, what is in flight ends with
  // Status::kControllerLost at once; start() takes it up again once it is back and has been probed.
  //
  // The function is found in simulated time, the driver is made before: so start() is told which.
  Driver(sc_core::sc_module_name name, Sim& sim, RootComplex& root, const DriverConfig& config = {});
  ~Driver() override;

  // Takes the controller from any state to ready (NVMe 1.4, 7.6.1): disable, admin queue, enable, identify, I/O queues
  // with an MSI-X vector each.
  Task<Error> start(PciFunction function);
  // Lets what is in flight finish, deletes the I/O queues, normal shutdown (7.6.2). The driver refuses I/O from the
  // call on.
  Task<Error> stop();
  // Controller reset (7.3.2): commands in flight end with Status::kAborted; then as start().
  Task<Error> reset();

  bool running() const { return state_ == State::kRunning; }
  const ControllerInfo& info() const { return info_; }
  const DriverConfig& config() const { return config_; }
  const PciFunction& function() const { return *function_; }  // after start() was called
  Memory& memory() const { return root_.memory(); }
  RootComplex& root() const { return root_; }
  using Model::scheduler;

  // I/O commands. `queue` counts from 0 to info().io_queues - 1; `address` is where the data is in host memory, a
  // multiple of 4; `blocks` from 1 to what max_transfer allows. Each waits for a free slot in its queue.
  IoRequest read(unsigned queue, std::uint64_t lba, std::uint32_t blocks, std::uint64_t address);
  IoRequest write(unsigned queue, std::uint64_t lba, std::uint32_t blocks, std::uint64_t address);
  IoRequest flush(unsigned queue);

  // Any command. The driver sets the command identifier, and with `bytes` the PRPs; without, those in the command stay.
  CommandRequest io(unsigned queue, const Command& command, std::uint64_t address = 0, std::uint64_t bytes = 0);
  CommandRequest admin(const Command& command, std::uint64_t address = 0, std::uint64_t bytes = 0);

  // Admin commands with their data (management.cpp); they return when the device has ended them. Bytes are multiples of
  // 4, up to 64 KiB and what MDTS allows.
  Task<AdminData> get_log_page(std::uint8_t id, std::uint32_t bytes);  // of the controller (5.14)
  Task<AdminData> get_quote(std::array<std::uint8_t, kNonceSize> nonce, std::uint32_t bytes = 4096);
  Task<AdminData> get_event_log(std::uint32_t bytes = 4096);
  // The whole image, of any multiple of 4 bytes, in pieces as large as the controller takes them (5.12): the completion
  // of the first that failed, or of the last. Then commit it; an activation can take its time.
  Task<Completion> firmware_download(std::vector<std::byte> image);
  Task<Completion> firmware_commit(unsigned slot, CommitAction action);

 private:
  enum class State : std::uint8_t { kStopped, kStarting, kRunning, kStopping, kLost };

  // A state on the way to another, which is reached even if the task on the way is cancelled.
  class Transition {
   public:
    Transition(State& state, State now, State otherwise) : state_(state), end_(otherwise) { state_ = now; }
    Transition(const Transition&) = delete;
    Transition& operator=(const Transition&) = delete;
    ~Transition() { state_ = end_; }
    void settle(State end) { end_ = end; }

   private:
    State& state_;
    State end_;
  };

  static constexpr std::uint64_t kAdminTransfer = 64 * 1024;  // bytes of one admin command

  Task<Error> restart();
  Task<Error> bring_up();
  Task<Error> disable(sc_core::sc_time timeout);
  Task<Error> identify();
  Task<AdminData> fetch(Command command, std::uint32_t bytes);
  std::uint64_t admin_limit() const { return std::min(kAdminTransfer, transfer_limit_); }
  Task<Error> create_queues();
  Task<Error> create_queue(QueuePair& queue);
  Task<Error> delete_queues();
  // Until the bits of CSTS under `mask` are `value`.
  Task<Error> wait_status(std::string_view what, std::uint32_t mask, std::uint32_t value, sc_core::sc_time timeout);
  Task<> check_controller();
  Task<> watch_link();
  Task<> watch_presence();

  std::unique_ptr<QueuePair> make_queue(std::uint16_t id, unsigned entries);
  Error failure(const std::string& what) const;
  IoRequest transfer(std::uint8_t opcode, unsigned queue, std::uint64_t lba, std::uint32_t blocks,
                     std::uint64_t address);
  Status check(unsigned queue) const;  // whether I/O may go there
  void fail_all(Status status);
  void lose(const std::string& why);
  void watchdog();
  void arm_watchdog();

  const sc_core::sc_time kFirstPause{10, sc_core::SC_US};  // between polls; doubles
  const sc_core::sc_time kLongestPause{10, sc_core::SC_MS};
  const sc_core::sc_time kShutdownTimeout{10, sc_core::SC_SEC};

  RootComplex& root_;
  DriverConfig config_;
  std::optional<PciFunction> function_;
  unsigned removals_ = 0;  // of the function, before this start
  State state_ = State::kStopped;
  std::uint64_t cap_ = 0;
  ControllerInfo info_;
  std::uint64_t transfer_limit_ = 0;  // bytes of one command, by MDTS
  unsigned block_shift_ = 0;
  QueueCounters counters_;
  std::unique_ptr<QueuePair> admin_;
  std::vector<std::unique_ptr<QueuePair>> io_;
  Callback<&Driver::watchdog> watchdog_;
  TaskScope tasks_;  // its own: above all, so that they end first
};

}  // namespace cardvp::host::nvme
