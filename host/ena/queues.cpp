// Driver: its I/O queues (CREATE_CQ, CREATE_SQ and their ends).
#include <algorithm>
#include <bit>
#include <ranges>

#include <fmt/format.h>

#include "host/ena/driver.h"
#include "models/net/headers.h"

namespace cardvp::host::ena {

// Bytes of the largest packet that is no segmentation: two VLAN tags at most.
std::size_t Driver::most_frame() const { return config_.mtu + net::kEthernetBytes + 2 * net::kVlanBytes; }

// Interrupt delays in units of the device's resolution.
std::uint32_t Driver::delays() const {
  if (moderation_resolution_ == 0) return 0;
  const unsigned rx = std::min(config_.rx_delay_us / moderation_resolution_, kMostDelay);
  const unsigned tx = std::min(config_.tx_delay_us / moderation_resolution_, kMostDelay);
  return rx | tx << 15;
}

void Driver::make_pairs(unsigned tx_entries, unsigned rx_entries) {
  QueueOwner& owner = *this;
  pairs_.clear();
  created_.clear();
  const bool check = info_.capabilities & kReservedBitsZero;
  for (unsigned number = 0; number < info_.queues; ++number) {
    const QueuePairConfig config{.number = number,
                                 .tx = {.entries = tx_entries,
                                        .llq = llq_,
                                        .most_frame = most_frame(),
                                        .descriptors = limits_.tx_descriptors,
                                        .offloads = info_.tx_offloads,
                                        .check_reserved = check},
                                 .rx = {.entries = rx_entries,
                                        .buffer_bytes = config_.rx_buffer_bytes,
                                        .buffers = limits_.rx_descriptors,
                                        .checksums = config_.receive_checksums,
                                        .check_reserved = check},
                                 .interrupt_latency = config_.interrupt_latency,
                                 .software_cost = config_.software_cost,
                                 .delays = delays()};
    pairs_.push_back(std::make_unique<QueuePair>(scheduler(), *function_, config, owner, counters_));
    function_->set_vector(pairs_.back()->vector(), pairs_.back()->interrupt());
  }
  info_.tx_entries = tx_entries;
  info_.rx_entries = rx_entries;
}

// With smaller rings as long as the device has too little for those that were asked for.
Task<Error> Driver::create_queues() {
  if (config_.rx_buffer_bytes < 256 || config_.rx_buffer_bytes > 0x10000 ||
      most_frame() > std::size_t{config_.rx_buffer_bytes} * limits_.rx_descriptors)
    co_return failure(fmt::format("receive buffers of {} bytes do not do for packets of {}, in at most {} of them",
                                  config_.rx_buffer_bytes, most_frame(), limits_.rx_descriptors));
  info_.queues = std::min({std::max(config_.queues, 1u), kMostQueues, function_->msix->vectors - 1, limits_.queues});
  unsigned tx = std::bit_floor(std::clamp(config_.tx_entries, 2u, std::min(limits_.tx_entries, 32768u)));
  unsigned rx = std::bit_floor(std::clamp(config_.rx_entries, 2u, std::min(limits_.rx_entries, 32768u)));
  for (;;) {
    make_pairs(tx, rx);
    Error error;
    const Creation creation = co_await create_all(error);
    if (creation == Creation::kDone) co_return Error{};
    const unsigned larger = std::max(tx, rx);
    if (creation == Creation::kFailed || larger <= kLeastRing) co_return error;
    if (!co_await destroy_all()) co_return failure("the device did not destroy its queues");
    if (tx == larger) tx /= 2;
    if (rx == larger) rx /= 2;
    log_.warning("the device lacks resources: smaller rings", {{"tx_entries", tx}, {"rx_entries", rx}});
  }
}

Task<Driver::Creation> Driver::create_all(Error& error) {
  for (const Direction direction : {kTx, kRx}) {
    for (auto& pair : pairs_) {
      const Creation creation = co_await create_queue(*pair, direction, error);
      if (creation != Creation::kDone) co_return creation;
    }
  }
  co_return Creation::kDone;
}

Task<Driver::Creation> Driver::create_queue(QueuePair& pair, Direction direction, Error& error) {
  const bool tx = direction == kTx;
  const auto end = [&](const char* what, const AdminResponse& response) {
    error = refused(fmt::format("{} of {} queue {}", what, tx ? "TX" : "RX", pair.vector() - 1), response);
    return response.answered && response.status == kStatusNoResources ? Creation::kNoResources : Creation::kFailed;
  };
  const auto depth = static_cast<std::uint16_t>(tx ? info_.tx_entries : info_.rx_entries);
  CreateCq cq;
  cq.entry_dwords = (tx ? sizeof(TxCompletion) : sizeof(RxCompletion)) / 4;
  cq.depth = depth;
  cq.vector = pair.vector();
  cq.base = Address48(tx ? pair.tx().completion_address() : pair.rx().completion_address());
  const AdminResponse cq_done = co_await admin_.execute(cq);
  if (!cq_done.ok()) co_return end("CREATE_CQ", cq_done);
  const auto cq_place = cq_done.as<CreateCqResponse>();
  created_.push_back({.cq = cq_place.index, .direction = direction});

  CreateSq sq;
  sq.direction = direction;
  sq.placement = tx && llq_.entry != 0 ? kPlacementDevice : kPlacementHost;
  sq.cq = cq_place.index;
  sq.depth = depth;
  sq.base = Address48(tx ? pair.tx().ring_address() : pair.rx().ring_address());
  const AdminResponse sq_done = co_await admin_.execute(sq);
  if (!sq_done.ok()) co_return end("CREATE_SQ", sq_done);
  const auto sq_place = sq_done.as<CreateSqResponse>();
  created_.back().sq = sq_place.index;
  created_.back().has_sq = true;

  if (const std::string why = misplaced(direction, cq_place, sq_place); !why.empty()) {
    error = failure(why);
    co_return Creation::kFailed;
  }
  if (tx) {
    pair.tx().attach(sq_place.doorbell, sq_place.llq_ring);
    pair.set_unmask(cq_place.unmask);
  } else {
    pair.rx().attach(sq_place.doorbell);
  }
  co_return Creation::kDone;
}

// What is wrong with the places that the device gave; empty: nothing.
std::string Driver::misplaced(Direction direction, const CreateCqResponse& cq, const CreateSqResponse& sq) const {
  const auto in_bar0 = [&](std::uint32_t offset) { return offset % 4 == 0 && offset < function_->bars[0].size; };
  if (!in_bar0(sq.doorbell)) return fmt::format("a doorbell at {:#x}", sq.doorbell);
  if (cq.unmask == 0 || !in_bar0(cq.unmask)) return fmt::format("an unmask register at {:#x}", cq.unmask);
  const std::uint64_t ring = std::uint64_t{info_.tx_entries} * llq_.entry;
  const std::uint64_t room = function_->bars[2].size;
  if (direction == kTx && llq_.entry != 0 && (sq.llq_ring % 64 != 0 || ring > room || sq.llq_ring > room - ring))
    return fmt::format("a ring of {} bytes at {:#x} of BAR 2", ring, sq.llq_ring);
  return {};
}

// Each SQ, then its CQ, in the order of their creation. False if the device does not answer as it should.
Task<bool> Driver::destroy_all() {
  bool destroyed = true;
  for (const CreatedQueue& queue : created_) {
    if (queue.has_sq) {
      DestroySq sq;
      sq.index = queue.sq;
      sq.direction = queue.direction;
      const AdminResponse done = co_await admin_.execute(sq);
      destroyed = destroyed && done.ok();
    }
    DestroyCq cq;
    cq.index = queue.cq;
    const AdminResponse done = co_await admin_.execute(cq);
    destroyed = destroyed && done.ok();
  }
  created_.clear();
  co_return destroyed;
}

}  // namespace cardvp::host::ena
