// One function that is offered: its socket, its client while there is one, and the reset between two clients. When the
// function goes its socket does so, too, but its client stays, as a driver does whose device was pulled: to it every
// register reads as ones. QEMU (11.1) does not survive that the connection is closed under it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/vfio_user/device.h"
#include "host/vfio_user/router.h"
#include "host/vfio_user/session.h"
#include "host/vfio_user/socket_file.h"
#include "models/base/model.h"

namespace cardvp::host::vfio_user {

class Offer : public Assigned {
 public:
  struct Surroundings {
    Scheduler& scheduler;
    const Logger& log;
    boost::asio::io_context& io;
    std::size_t unsent;  // of a client that does not read
    Waits& waits;
    std::function<void()> answered;  // nobody waits here any more
  };

  // Throws std::runtime_error as SocketFile does. The router outlives it.
  Offer(const Surroundings& surroundings, Router& router, const PciFunction& function, const std::string& name,
        const std::filesystem::path& path, const Terms& terms, const Counters& counters);
  ~Offer() override;

  const PciFunction& function() const { return device_.function(); }

  // At each look, between two slices: ends a client that is to be ended, and is ready for the next. False: this is
  // over.
  bool look();
  // Closes the client and removes the socket; over when the function is reset, so that it touches nothing of others.
  void withdraw();
  bool withdrawn() const { return !socket_; }
  bool gone() const { return removed_; }
  bool waiting() const { return !ready_ || (session_ && session_->waiting() > 0); }
  bool has_doorbells() const { return session_ && session_->has_doorbells(); }
  bool holding() const { return session_ && session_->holding(); }
  bool has_client() const { return session_ != nullptr; }

  // Assigned
  std::byte* direct(std::uint64_t address, std::size_t size, bool write) override;
  void write(std::uint64_t address, std::span<const std::byte> data) override;
  void read(DmaRead& read) override;
  void abandon(DmaRead& read) override;
  void removed() override;

 private:
  void accept();
  void accepted(boost::asio::local::stream_protocol::socket socket);
  void begin();
  void end_session();
  void start_reset();
  Task<> reset();

  Surroundings around_;
  Router& router_;
  const std::string name_;
  const Terms terms_;
  Counters counters_;
  Device device_;
  std::unique_ptr<SocketFile> socket_;
  // What an accept that is under way may still find here.
  std::shared_ptr<Offer*> self_;
  std::unique_ptr<Session> session_;
  std::optional<boost::asio::local::stream_protocol::socket> next_;  // a client that waits for its turn
  bool accepting_ = false;
  bool ready_ = false;  // the function is as after a reset
  bool removed_ = false;
  TaskScope resetting_;
};

}  // namespace cardvp::host::vfio_user
