#include "models/pcie/link.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace cardvp::pcie {

using sc_core::sc_time;

namespace {

constexpr std::uint64_t kHeader = 12;      // of a configuration request, a completion,
constexpr std::uint64_t kBulkHeader = 16;  // and a memory request to a 64-bit address
constexpr std::uint64_t kMessageHeader = 16;
constexpr std::uint64_t kConfigPayload = 4;

std::uint64_t memory_header(std::uint64_t address) { return address >> 32 ? kBulkHeader : kHeader; }
std::uint64_t in_dwords(std::uint64_t bytes) { return (bytes + 3) & ~3ull; }
// A request for, or a write of, nothing is a packet, too (zero-length requests: 2.2.5).
std::uint64_t packets_of(std::uint64_t bytes, std::uint64_t most) {
  return std::max<std::uint64_t>(1, (bytes + most - 1) / most);
}

// Of one lane, line coding included.
double picoseconds_per_byte(unsigned generation) {
  constexpr double kSymbols[] = {8 * 400.0 * 10 / 8,   8 * 200.0 * 10 / 8,    8 * 125.0 * 130 / 128,
                                 8 * 62.5 * 130 / 128, 8 * 31.25 * 130 / 128, 8 * 15.625 * 256 / 236};
  assert(generation >= 1 && generation <= std::size(kSymbols));
  return kSymbols[generation - 1];
}

bool is_packet_size(unsigned bytes) { return std::has_single_bit(bytes) && bytes >= 128 && bytes <= 4096; }

}  // namespace

Link::Link(sc_core::sc_module_name name, Sim& sim, const LinkConfig& config)
    : Model(name, sim),
      config_(config),
      framing_(config.generation >= 6 ? 0 : 8),
      ticks_per_byte_(picoseconds_per_byte(config.generation) / config.lanes *
                      static_cast<double>(sc_time(1, sc_core::SC_US).value()) / 1e6),
      together_(std::min(sc_time(100, sc_core::SC_NS), config.latency / 2)),
      to_host_{counter("up.bytes", "bytes"), counter("up.packets", "packets")},
      to_device_{counter("down.bytes", "bytes"), counter("down.packets", "packets")},
      dropped_(counter("dropped", "packets")) {
  assert(std::has_single_bit(config.lanes) && config.lanes <= 16);
  assert(is_packet_size(config.max_payload) && is_packet_size(config.max_read_request));
}

double Link::bytes_per_second() const { return 1e12 * config_.lanes / picoseconds_per_byte(config_.generation); }

sc_time Link::serialisation(std::uint64_t bytes) const {
  return sc_time::from_value(static_cast<sc_time::value_type>(static_cast<double>(bytes) * ticks_per_byte_ + 0.5));
}

// Counts what is to cross and says how long the wire is taken.
sc_time Link::count(Lane& lane, std::uint64_t bytes, std::uint64_t packets) {
  bytes += packets * framing_;
  lane.bytes.add(bytes);
  lane.packets.add(packets);
  energy_.add_picojoules(static_cast<double>(bytes) * config_.picojoules_per_byte);
  return serialisation(bytes);
}

// Sends packets in order, from now on; `bytes` is without framing. Returns when the last has arrived.
sc_time Link::send(Lane& lane, std::uint64_t bytes, std::uint64_t packets) {
  return lane.wire.reserve(now(), count(lane, bytes, packets)) + config_.latency;
}

void Link::enable(bool on) {
  if (on == enabled_) return;
  enabled_ = on;
  if (on) {
    training_.call_at(now() + config_.training);
    return;
  }
  training_.cancel();
  if (!up_) return;
  up_ = false;
  ++sessions_;
  dropped_.add(to_host_.posted.size() + to_device_.posted.size() + presence_.size());
  for (Lane* lane : {&to_host_, &to_device_}) {
    lane->posted.clear();
    lane->wire.clear();
  }
  presence_.clear();
  host_delivery_.cancel();
  device_delivery_.cancel();
  presence_delivery_.cancel();
  log_.info("link down");
  device_->link_reset();
  host_->link_changed(false);
}

void Link::trained() {
  assert(host_ && device_);
  up_ = true;
  log_.info("link up", {{"generation", config_.generation}, {"lanes", config_.lanes}});
  host_->link_changed(true);
}

