// One client of one function, from VERSION to the end of its connection: carries out its commands, strictly in order,
// and is what the function's DMA and interrupts reach.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "host/vfio_user/connection.h"
#include "host/vfio_user/device.h"
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
  Counter& refused;  // of these, answered with an error
  Counter& clients;
  Counter& clients_closed;  // by the server, for what they did
  Counter& dma_faults;
  Counter& interrupts;
  Counter& interrupts_dropped;
};

class Session {
 public:
  static constexpr std::size_t kMostWaiting = 256;  // commands; with more, the client is not read from

  // `answered` is called when a command that had to wait is done. All of these outlive it.
  Session(Scheduler& scheduler, Device& device, std::shared_ptr<Connection> connection, const Counters& counters,
          std::function<void()> answered);
  ~Session();

  // At each look, between two slices: reads on. False: it is over.
  bool alive();
  Connection& connection() { return *connection_; }
  // Commands that are not done.
  std::size_t waiting() const { return waiting_; }

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
  void describe_irq(const Message& message);
  void map(const Message& message);
  void unmap(const Message& message);
  void set_irqs(Message& message);

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
  std::function<void()> answered_;
  GuestMemory memory_;
  GuestDma dma_;
  Interrupts interrupts_;
  bool negotiated_ = false;
  std::size_t waiting_ = 0;
  Fifo<Message> commands_;
  std::vector<std::byte> data_;  // of the read that is being answered
  TaskScope tasks_;
};

}  // namespace cardvp::host::vfio_user
