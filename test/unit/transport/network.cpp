#include "test/unit/transport/network.h"

#include <cstring>

#include "models/net/headers.h"

namespace cardvp::nic::testing {

namespace {
constexpr std::size_t kOuterBytes = 16;  // sequence number of the sealing, VNI, length of the option
}

End::End(const std::string& name, Sim& of, wire::FramePool& pool, const TransportConfig& config, std::uint64_t seed)
    : sim(of),
      frames(pool),
      transport(name.c_str(), of, config, *this, *this),
      paths(config.paths),
      path_packets(config.paths),
      free_at_(config.paths),
      random_(seed),
      arrival_(of.scheduler, *this) {}

End::~End() {
  for (; !under_way_.empty(); under_way_.pop()) wire::ReturnFrame()(under_way_.top().frame);
}

sc_time End::send(std::uint32_t flow, std::size_t bytes) {
  wire::FramePtr frame = frames.make();
  std::byte* const at = frame->push_back(bytes);
  std::memset(at, 0, bytes);
  net::store32(at, flow);
  net::store32(at + 4, sent[flow]++);
  return transport.transmit(kPeer, kVni, flow, std::move(frame), sc_core::sc_time_stamp());
}

std::uint64_t End::count(const std::string& what) const {
  const auto found = sim.stats.counters().find(std::string(transport.name()) + "." + what);
  EXPECT_NE(found, sim.stats.counters().end()) << what;
  return found == sim.stats.counters().end() ? 0 : found->second.value->value();
}

wire::FramePtr End::encapsulate(std::uint16_t peer, std::uint32_t vni, std::span<const std::byte> option,
                                wire::FramePtr inner, sc_time& ready) {
  EXPECT_EQ(peer, kPeer);
  EXPECT_LE(option.size(), 64u);
  EXPECT_EQ(option.size() % 4, 0u);
  EXPECT_GE(ready, sc_core::sc_time_stamp());
  if (!has_key) return nullptr;
  wire::FramePtr outer = inner ? std::move(inner) : frames.make();
  std::byte* const at = outer->push_front(kOuterBytes + option.size());
  net::store64(at, ++sealed_);
  net::store32(at + 8, vni);
  net::store32(at + 12, static_cast<std::uint32_t>(option.size()));
  std::memcpy(at + kOuterBytes, option.data(), option.size());
  return outer;
}

sc_time End::send(std::uint16_t, unsigned path, const wire::Frame& outer, sc_time at) {
  EXPECT_GE(at, sc_core::sc_time_stamp());
  const TestPath& by = paths.at(path);
  ++path_packets[path];
  const std::size_t option_bytes = net::load32(outer.data() + 12);
  last_option.assign(outer.data() + kOuterBytes, outer.data() + kOuterBytes + option_bytes);
  std::uniform_real_distribution<double> chance(0, 1);
  const bool unlucky = lose ? lose(last_option) : chance(random_) < by.loss;
  sc_time& free = free_at_[path];
  if (!by.up || unlucky || (by.bytes_per_second > 0 && free > at + by.longest_queue)) return at;
  free = std::max(free, at);
  if (by.bytes_per_second > 0) free += sc_time(static_cast<double>(outer.size()) / by.bytes_per_second, SC_SEC);
  const sc_time arrives = free + by.delay + by.jitter * chance(random_);
  wire::FramePtr copy = frames.make();
  std::memcpy(copy->push_back(outer.size()), outer.data(), outer.size());
  under_way_.push({arrives, order_++, copy.release()});
  if (!arrival_.pending() || under_way_.top().at == arrives) arrival_.call_at(under_way_.top().at);
  return at;
}

void End::arrive() {
  while (!under_way_.empty() && under_way_.top().at <= sc_core::sc_time_stamp()) {
    wire::FramePtr frame(under_way_.top().frame);
    under_way_.pop();
    if (other) other->take(std::move(frame));
  }
  if (!under_way_.empty()) arrival_.call_at(under_way_.top().at);
}

void End::take(wire::FramePtr outer) {
  const std::uint64_t sequence = net::load64(outer->data());
  const std::uint32_t vni = net::load32(outer->data() + 8);
  const std::size_t option_bytes = net::load32(outer->data() + 12);
  const std::vector<std::byte> option(outer->data() + kOuterBytes, outer->data() + kOuterBytes + option_bytes);
  outer->pop_front(kOuterBytes + option_bytes);
  if (outer->size() == 0) outer.reset();
  const bool replayed = seals && !opened_.insert(sequence).second;
  if (replayed) outer.reset();
  transport.receive(kPeer, vni, option, std::move(outer), replayed, sc_core::sc_time_stamp());
}

void End::deliver(std::uint16_t peer, std::uint32_t vni, wire::FramePtr inner, sc_time ready) {
  EXPECT_EQ(peer, kPeer);
  EXPECT_EQ(vni, kVni);
  ASSERT_TRUE(inner);
  const std::uint32_t flow = net::load32(inner->data());
  EXPECT_EQ(net::load32(inner->data() + 4), received[flow]) << "of flow " << flow;
  received[flow] = net::load32(inner->data() + 4) + 1;
  EXPECT_GE(ready, last_ready_[flow]);
  last_ready_[flow] = ready;
  bytes_received += inner->size();
}

void Network::make(unsigned path_count, TransportConfig config) {
  config.paths = path_count;
  a = std::make_unique<End>("a", sim, frames, config, 1);
  b = std::make_unique<End>("b", sim, frames, config, 2);
  a->other = b.get();
  b->other = a.get();
}

void Network::set_path(unsigned path, const TestPath& to) { a->paths.at(path) = b->paths.at(path) = to; }

void Network::feed(End& from, unsigned number, unsigned flows, std::size_t bytes) {
  scope.spawn([](Scheduler& scheduler, End& end, unsigned count, unsigned flow_count, std::size_t size) -> Task<> {
    for (unsigned i = 0; i < count; ++i) {
      const sc_time next = end.send(i % flow_count, size);
      co_await scheduler.until(next);
    }
  }(sim.scheduler, from, number, flows, bytes));
}

}  // namespace cardvp::nic::testing
