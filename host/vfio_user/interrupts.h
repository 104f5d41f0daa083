// The MSI-X vectors of one client: eventfds, and what fired while there was none.
//
// The client keeps the MSI-X table; here a vector has an eventfd or not. Clients drop and bind vectors while the device
// works, so what fires in between is kept pending, and sent with the next eventfd.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "host/vfio_user/descriptor.h"
#include "host/vfio_user/protocol.h"
#include "models/base/stats.h"

namespace cardvp::host::vfio_user {

class Interrupts {
 public:
  using Clock = std::chrono::steady_clock;

  // Deliveries are at least `gap` apart, in wall time. Counts what is signalled in `signalled`, what is lost as MSI-X
  // is off in `dropped`.
  Interrupts(unsigned vectors, std::chrono::microseconds gap, Counter& signalled, Counter& dropped)
      : vectors_(vectors), gap_(gap), signalled_(signalled), dropped_(dropped) {}

  unsigned vectors() const { return static_cast<unsigned>(vectors_.size()); }

  // SET_IRQS, with the data and descriptors behind it. 0 or an errno: EINVAL for what is no interrupt of this device,
  // no eventfd, or not as many as are named.
  int set(const SetIrqs& request, std::span<const std::byte> data, std::vector<Descriptor>& descriptors);

  // MSI-X Enable as the guest wrote it: while it is set, vectors without an eventfd are kept pending.
  void set_enabled(bool on) { enabled_ = on; }

  // Vector fired, behind so many DMA writes (GuestDma::writes_sent). It is signalled once these are done.
  //
  // Not before deliver(): completions that come closely together are one interrupt to the client, which costs it more
  // than they do.
  void fire(unsigned vector, std::uint64_t writes, std::uint64_t done);
  void deliver();
  void deliver_now();
  // deliver() is to be called again soon.
  bool holding() const { return !due_.empty(); }
  void writes_done(std::uint64_t done);

  bool pending(unsigned vector) const { return vector < vectors_.size() && vectors_[vector].pending; }
  // Function reset: nothing is pending any more.
  void forget();

 private:
  struct Vector {
    Descriptor eventfd;
    bool pending = false;     // fired, with no eventfd
    bool waiting = false;     // for writes, in waiting_
    bool due = false;         // for deliver(), in due_
    std::uint64_t again = 0;  // fired again meanwhile, behind so many; 0: not
  };
  struct Waiting {
    std::uint64_t writes;
    unsigned vector;
  };

  int set_msix(const SetIrqs& request, std::span<const std::byte> data, std::vector<Descriptor>& descriptors);
  int bind(const SetIrqs& request, std::vector<Descriptor>& descriptors);
  void unbind(unsigned first, unsigned end);
  void signal(unsigned vector);

  std::vector<Vector> vectors_;
  const std::chrono::microseconds gap_;
  std::deque<Waiting> waiting_;  // by writes
  std::vector<unsigned> due_;
  Clock::time_point delivered_at_;
  bool enabled_ = false;            // by the guest, in configuration space,
  bool enabled_by_client_ = false;  // or by SET_IRQS: not every client passes the other one on
  Counter& signalled_;
  Counter& dropped_;
};

}  // namespace cardvp::host::vfio_user
