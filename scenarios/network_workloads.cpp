#include "scenarios/network_workloads.h"

#include <algorithm>

#include "models/net/parse.h"
#include "models/wire/capture.h"

namespace cardvp::scenarios {
namespace {

using platform::InterfaceAddress;

// The one that `address` is, or else the first of its family.
const InterfaceAddress* subnet_of(const platform::InterfaceConfig& interface, const net::IpAddress& address) {
  const InterfaceAddress* first = nullptr;
  for (const InterfaceAddress& own : interface.addresses) {
    if (own.address.is_v4() != address.is_v4()) continue;
    if (own.address == address) return &own;
    if (!first) first = &own;
  }
  return first;
}

// Of the capture, what a host itself has sent to another. The card answers ARP and neighbour discovery by itself, and
// passes on no broadcast.
std::vector<host::ReplayFrame> frames_of(const wire::Capture& capture, const net::MacAddress& sender) {
  std::vector<host::ReplayFrame> frames;
  for (const wire::CapturedFrame& frame : capture.frames) {
    if (frame.bytes.size() < net::kEthernetBytes || net::source_mac(frame.bytes) != sender) continue;
    const net::Parsed parsed = net::parse(frame.bytes);
    const bool discovery = parsed.protocol == net::kProtocolIcmpv6 && parsed.l4 != 0 &&
                           frame.bytes[parsed.l4] >= std::byte{133} && frame.bytes[parsed.l4] <= std::byte{137};
    if (!parsed.ip() || discovery || net::destination_mac(frame.bytes).is_multicast()) continue;
    frames.push_back({frame.time, frame.bytes});
  }
  return frames;
}

Task<> replay_into(host::ena::Driver& from, host::ena::Driver& to, std::vector<host::ReplayFrame> frames,
                   sc_core::sc_time patience, std::uint64_t* progress, host::ReplayResult& result, unsigned& running,
                   Trigger& ended) {
  result = co_await host::replay(from, to, std::move(frames), patience, progress);
  --running;
  ended.notify();
}

std::string text_of(const net::IpAddress& address) { return address.is_zero() ? "none" : address.text(); }

}  // namespace

std::string NetworkWorkloads::find_fault(const InterfacePlace& place) {
  return driver(place).running() ? "" : fmt::format("interface {} is not attached", name_of(place));
}

host::TrafficEnd NetworkWorkloads::end_of(const EndConfig& end) {
  host::TrafficEnd made{&driver(end.place), end.address, {}, {}, {}};
  const InterfaceAddress* const own = subnet_of(config_of(end.place), end.address);
  if (!own) return made;
  made.own = own->address;
  if (!own->router) return made;
  made.subnet = {own->address, own->prefix_length};
  made.router = *own->router;
  return made;
}

Task<> NetworkWorkloads::run_traffic(const TrafficWorkload& workload, WorkloadResult& result, std::uint64_t* progress) {
  result.from = name_of(workload.from.place);
  result.to = name_of(workload.to.place);
  for (const EndConfig* end : {&workload.from, &workload.to})
    if (result.error.empty()) result.error = find_fault(end->place);
  if (!result.error.empty()) co_return;
  result.traffic = co_await host::run(end_of(workload.from), end_of(workload.to), workload.config, progress);
  const host::TrafficResult& traffic = *result.traffic;
  result.error = traffic.verdict(workload.config);
  if (result.error.empty() && traffic.received < workload.least)
    result.error =
        fmt::format("{} of {} packets were received, less than {}", traffic.received, traffic.sent, workload.least);
  if (result.error.empty() && traffic.received > workload.most)
    result.error =
        fmt::format("{} of {} packets were received, more than {}", traffic.received, traffic.sent, workload.most);
}

Task<> NetworkWorkloads::run_replay(const ReplayWorkload& workload, WorkloadResult& result, std::uint64_t* progress) {
  result.from = name_of(workload.from);
  result.to = name_of(workload.to);
  for (const InterfacePlace& place : {workload.from, workload.to})
    if (result.error.empty()) result.error = find_fault(place);
  if (!result.error.empty()) co_return;
  wire::Capture capture;
  try {
    capture = wire::read_capture(workload.file);
    result.error = capture.error;
  } catch (const std::runtime_error& error) {
    result.error = error.what();
  }
  if (!result.error.empty()) co_return;

  host::ena::Driver &near = driver(workload.from), &far = driver(workload.to);
  std::vector<host::ReplayFrame> there = frames_of(capture, near.info().mac);
  std::vector<host::ReplayFrame> back = frames_of(capture, far.info().mac);
  ReplayPair& pair = result.replay.emplace();
  pair.skipped = capture.frames.size() - there.size() - back.size();
  Scheduler& scheduler = machine_.sim().scheduler;
  unsigned running = 2;
  Trigger ended(scheduler);
  TaskScope tasks(scheduler);
  tasks.spawn(replay_into(near, far, std::move(there), workload.patience, progress, pair.there, running, ended));
  tasks.spawn(replay_into(far, near, std::move(back), workload.patience, progress, pair.back, running, ended));
  while (running > 0) co_await ended;

  std::uint64_t missing = 0;
  for (const host::ReplayResult* each : {&pair.there, &pair.back}) {
    if (result.error.empty()) result.error = each->error;
    if (result.error.empty() && each->unexpected > 0)
      result.error = fmt::format("{} frames arrived that are not as they were sent", each->unexpected);
    missing += each->missing.size() + each->too_long;
  }
  if (!result.error.empty()) co_return;
  if (pair.there.sent + pair.back.sent == 0)
    result.error = fmt::format("{} has no frame of {} or {}", workload.file.filename().string(), near.info().mac.text(),
                               far.info().mac.text());
  else if (missing != workload.missing)
    result.error = fmt::format("{} of {} frames did not arrive, not {}", missing, pair.there.sent + pair.back.sent,
                               workload.missing);
}

Task<> NetworkWorkloads::run_ping(const PingWorkload& workload, WorkloadResult& result) {
  result.from = name_of(workload.from.place);
  result.to = workload.to ? name_of(*workload.to) : workload.target.text();
  result.error = find_fault(workload.from.place);
  if (result.error.empty() && workload.to) result.error = find_fault(*workload.to);
  if (!result.error.empty()) co_return;
  host::TrafficEnd to{nullptr, workload.target, {}, {}, {}};
  if (workload.to) to = end_of({*workload.to, workload.target});
  result.ping = co_await host::ping(end_of(workload.from), to, workload.config);
  const host::PingResult& ping = *result.ping;
  result.error = ping.error;
  if (result.error.empty() && (ping.received != ping.sent || ping.corrupted > 0))
    result.error = fmt::format("{} of {} echo requests were answered, {} of them wrongly", ping.received, ping.sent,
                               ping.corrupted);
}

Task<> NetworkWorkloads::run_dhcp(const DhcpWorkload& workload, WorkloadResult& result) {
  result.from = name_of(workload.interface);
  result.error = find_fault(workload.interface);
  if (!result.error.empty()) co_return;
  result.lease = co_await host::run_dhcp(driver(workload.interface), workload.config);
  const host::DhcpLease& lease = *result.lease;
  result.error = lease.error;
  if (!result.error.empty()) co_return;
  const auto& addresses = config_of(workload.interface).addresses;
  const InterfaceAddress& own =
      *std::find_if(addresses.begin(), addresses.end(), [](const auto& each) { return each.address.is_v4(); });
  const net::IpAddress router = own.router.value_or(net::IpAddress{});
  if (lease.address != own.address)
    result.error = fmt::format("the lease is of {}, not {}", lease.address.text(), own.address.text());
  else if (lease.router != router)
    result.error = fmt::format("the lease's router is {}, not {}", text_of(lease.router), text_of(router));
  else if (lease.subnet.length != own.prefix_length)
    result.error = fmt::format("the lease's prefix length is {}, not {}", lease.subnet.length, own.prefix_length);
  else if (const auto dns = own.dns ? std::vector{*own.dns} : std::vector<net::IpAddress>{}; lease.dns != dns)
    result.error = fmt::format("the lease has {} name servers, not {}", lease.dns.size(),
                               text_of(own.dns.value_or(net::IpAddress{})));
  else if (lease.mtu != config_of(workload.interface).mtu)
    result.error = fmt::format("the lease's MTU is {}, not {}", lease.mtu, config_of(workload.interface).mtu);
}

}  // namespace cardvp::scenarios
