#include "models/nic/vpc/tunnel.h"

#include <algorithm>

#include "models/net/headers.h"

namespace cardvp::nic {

using sc_core::sc_time;

Tunnel::Tunnel(Sim& sim, const std::string& name, Peers& peers, Transit& transit, DropCounters& drops,
               wire::FramePool& frames)
    : sim_(sim),
      peers_(peers),
      transit_(transit),
      drops_(drops),
      frames_(frames),
      sent_(sim.stats.counter(name + ".wire_packets_out", "packets")),
      sent_bytes_(sim.stats.counter(name + ".wire_bytes_out", "bytes")),
      sealed_(sim.stats.counter(name + ".sealed", "packets")),
      opened_(sim.stats.counter(name + ".opened", "packets")) {}

Tunnel::Sealed Tunnel::wrap(std::uint16_t index, geneve::Header header, wire::Frame& frame, sc_time ready) {
  const Peer& peer = peers_[index];
  if (!peer.stored || peer.endpoint.ip.is_v4() != self_.ip.is_v4()) return {Drop::kNoPeer, ready};
  if (peer.encrypt && !(header.transit = transit_.next(index))) return {Drop::kNoKey, ready};
  const geneve::Layout layout = geneve::layout_of(header, !peer.endpoint.ip.is_v4());
  const std::size_t tag = peer.encrypt ? geneve::kTagBytes : 0;
  if (layout.payload > frame.headroom() || tag > frame.tailroom()) return {Drop::kTooLong, ready};
  const std::size_t inner = frame.size();
  frame.push_front(layout.payload);
  if (tag) frame.push_back(tag);
  geneve::write(frame.bytes(), self_, peer.endpoint, header);
  if (!peer.encrypt) return {std::nullopt, ready};

  const std::span<std::byte> bytes = frame.bytes();
  const auto additional = bytes.first(layout.payload).subspan(layout.geneve);
  const auto end = transit_.reserve(additional.size() + inner, ready, sim_.scheduler.now());
  if (!end) return {Drop::kCipherBusy, ready};
  if (!transit_.seal(index, *header.transit, additional, bytes.subspan(layout.payload, inner),
                     bytes.last<geneve::kTagBytes>()))
    return {Drop::kNoKey, ready};
  sealed_.add();
  return {std::nullopt, transit_.done(*end)};
}

sc_time Tunnel::send(wire::FramePtr frame, sc_time at) {
  sent_.add();
  sent_bytes_.add(frame->size());
  return port_->send(std::move(frame), std::max(at, sim_.scheduler.now()));
}

wire::FramePtr Tunnel::encapsulate(std::uint16_t peer, std::uint32_t vni, std::span<const std::byte> option,
                                   wire::FramePtr inner, sc_time& ready) {
  if (!inner) inner = frames_.make();
  const Sealed sealed = wrap(peer, {.vni = vni, .transit = {}, .transport = option}, *inner, ready);
  if (sealed.drop) {
    drops_.count(*sealed.drop);
    return nullptr;
  }
  ready = sealed.ready;
  return inner;
}

sc_time Tunnel::send(std::uint16_t, unsigned path, const wire::Frame& outer, sc_time at) {
  if (!port_) {
    drops_.count(Drop::kNoUplink);
    return at;
  }
  wire::FramePtr copy = frames_.make(outer.bytes());
  const geneve::Layout layout = geneve::layout_of({}, !self_.ip.is_v4());
  net::store16(copy->data() + layout.udp, static_cast<std::uint16_t>(geneve::kFirstPort + path % geneve::kPorts));
  return send(std::move(copy), at);
}

Tunnel::Unwrapped Tunnel::unwrap(wire::Frame& frame, sc_time ready) {
  const geneve::Packet packet = geneve::parse(frame.bytes(), self_.ip);
  if (packet.drop) return {.drop = packet.drop};
  Unwrapped unwrapped{.peer = peers_.find(packet.source), .vni = packet.vni, .ready = ready};
  const Peer& peer = peers_[unwrapped.peer];
  if (!packet.transport.empty() && !peer.multipath) return {.drop = Drop::kNotMultipath};
  if (!packet.transit && peer.encrypt) return {.drop = Drop::kNotSealed};
  unwrapped.transport = packet.transport;
  frame.pop_back(frame.size() - packet.end);
  if (packet.transit) unwrapped.drop = open(packet, unwrapped.peer, frame, unwrapped);
  frame.pop_front(packet.payload);
  return unwrapped;
}

std::optional<Drop> Tunnel::open(const geneve::Packet& packet, std::uint16_t peer, wire::Frame& frame,
                                 Unwrapped& unwrapped) {
  const std::span<std::byte> bytes = frame.bytes();
  const auto additional = bytes.first(packet.payload).subspan(packet.geneve);
  const auto sealed = bytes.subspan(packet.payload);
  const auto data = sealed.first(sealed.size() - geneve::kTagBytes);
  const sc_time now = sim_.scheduler.now();
  const bool again = !packet.transport.empty();
  const Transit::Opened opened =
      transit_.open(peer, *packet.transit, again, additional, data, sealed.last<geneve::kTagBytes>(), now);
  if (opened.drop) return opened.drop;
  opened_.add();
  const auto end = transit_.reserve(additional.size() + data.size(), unwrapped.ready, now);
  if (!end) return Drop::kCipherBusy;
  unwrapped.ready = transit_.done(*end);
  unwrapped.replayed = opened.replayed;
  frame.pop_back(geneve::kTagBytes);
  return std::nullopt;
}

}  // namespace cardvp::nic
