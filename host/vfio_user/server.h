// The vfio-user server: a Unix socket for each function that it offers, at which a client, QEMU for one, takes the
// function for its guest.
//
// Driven from outside, by the thread that runs the simulation, between two slices of simulated time:
//
//   while (...) {
//     server.poll();                       // or wait(), where there is nothing to simulate
//     run a slice, short while server.waiting()
//   }
//
// Commands of clients take simulated time, as requests on the link: some 0.4 us for a register read. The time that a
// client waits for the answer is that of the loop, so slices are to be a few milliseconds of wall time, and on_answered
// to end a slice early. Nothing here waits for a client: not for its answers to DMA, nor for it to read.
//
// A function has one client at a time; further ones are turned away. When a client goes, by whatever way, its memory is
// unmapped and what it did not answer ends as unsupported requests, the function is reset, and the next client may
// come. Memory of BARs is not offered to be mapped but for doorbells, where offer() is told of them: each access is
// seen, and writes stay posted (the protocol has it that they are not if any region is mappable).
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/pci_function.h"
#include "host/vfio_user/doorbell_page.h"
#include "models/base/model.h"

namespace cardvp::host::vfio_user {

struct ServerConfig {
  std::size_t unsent = 256 << 20;              // bytes for a client that does not read; with more it is closed
  std::chrono::microseconds spin{100};         // see wait()
  std::chrono::microseconds interrupt_gap{0};  // between two deliveries of interrupts to a client, at least
};

class Server : public Model {
 public:
  // Makes `folder` if it is not there, for this user alone. Throws std::runtime_error, with remedy.
  Server(sc_core::sc_module_name name, Sim& sim, const std::filesystem::path& folder, const ServerConfig& config = {});
  // Closes every client; functions are not reset.
  ~Server() override;

  // Offers a function at the socket `name`.sock of the folder, which only this user can connect to; the first function
  // of a root complex makes the server its end of the link. The function is reset first, and there is no client before
  // that is done (a physical function's reset takes its virtual ones away: offer it, or them). A socket there that
  // nobody listens at is replaced, and nothing else. Throws std::runtime_error, with remedy.
  //
  // `doorbells`: may be mapped. A store there costs the guest no message, and is found by looking: wait() then does not
  // sleep for long. Throws std::invalid_argument if they are not pages within the BAR, or MSI-X is there.
  void offer(const PciFunction& function, const std::string& name,
             const std::optional<DoorbellArea>& doorbells = std::nullopt);
  // Closes its client and removes its socket at once, resets the function, and gives it back to the root complex. The
  // end of the function's presence, or of its link, removes the socket; a client stays, and reads ones.
  void withdraw(const PciFunction& function);

  void poll();
  // The same, but waits for a client to do something first. With doorbells that are mapped this spins, for
  // ServerConfig::spin behind the last command or doorbell, and then sleeps for a quarter of the time since at most; so
  // it does while interrupts are held back (ServerConfig::interrupt_gap).
  void wait(std::chrono::microseconds longest);

  // Somebody waits for something that takes simulated time.
  bool waiting() const;
  // Called, in simulated time, when nobody waits any more.
  void on_answered(std::function<void()> notify);
  // Commands and doorbells that came so far: whether there is demand.
  std::uint64_t demands() const { return commands_.value() + doorbells_.value(); }
  std::uint64_t commands() const { return commands_.value(); }
  std::uint64_t doorbells() const { return doorbells_.value(); }
  // Wall time for which a command waited for its answer at most, from the look before the one that found it.
  std::chrono::nanoseconds longest_wait() const;
  std::size_t clients() const;

 private:
  struct Port;
  std::uint64_t seen_ = 0;  // demands, when wait() was there last,
  std::chrono::steady_clock::time_point seen_at_;
  Counter& commands_;
  Counter& doorbells_;
  std::unique_ptr<Port> port_;
};

}  // namespace cardvp::host::vfio_user