// A request down that is `serve`d when it arrives, and its completion up. `bytes`: of the request, without framing.
template <class Serve>
Task<ReadResult> Link::request(std::uint64_t bytes, Serve serve) {
  constexpr ReadResult kNobody{Completion::kLinkDown, ~0ull};
  if (!up_) co_return kNobody;
  const std::uint64_t session = sessions_;
  co_await scheduler().until(send(to_device_, bytes));
  if (session != sessions_) co_return kNobody;
  deliver_to_device();  // what was posted before
  std::uint64_t payload = 0;
  const ReadResult result = serve(*device_, payload);
  if (session != sessions_) co_return kNobody;
  co_await scheduler().until(send(to_host_, kHeader + (result.status == Completion::kSuccess ? payload : 0)));
  deliver_to_host();
  co_return session == sessions_ ? result : kNobody;
}

Task<ReadResult> Link::config_read(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size) {
  return request(kHeader, [=](DevicePort& device, std::uint64_t& payload) {
    payload = kConfigPayload;
    return device.config_read(bus, function, offset, size);
  });
}

Task<Completion> Link::config_write(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size,
                                    std::uint32_t value) {
  const ReadResult result = co_await request(kHeader + kConfigPayload, [=](DevicePort& device, std::uint64_t&) {
    return ReadResult{device.config_write(bus, function, offset, size, value), 0};
  });
  co_return result.status;
}

Task<ReadResult> Link::memory_read(std::uint64_t address, unsigned size) {
  return request(memory_header(address), [=](DevicePort& device, std::uint64_t& payload) {
    payload = in_dwords(size);
    return device.memory_read(address, size);
  });
}

void Link::memory_write(std::uint64_t address, std::span<const std::byte> data) {
  if (!up_) return dropped_.add();
  const sc_time arrival = send(to_device_, memory_header(address) + in_dwords(data.size()));
  to_device_.posted.push(arrival, 0, address, data);
  if (to_device_.posted.size() == 1) device_delivery_.call_at(arrival);
}

void Link::post(RequesterId requester, std::uint64_t address, std::span<const std::byte> data) {
  if (!up_) return dropped_.add();
  const sc_time arrival = send(to_host_, memory_header(address) + in_dwords(data.size()));
  to_host_.posted.push(arrival, requester, address, data);
  if (to_host_.posted.size() == 1) host_delivery_.call_at(arrival);
}

// A delivery may post, or drop the link: so the queue is looked at anew each time, and its callback may be set by then.
void Link::deliver_to_host() {
  PostedQueue& queue = to_host_.posted;
  while (!queue.empty() && queue.front().arrival <= now()) {
    const PostedWrite item = queue.pop();
    host_->write(item.requester, item.address, item.data());
  }
  arm(queue, host_delivery_);
}

void Link::deliver_to_device() {
  PostedQueue& queue = to_device_.posted;
  while (!queue.empty() && queue.front().arrival <= now()) {
    const PostedWrite item = queue.pop();
    device_->memory_write(item.address, item.data());
  }
  arm(queue, device_delivery_);
}

template <class Delivery>
void Link::arm(const PostedQueue& queue, Delivery& delivery) {
  if (!queue.empty() && !delivery.pending()) delivery.call_at(queue.last_arrival(queue.front().arrival + together_));
}

void Link::announce_presence(std::uint8_t function, bool present) {
  if (!up_) return;
  const sc_time arrival = send(to_host_, kMessageHeader);
  presence_.push_back({arrival, function, present});
  if (presence_.size() == 1) presence_delivery_.call_at(arrival);
}

void Link::deliver_presence() {
  deliver_to_host();  // what was posted before
  const Presence change = presence_.front();
  presence_.pop_front();
  if (!presence_.empty()) presence_delivery_.call_at(presence_.front().arrival);
  host_->presence_changed(change.function, change.present);
}

sc_time Link::reserve_write(std::uint64_t bytes) {
  const std::uint64_t packets = packets_of(bytes, config_.max_payload);
  return send(to_host_, in_dwords(bytes) + packets * kBulkHeader, packets);
}

sc_time Link::reserve_read(std::uint64_t bytes) {
  // Completions follow the first request; the wire up is never what the rest wait for, as a request is shorter than the
  // data that it asks for.
  const std::uint64_t requests = packets_of(bytes, config_.max_read_request);
  const sc_time first = send(to_host_, kBulkHeader);
  if (requests > 1) send(to_host_, (requests - 1) * kBulkHeader, requests - 1);

  const std::uint64_t completions = packets_of(bytes, std::min(config_.max_payload, config_.max_read_request));
  const sc_time duration = count(to_device_, in_dwords(bytes) + completions * kHeader, completions);
  return to_device_.wire.reserve_ahead(now(), first, duration) + config_.latency;
}

}  // namespace cardvp::pcie
