#include "scenarios/security_report.h"

#include <map>

#include "models/memory/fuses.h"
#include "platform/hex.h"
#include "scenarios/report_figures.h"

namespace cardvp::scenarios {
namespace {

using Json = nlohmann::ordered_json;

Json host_json(platform::Server& server) {
  const host::Boot& boot = server.host().boot();
  return {{"released_ns", boot.released_time() ? Json(ns(*boot.released_time())) : Json()},
          {"boot_image_sha384", boot.image_digest().empty() ? Json() : Json(boot.image_digest())},
          {"boot_image_bytes", boot.image_bytes()},
          {"blocked_flash_writes", server.card().host_gate().blocked_writes()}};
}

Json update_json(const UpdateResult& result) {
  const host::FirmwareUpdateResult& update = result.update;
  return {{"status", update.status.text()},
          {"version_before", update.before},
          {"version_after", update.after},
          {"image_bytes", update.image_bytes},
          {"start_ns", ns(update.start)},
          {"duration_ns", ns(update.end - update.start)},
          {"background_commands_completed", result.background_completed},
          {"background_commands_failed", result.background_failed},
          {"longest_latency_ns", ns(result.longest_latency)},
          {"longest_pause_ns", ns(result.longest_pause)},
          {"other_admin_commands", update.admin_commands},
          {"other_admin_commands_failed", update.admin_failed},
          {"longest_admin_stall_ns", ns(update.longest_admin_stall)}};
}

Json attest_json(const AttestResult& attest) {
  Json events = Json::array();
  for (const AttestResult::Event& event : attest.events)
    events.push_back({{"measurement", event.measurement},
                      {"version", event.version},
                      {"what", event.what},
                      {"digest", event.digest}});
  return {{"card_id", attest.card_id},
          {"life_cycle", attest.life_cycle},
          {"security_version", attest.security_version},
          {"measurements", attest.measurements},
          {"events", std::move(events)}};
}

}  // namespace

Json security_json(const Scenario& scenario, platform::Machine& machine, const HostProgram& program,
                   std::size_t server) {
  platform::Card& card = machine.card(server);
  Json json = {{"life_cycle", memory::kLifeCycleNames.at(scenario.servers[server].card.fuses.life_cycle)},
               {"measurements", Json::array()}};
  for (unsigned i = 0; i < SECURITY_MEASUREMENTS; ++i)
    json["measurements"].push_back(platform::to_hex(card.security().measurement(i)));
  json["tampered"] = card.security().tampered();
  json["host"] = host_json(*machine.servers()[server]);
  json["alarms"] = Json::array();
  for (const security::Alarm& alarm : card.alarms().kept())
    json["alarms"].push_back({{"time_ns", ns(alarm.time)}, {"kind", alarm.kind}, {"text", alarm.text}});
  json["alarms_total"] = card.alarms().count();
  json["calls"] = Json::array();
  for (const platform::CallRecord& call : card.gateway().calls()) {
    Json record = {
        {"time_ns", ns(call.time)}, {"sequence", call.sequence}, {"method", call.method}, {"volume", call.volume}};
    if (!call.interface.empty()) record["interface"] = call.interface;
    record["outcome"] = call.outcome;
    json["calls"].push_back(std::move(record));
  }
  json["firmware_updates"] = Json::array();
  for (const WorkloadResult& result : program.results()) {
    if (!result.update || result.server != server) continue;
    Json update = {{"workload", result.name}};
    update.update(update_json(*result.update));
    json["firmware_updates"].push_back(std::move(update));
  }
  return json;
}

Json details_json(const WorkloadResult& result) {
  Json json = Json::object();
  if (result.call)
    json["call"] = {
        {"method", result.call->method}, {"outcome", result.call->outcome}, {"answer", result.call->answer}};
  if (result.attest) json["attest"] = attest_json(*result.attest);
  if (result.update) json["firmware_update"] = update_json(*result.update);
  if (result.flash_write)
    json["flash_write"] = {{"blocked", result.flash_write->blocked}, {"unchanged", result.flash_write->unchanged}};
  return json;
}

std::string details_text(const WorkloadResult& result) {
  if (result.call) return fmt::format("{}: {}", result.call->method, result.call->outcome);
  if (result.attest) return fmt::format("quote and {} events verified", result.attest->events.size());
  if (result.update && !result.update->update.status.ok()) return "refused: " + result.update->update.status.text();
  if (result.update)
    return fmt::format("firmware {} -> {}, longest stall {:.1f} us", result.update->update.before,
                       result.update->update.after, ns(result.update->longest_pause) / 1000);
  if (result.flash_write) return "blocked";
  return result.expected_error.empty() ? "ok" : "all failed: " + result.expected_error;
}

namespace {

void add_alarms(platform::Server& server, std::vector<std::string>& lines) {
  const security::Alarms& alarms = server.card().alarms();
  const std::string of = server.name().empty() ? "" : " of " + server.name();
  std::map<std::string, std::pair<std::size_t, std::string>> kinds;  // how many of those kept, and the first
  for (const security::Alarm& alarm : alarms.kept()) {
    auto& [count, first] = kinds[alarm.kind];
    if (count++ == 0) first = fmt::format("at {:.3f} us: {}", ns(alarm.time) / 1000, alarm.text);
  }
  for (const auto& [kind, entry] : kinds)
    lines.push_back(fmt::format("warning: alarm {}{}: {}, the first {}", kind, of, entry.first, entry.second));
  if (alarms.count() > alarms.kept().size())
    lines.push_back(fmt::format("warning: {} alarms{} in all", alarms.count(), of));
}

}  // namespace

std::vector<std::string> alarm_lines(platform::Machine& machine) {
  std::vector<std::string> lines;
  for (const auto& server : machine.servers()) add_alarms(*server, lines);
  return lines;
}

}  // namespace cardvp::scenarios
