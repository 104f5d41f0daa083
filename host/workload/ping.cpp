#include "host/workload/ping.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "host/workload/arrivals.h"
#include "host/workload/neighbour.h"
#include "host/workload/traffic_frames.h"
#include "models/base/sync.h"
#include "models/net/checksum.h"

namespace cardvp::host {

using sc_core::sc_time;

namespace {

constexpr std::size_t kHeader = 8;  // type, code, checksum, identifier, sequence number
constexpr std::size_t kIdentifier = 4, kSequence = 6;

std::byte request_type(bool ipv6) { return ipv6 ? std::byte{128} : std::byte{8}; }
std::byte reply_type(bool ipv6) { return ipv6 ? std::byte{129} : std::byte{0}; }

// An ICMP message without faults, of the address's family.
std::optional<net::Parsed> parse_echo(std::span<const std::byte> frame, const net::IpAddress& address) {
  const net::Parsed parsed = net::parse(frame);
  const std::uint8_t protocol = address.is_v4() ? net::kProtocolIcmp : net::kProtocolIcmpv6;
  if (parsed.fault != net::Fault::kNone || parsed.l4 == 0 || parsed.protocol != protocol || parsed.fragment ||
      parsed.end < parsed.l4 + kHeader || net::flow_key(frame, parsed).destination != address)
    return std::nullopt;
  return parsed;
}

class Responder final : public ena::PacketSink {
 public:
  Responder(ena::Driver& driver, const net::IpAddress& address) : driver_(driver), address_(address) {
    driver_.add_sink(*this);
  }
  ~Responder() { driver_.remove_sink(*this); }
  bool receive(unsigned queue, const ena::RxPacket& packet) override {
    return answer_echo(driver_, address_, queue, packet);
  }

 private:
  ena::Driver& driver_;
  net::IpAddress address_;
};

class Pinger final : public ena::PacketSink {
 public:
  Pinger(const TrafficEnd& from, const PingConfig& config, PingResult& result)
      : driver_(*from.driver),
        address_(from.address),
        config_(config),
        result_(result),
        content_(config.seed),
        times_(config.count),
        changed_(driver_.scheduler()) {
    driver_.add_sink(*this);
  }
  ~Pinger() { driver_.remove_sink(*this); }

  std::vector<std::byte> request(const net::FrameSpec& spec, std::uint64_t number) {
    std::vector<std::byte> message(kHeader + config_.bytes);
    message[0] = request_type(!address_.is_v4());
    net::store16(&message[kIdentifier], config_.identifier);
    net::store16(&message[kSequence], static_cast<std::uint16_t>(number));
    std::ranges::copy(data(number), message.begin() + kHeader);
    times_[number] = driver_.scheduler().now();
    return net::build(spec, message);
  }
  Trigger& changed() { return changed_; }

  bool receive(unsigned, const ena::RxPacket& packet) override {
    const auto parsed = parse_echo(packet.frame, address_);
    if (!parsed) return false;
    const auto message = packet.frame.first(parsed->end).subspan(parsed->l4);
    if (message[0] != reply_type(!address_.is_v4()) || net::load16(&message[kIdentifier]) != config_.identifier)
      return false;
    // Of the requests with that sequence number, the last that was sent.
    const std::uint16_t back = static_cast<std::uint16_t>(result_.sent - 1 - net::load16(&message[kSequence]));
    if (back >= result_.sent) return true;
    const std::uint64_t number = result_.sent - 1 - back;
    if (arrivals_.add(number) == Arrivals::Kind::kDuplicate) return true;
    ++result_.received;
    result_.round_trip.add((packet.time - times_[number]).value());
    const bool whole = net::check_l4(packet.frame, *parsed) == net::L4Check::kGood &&
                       std::ranges::equal(message.subspan(kHeader), data(number));
    if (!whole) ++result_.corrupted;
    changed_.notify();
    return true;
  }

 private:
  std::span<const std::byte> data(std::uint64_t number) const {
    return content_.packet(0, static_cast<std::uint32_t>(number), config_.bytes);
  }

