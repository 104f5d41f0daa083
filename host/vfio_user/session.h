// One client of one function, from VERSION to the end of its connection: carries out its commands, strictly in order,
// and is what the function's DMA and interrupts reach.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "host/vfio_user/connection.h"
#include "host/vfio_user/device.h"
#include "host/vfio_user/doorbell_page.h"
#include "host/vfio_user/guest_dma.h"
#include "host/vfio_user/guest_memory.h"
#include "host/vfio_user/interrupts.h"
#include "models/base/stats.h"
#include "models/base/sync.h"
#include "models/base/task.h"

namespace cardvp::host::vfio_user {

// Figures of one function, over all of its clients.
struct Counters {
  Counter& all_commands;  // of the server's clients together
  Counter& commands;
  Counter& refused;        // of these, answered with an error
  Counter& all_doorbells;  // of the server's clients together
  Counter& doorbells;      // that were stored, without a command
  Counter& clients;
  Counter& clients_closed;  // by the server, for what they did
  Counter& dma_faults;
  Counter& interrupts;
  Counter& interrupts_dropped;
};

// Wall time for which commands waited, from the look before the one that found them to their answer.
struct Waits {
  using Clock = std::chrono::steady_clock;
  void look() { before_ = std::exchange(last_, Clock::now()); }
  Clock::time_point before() const { return before_; }
  void done(Clock::time_point since) { longest = std::max(longest, Clock::now() - since); }

  Clock::duration longest{};

 private:
  Clock::time_point before_ = Clock::now(), last_ = before_;
};

struct Terms {
  std::optional<DoorbellArea> doorbells;      // the client may map
  std::chrono::microseconds interrupt_gap{};  // of wall time, at least, between two deliveries
};

class Session {
 public:
  static constexpr std::size_t kMostWaiting = 256;  // commands; with more, the client is not read from

  // `answered` is called when a command that had to wait is done. All of these outlive it.
  Session(Scheduler& scheduler, Device& device, std::shared_ptr<Connection> connection, const Terms& terms,
          const Counters& counters, Waits& waits, std::function<void()> answered);
  ~Session();

  // At each look, between two slices: delivers interrupts, reads on, and takes the doorbells. False: it is over.
  bool alive();
  Connection& connection() { return *connection_; }
  // Commands that are not done.
  std::size_t waiting() const { return waiting_; }
  // Doorbells are to be looked for: nothing tells of them.
  bool has_doorbells() const { return page_.has_value(); }
  // Interrupts are held back for a moment.
  bool holding() const { return interrupts_.holding(); }

  // The function's requests. What is written to GuestMemory::kInterruptPage is an interrupt.
  GuestDma& dma() { return dma_; }
  void write(std::uint64_t address, std::span<const std::byte> data);

 private:
  bool take(Message&& message);
  Task<> serve();
  // Carries out what takes no simulated time. False: it does.
  bool at_once(Message& message);
  bool begin(const Message& message);
  bool post(const Message& message);
  void describe_device(const Message& message);
  void describe_region(const Message& message);
  void offer_doorbells(const Message& message, RegionInfo info, std::uint32_t room);
  void describe_irq(const Message& message);
  void map(const Message& message);
  void unmap(const Message& message);
  void set_irqs(Message& message);

  void ring();
  Task<> flush();
  Task<> in_time(const Message& message);
  Task<> read_region(const Message& message);
  Task<> write_region(const Message& message);
  Task<> write_multi(const Message& message);
  Task<> reset(const Message& message);
  Task<> write(std::uint32_t region, std::uint64_t offset, std::span<const std::byte> data);
  bool is_inside(const RegionAccess& access) const;
  void add_pending(const RegionAccess& access);

  void reply(const Message& message, std::span<const std::byte> head = {}, std::span<const std::byte> data = {});
  void finish(const Message& message, int error);  // with 0: a reply without payload

  Device& device_;
  std::shared_ptr<Connection> connection_;
  Counters counters_;
  Waits& waits_;
  std::function<void()> answered_;
  GuestMemory memory_;
  GuestDma dma_;
  Interrupts interrupts_;
  const std::optional<DoorbellArea> doorbells_;
  std::optional<DoorbellPage> page_;  // as soon as the client has it
  bool flushing_ = false;
  bool negotiated_ = false;
  std::size_t waiting_ = 0;
  Fifo<Message> commands_;
  std::vector<std::byte> data_;  // of the read that is being answered
  TaskScope tasks_;
};

}  // namespace cardvp::host::vfio_user
