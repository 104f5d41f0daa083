#include "scenarios/network_report.h"

#include "scenarios/report_figures.h"

namespace cardvp::scenarios {
namespace {

using Json = nlohmann::ordered_json;

Json traffic_json(const host::TrafficResult& traffic) {
  const double seconds = (traffic.end - traffic.start).to_seconds();
  Json json = {{"sent", traffic.sent},
               {"sent_bytes", traffic.sent_bytes},
               {"received", traffic.received},
               {"received_bytes", traffic.received_bytes},
               {"lost", traffic.lost},
               {"duplicates", traffic.duplicates},
               {"reordered", traffic.reordered},
               {"corrupted", traffic.corrupted},
               {"unexpected", traffic.unexpected},
               {"bad_checksums", traffic.bad_checksums},
               {"packets_per_second", rounded(rate(traffic.received, seconds))},
               {"bits_per_second", rounded(8 * rate(traffic.received_bytes, seconds))},
               {"latency_ns", latency_json(traffic.latency)},
               {"received_by_queue", Json::object()}};
  for (const auto& [queue, packets] : traffic.by_queue) json["received_by_queue"][std::to_string(queue)] = packets;
  return json;
}

Json replay_json(const host::ReplayResult& replay) {
  return {{"sent", replay.sent},         {"received", replay.received},
          {"unchanged", replay.matched}, {"unexpected", replay.unexpected},
          {"too_long", replay.too_long}, {"missing", replay.missing}};
}

Json ping_json(const host::PingResult& ping) {
  return {{"sent", ping.sent},
          {"received", ping.received},
          {"corrupted", ping.corrupted},
          {"round_trip_ns", latency_json(ping.round_trip)}};
}

Json lease_json(const host::DhcpLease& lease) {
  const auto text = [](const net::IpAddress& address) { return address.is_zero() ? Json() : Json(address.text()); };
  Json json = {{"address", text(lease.address)},
               {"prefix_length", lease.subnet.length},
               {"router", text(lease.router)},
               {"server", text(lease.server)},
               {"dns", Json::array()},
               {"mtu", lease.mtu},
               {"lease_seconds", lease.lease_seconds},
               {"elapsed_ns", ns(lease.elapsed)}};
  for (const net::IpAddress& server : lease.dns) json["dns"].push_back(server.text());
  return json;
}

}  // namespace

Json interfaces_json(const HostDrivers& drivers) {
  Json all = Json::array();
  for (const InterfaceFound& found : drivers.interfaces()) {
    Json json = {{"interface", found.interface},
                 {"address", found.address},
                 {"mac", found.info.mac.text()},
                 {"queues", found.info.queues},
                 {"tx_entries", found.info.tx_entries},
                 {"rx_entries", found.info.rx_entries},
                 {"tx_placement", found.info.llq ? "device" : "host"},
                 {"max_mtu", found.info.max_mtu},
                 {"speed_mbit_s", found.info.speed_mbit}};
    if (found.allowances)
      json["allowances_exceeded"] = {{"bandwidth_in", found.allowances->bandwidth_in},
                                     {"bandwidth_out", found.allowances->bandwidth_out},
                                     {"packets_per_second", found.allowances->packet_rate},
                                     {"connections", found.allowances->conntrack},
                                     {"slow_packets_per_second", found.allowances->link_local}};
    all.push_back(std::move(json));
  }
  return all;
}

Json network_json(const WorkloadResult& result) {
  Json json = Json::object();
  if (!result.from.empty()) json["from"] = result.from;
  if (!result.to.empty()) json["to"] = result.to;
  if (result.traffic) json["traffic"] = traffic_json(*result.traffic);
  if (result.replay)
    json["replay"] = {{"skipped", result.replay->skipped},
                      {"there", replay_json(result.replay->there)},
                      {"back", replay_json(result.replay->back)}};
  if (result.ping) json["ping"] = ping_json(*result.ping);
  if (result.lease) json["lease"] = lease_json(*result.lease);
  return json;
}

std::string network_text(const WorkloadResult& result) {
  if (result.traffic && result.traffic->received == 0) return fmt::format("none of {} arrived", result.traffic->sent);
  if (result.traffic && result.traffic->lost > 0)
    return fmt::format("{} of {} arrived", result.traffic->received, result.traffic->sent);
  if (result.traffic) return "all arrived";
  if (result.replay) {
    const host::ReplayResult &there = result.replay->there, &back = result.replay->back;
    return fmt::format("{} of {} and {} of {} frames unchanged", there.matched, there.sent, back.matched, back.sent);
  }
  if (result.ping)
    return fmt::format("{} of {} answered, p50 {:.1f} us", result.ping->received, result.ping->sent,
                       ns(result.ping->round_trip.percentile(0.5)) / 1000);
  if (result.lease) return fmt::format("{}/{}", result.lease->address.text(), result.lease->subnet.length);
  return {};
}

}  // namespace cardvp::scenarios