  ena::Driver& driver_;
  net::IpAddress address_;
  const PingConfig& config_;
  PingResult& result_;
  TrafficContent content_;
  std::vector<sc_time> times_;
  Arrivals arrivals_;
  Trigger changed_;
};

}  // namespace

bool answer_echo(ena::Driver& driver, const net::IpAddress& address, unsigned queue, const ena::RxPacket& packet) {
  const auto parsed = parse_echo(packet.frame, address);
  const bool ipv6 = !address.is_v4();
  if (!parsed || packet.frame[parsed->l4] != request_type(ipv6)) return false;
  std::vector<std::byte> reply(packet.frame.begin(), packet.frame.end());
  reply[parsed->l4] = reply_type(ipv6);
  net::store_mac(reply.data(), net::source_mac(packet.frame));
  net::store_mac(&reply[6], driver.info().mac);
  const std::size_t size = ipv6 ? 16 : 4;
  const std::size_t addresses = parsed->l3 + (ipv6 ? 8 : 12);
  std::swap_ranges(reply.begin() + static_cast<std::ptrdiff_t>(addresses),
                   reply.begin() + static_cast<std::ptrdiff_t>(addresses + size),
                   reply.begin() + static_cast<std::ptrdiff_t>(addresses + size));
  net::set_l4_checksum(reply, *parsed);
  const ena::TxPacket answer{.frame = reply};
  driver.try_transmit(queue, answer);  // else it is lost, as on any host that is busy
  return true;
}

Task<PingResult> ping(TrafficEnd from, TrafficEnd to, PingConfig config) {
  PingResult result;
  Scheduler& scheduler = from.driver->scheduler();
  const bool ipv6 = !from.address.is_v4();
  const std::size_t headers = net::kEthernetBytes + (ipv6 ? net::kIpv6Bytes : net::kIpv4Bytes) + kHeader;
  if (ipv6 == to.address.is_v4()) result.error = "the ends' addresses are not of one family";
  if (headers + config.bytes > from.driver->config().mtu + net::kEthernetBytes)
    result.error = fmt::format("{} bytes of data are beyond the MTU", config.bytes);
  if (!result.error.empty()) co_return result;

  Neighbour near(*from.driver, from.address);
  std::optional<Neighbour> far;
  std::optional<Responder> responder;
  if (to.driver) {
    far.emplace(*to.driver, to.address);
    responder.emplace(*to.driver, to.address);
  }
  const bool remote = !from.router.is_zero() && !from.subnet.contains(to.address);
  const auto mac = co_await near.resolve(remote ? from.router : to.address);
  if (!mac) {
    result.error = fmt::format("nobody answers for {}", to.address.text());
    co_return result;
  }
  net::FrameSpec spec;
  spec.destination = *mac;
  spec.source = from.driver->info().mac;
  spec.source_ip = from.address;
  spec.destination_ip = to.address;
  spec.protocol = ipv6 ? net::kProtocolIcmpv6 : net::kProtocolIcmp;
  Pinger pinger(from, config, result);
  const sc_time start = scheduler.now();
  for (std::uint64_t number = 0; number < config.count; ++number) {
    co_await scheduler.until(start + static_cast<double>(number) * config.interval);
    const std::vector<std::byte> frame = pinger.request(spec, number);
    const ena::TxPacket packet{.frame = frame};
    if (!co_await from.driver->transmit(0, packet)) {
      result.error = "the driver stopped running";
      co_return result;
    }
    ++result.sent;
  }
  const sc_time deadline = scheduler.now() + config.timeout;
  TaskScope timer(scheduler);
  timer.spawn([](Scheduler& s, Trigger& trigger, sc_time time) -> Task<> {
    co_await s.until(time);
    trigger.notify();
  }(scheduler, pinger.changed(), deadline));
  while (result.received < result.sent && scheduler.now() < deadline) co_await pinger.changed();
  co_return result;
}

}  // namespace cardvp::host
