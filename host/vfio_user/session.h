// One client of one function, from VERSION to the end of its connection: carries out its commands, strictly in order,
// and is what the function's DMA and interrupts reach.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "host/vfio_user/connection.h"
#include "host/vfio_user/device.h"
#include "host/vfio_user/guest_dma.h"
#include "host/vfio_user/guest_memory.h"
#include "host/vfio_user/interrupts.h"
#include "host/vfio_user/router.h"
#include "models/base/model.h"
#include "models/base/sync.h"

namespace cardvp::host::vfio_user {

// Figures of one function, over all of its clients.
struct Counters {
  Counter& messages;        // of clients
  Counter& refused;         // of these, answered with an error
  Counter& clients_closed;  // by the server, for what they did
  Counter& dma_faults;
  Counter& interrupts;
  Counter& interrupts_dropped;
};

class Session : public Assigned {
 public:
  static constexpr std::size_t kMostWaiting = 256;  // commands; then the client is not read from

  // `answered` is called when a command is done. Everything outlives it.
  Session(Scheduler& scheduler, Device& device, std::shared_ptr<Connection> connection, const Counters& counters,
          std::function<void()> answered);
  ~Session() override;

  // Between two slices: reads on, if there is room. False: it is over, and why.
  bool alive();
  // Commands that are not done.
  std::size_t waiting() const { return waiting_; }

  // Assigned
  std::byte* direct(std::uint64_t address, std::size_t size, bool write) override;
  void write(std::uint64_t address, std::span<const std::byte> data) override;
  void read(DmaRead& read) override;
  void abandon(DmaRead& read) override;
  void removed() override;

 private:
  bool take(Message&& message);
  Task<> serve();
  Task<> carry_out(Message& message);
  void version(const Message& message);
  void map(const Message& message);
  void unmap(const Message& message);
  void info(const Message& message);
  void region_info(const Message& message);
  void irq_info(const Message& message);
  void set_irqs(Message& message);
  Task<> region_read(const Message& message);
  Task<> region_write(const Message& message);
  Task<> write_multi(const Message& message);
  Task<> reset(const Message& message);
  bool in_region(const RegionAccess& access) const;
  Task<> write_region(const RegionAccess& access, std::span<const std::byte> data);
  void reply(const Message& message, std::span<const std::byte> head = {}, std::span<const std::byte> data = {});
  void finish(const Message& message, int error);  // 0: a reply without payload

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
  std::vector<std::byte> data_;  // of a read
  TaskScope tasks_;
};

}  // namespace cardvp::host::vfio_user
