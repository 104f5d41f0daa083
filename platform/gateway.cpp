#include "platform/gateway.h"

#include <algorithm>
#include <utility>

#include "models/base/sync.h"
#include "platform/gateway_parts.h"
#include "platform/hex.h"

namespace cardvp::platform {
namespace {

using nlohmann::json;

constexpr std::size_t kMostId = 128;  // bytes of a call's id, which comes back

// Nothing: it is no JSON, or has more levels than the gateway looks at.
std::optional<json> parse(std::string_view text) {
  bool deep = false;
  const auto look = [&deep](int depth, json::parse_event_t event, json&) {
    const bool begins = event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    deep |= begins && depth >= static_cast<int>(Gateway::kMostDepth);
    return !deep;
  };
  json value = json::parse(text, look, false);
  if (deep || value.is_discarded()) return {};
  return value;
}

const std::string* text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

bool has_only(const json& object, std::span<const std::string_view> keys) {
  return std::all_of(object.items().begin(), object.items().end(),
                     [&](const auto& item) { return std::find(keys.begin(), keys.end(), item.key()) != keys.end(); });
}

// Of a name that may be anything, what can stand in a report.
std::string printable(std::string_view text) {
  constexpr std::size_t kMost = 40;
  std::string result(text.substr(0, kMost));
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return result;
}

double ns(sc_core::sc_time time) { return static_cast<double>(time.value()) / 1000; }

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

// Everything that can be asked for. What is not here is forbidden.
const Gateway::Method Gateway::kMethods[] = {
    {"ping", {}, &Gateway::ping},
    {"status", {}, &Gateway::status},
    {"alarms", {"from"}, &Gateway::list_alarms},
    {"attach_volume", {"volume", "wrapped_key"}, &Gateway::attach_volume},
    {"detach_volume", {"volume"}, &Gateway::detach_volume},
    {"destroy_key", {"volume"}, &Gateway::destroy_key},
    {"attach_interface", {"interface"}, &Gateway::attach_interface},
    {"detach_interface", {"interface"}, &Gateway::detach_interface},
    {"set_link", {"interface", "up"}, &Gateway::set_link},
    {"add_rule", {"interface", "number", "direction", "protocol", "ports", "peer"}, &Gateway::add_rule},
    {"remove_rule", {"interface", "number"}, &Gateway::remove_rule},
    {"set_allowances",
     {"interface", "bandwidth_in_mbit_s", "bandwidth_out_mbit_s", "packets_per_second", "connections",
      "slow_packets_per_second", "burst_us"},
     &Gateway::set_allowances},
    {"rekey", {}, &Gateway::rekey},
};

const Gateway::Method* Gateway::find_method(std::string_view name) {
  const auto found = std::find_if(std::begin(kMethods), std::end(kMethods),
                                  [name](const Method& method) { return method.name == name; });
  return found == std::end(kMethods) ? nullptr : found;
}

Gateway::Gateway(sc_core::sc_module_name name, Sim& sim, const Config& config, ControlPlane& control_plane,
                 security::Alarms& alarms, Surroundings surroundings)
    : Model(name, sim),
      config_(config),
      control_plane_(control_plane),
      alarms_(alarms),
      surroundings_(std::move(surroundings)),
      accepted_(counter("accepted", "calls")),
      denied_(counter("denied", "calls")) {}

void Gateway::call(std::string_view line, OnAnswer on_answer) {
  Call call;
  call.time = now();
  call.on_answer = std::move(on_answer);
  if (const std::optional<Answer> wrong = admit(line, call)) {
    keep(call, wrong->code);
    finish(call, *wrong);
    return;
  }
  accepted_.add();
  keep(call, {});
  log_.info("call", {{"sequence", call.sequence}, {"method", call.method}});
  scope_.spawn(serve(std::move(call)));
}

std::optional<Gateway::Answer> Gateway::admit(std::string_view line, Call& call) {
  const auto unauthenticated = [this](const std::string& why) {
    return deny("unauthenticated_call", "a call came " + why, "denied", "not a call that the operator signed");
  };
  if (line.size() > kMostLine) return unauthenticated("whose line is too long");
  const std::optional<json> envelope = parse(line);
  if (!envelope || !envelope->is_object() || envelope->size() != 2) return unauthenticated("in no envelope");
  const std::string* const text = text_at(*envelope, "call");
  const std::string* const hex = text_at(*envelope, "signature");
  if (!text || !hex) return unauthenticated("in no envelope");
  const std::optional<RawSignature> signature = decode_signature(*hex);
  if (!signature) return unauthenticated("whose signature is malformed");
  if (!config_.operator_key || !surroundings_.verify(bytes_of(*text), *config_.operator_key, *signature))
    return unauthenticated("whose signature is not the operator's");

  // The operator's own words from here on: what is wrong with them can be told.
  static constexpr std::string_view kKeys[] = {"id", "sequence", "method", "params", "card"};
  std::optional<json> parsed = parse(*text);
  if (!parsed || !parsed->is_object()) return Answer::bad_call("the call is no JSON object");
  json& fields = *parsed;
  const auto id = fields.find("id");
  if (id == fields.end() || !(id->is_string() || id->is_number()) ||
      (id->is_string() && id->get_ref<const std::string&>().size() > kMostId))
    return Answer::bad_call(fmt::format("id: expected a number, or a string of at most {} bytes", kMostId));
  call.id = *id;
  if (!has_only(fields, kKeys))
    return Answer::bad_call("expected id, sequence, method, params, card, and nothing else");
  const auto sequence = fields.find("sequence");
  if (sequence == fields.end() || !sequence->is_number_unsigned() || sequence->get<std::uint64_t>() == 0)
    return Answer::bad_call("sequence: expected an integer from 1 to 2^64 - 1");
  call.sequence = sequence->get<std::uint64_t>();
  const std::string* const method = text_at(fields, "method");
  if (!method) return Answer::bad_call("method: expected a string");
  call.method = printable(*method);
  const auto params = fields.find("params");
  if (params != fields.end() && !params->is_object()) return Answer::bad_call("params: expected an object");
  if (params != fields.end()) call.params = std::move(*params);

  const auto card = fields.find("card");
  if (card != fields.end() && !card->is_number_unsigned()) return Answer::bad_call("card: expected the card's number");
  if (card != fields.end() && card->get<std::uint64_t>() != config_.card_id)
    return unauthenticated("that was signed for another card");
  if (call.sequence <= last_sequence_)
    return deny("replayed_call", fmt::format("a call came with sequence {}, behind {}", call.sequence, last_sequence_),
                "replayed", "the sequence is not above those of all calls before");
  last_sequence_ = call.sequence;
  const Method* const found = find_method(*method);
  if (!found)
    return deny("forbidden_call", fmt::format("a call came for \"{}\"", call.method), "forbidden",
                "the gateway does nothing of that kind");
  if (!has_only(call.params, found->params)) return Answer::bad_call("params: one is not among the method's");
  call.does = found;
  return {};
}

std::optional<Gateway::Answer> Gateway::deny(const std::string& kind, const std::string& text, const char* code,
                                             const std::string& message) {
  denied_.add();
  alarms_.raise(kind, text);
  return Answer::error(code, message);
}

// Those who can only be denied cannot take the places of the operator's calls.
void Gateway::keep(Call& call, const std::string& outcome) {
  std::size_t& kept = call.does ? kept_accepted_ : kept_others_;
  if (kept == kKeptCalls) return;
  ++kept;
  call.record = calls_.size();
  const auto named = [&call](const char* key) {
    const std::string* const name = call.text(key);
    return name ? printable(*name) : std::string();
  };
  calls_.push_back({call.time, call.sequence, call.method, named("volume"), named("interface"), outcome});
}

void Gateway::finish(const Call& call, const Answer& answer) {
  nlohmann::ordered_json line = {{"id", call.id}};
  if (answer.code.empty())
    line["result"] = answer.result;
  else
    line["error"] = {{"code", answer.code}, {"message", answer.message}};
  call.on_answer(line.dump());
}

Task<> Gateway::serve(Call call) {
  const Answer answer = co_await (this->*call.does->run)(call);
  if (call.record) calls_[*call.record].outcome = answer.code.empty() ? "ok" : answer.code;
  finish(call, answer);
}

Task<ControlResult> Gateway::ask(memory::Message message) {
  OneShot<ControlResult> answer(scheduler());
  control_plane_.request(message, [&answer](const ControlResult& result) { answer.deliver(result); });
  co_return co_await answer;
}

Task<Gateway::Answer> Gateway::ping(const Call&) {
  const memory::Message message = plain_request(CONTROL_PING);
  const ControlResult result = co_await ask(message);
  if (!result.ok()) co_return Answer::of(result);
  co_return Answer::of(json{{"firmware_version", version_text(result.value)}});
}

Task<Gateway::Answer> Gateway::status(const Call&) {
  const CardState card = surroundings_.card();
  json volumes = json::array();
  for (std::size_t i = 0; i < config_.volumes.size(); ++i)
    volumes.push_back({{"name", config_.volumes[i].name}, {"attached", control_plane_.attached(i)}});
  const std::string& version = control_plane_.firmware_version();
  json result = {{"time_ns", ns(now())},
                 {"life_cycle", card.life_cycle},
                 {"firmware_version", version.empty() ? json() : json(version)},
                 {"started", control_plane_.started()},
                 {"host_released", card.host_released},
                 {"tampered", card.tampered},
                 {"resets", card.resets},
                 {"alarms", alarms_.count()}};
  result["volumes"] = std::move(volumes);
  if (!config_.network.interfaces.empty()) result["interfaces"] = interface_states();
  co_return Answer::of(std::move(result));
}

Task<Gateway::Answer> Gateway::list_alarms(const Call& call) {
  std::uint64_t from = 0;
  if (const auto given = call.params.find("from"); given != call.params.end()) {
    if (!given->is_number_unsigned()) co_return Answer::bad_call("from: expected the number of an alarm, from 0");
    from = given->get<std::uint64_t>();
  }
  json list = json::array();
  const std::vector<security::Alarm>& kept = alarms_.kept();
  for (std::uint64_t i = from; i < kept.size() && list.size() < kMostAlarms; ++i)
    list.push_back({{"number", i}, {"time_ns", ns(kept[i].time)}, {"kind", kept[i].kind}, {"text", kept[i].text}});
  json result = {{"count", alarms_.count()}};
  result["alarms"] = std::move(list);
  co_return Answer::of(std::move(result));
}

std::optional<std::uint16_t> Gateway::volume_of(const Call& call) const {
  const std::string* const name = call.text("volume");
  const auto found = std::find_if(config_.volumes.begin(), config_.volumes.end(),
                                  [name](const VolumeConfig& volume) { return name && volume.name == *name; });
  if (found == config_.volumes.end()) return {};
  return static_cast<std::uint16_t>(found - config_.volumes.begin());
}

Task<Gateway::Answer> Gateway::attach_volume(const Call& call) {
  using Encryption = VolumeConfig::Encryption;
  const std::optional<std::uint16_t> function = volume_of(call);
  if (!function) co_return Answer::bad_call("volume: expected the name of one of the card's volumes");
  const VolumeConfig& volume = config_.volumes[*function];
  std::vector<std::uint8_t> key = volume.wrapped_key;
  if (call.params.contains("wrapped_key")) {
    if (volume.encryption != Encryption::kWrappedKey) co_return Answer::bad_call("wrapped_key: this volume takes none");
    const std::string* const hex = call.text("wrapped_key");
    const std::optional<std::vector<std::uint8_t>> given = hex ? from_hex(*hex) : std::nullopt;
    if (!given || given->size() != CONTROL_WRAPPED_KEY_BYTES)
      co_return Answer::bad_call(
          fmt::format("wrapped_key: expected {} hexadecimal digits", 2 * CONTROL_WRAPPED_KEY_BYTES));
    key = *given;
  }
  if (volume.encryption == Encryption::kEphemeralKey || !key.empty()) {
    const memory::Message message = key_request(key, *function);
    const ControlResult taken = co_await ask(message);
    if (!taken.ok()) co_return Answer::of(taken);
  }
  const memory::Message message = attach_request(volume, *function);
  const ControlResult attached = co_await ask(message);
  if (!attached.ok()) co_return Answer::of(attached);
  co_return Answer::of(json{{"volume", volume.name}, {"function", *function}});
}

Task<Gateway::Answer> Gateway::detach_volume(const Call& call) { return ask_about_volume(call, CONTROL_DETACH_VOLUME); }
Task<Gateway::Answer> Gateway::destroy_key(const Call& call) { return ask_about_volume(call, CONTROL_DESTROY_KEY); }

Task<Gateway::Answer> Gateway::ask_about_volume(const Call& call, std::uint16_t type) {
  const std::optional<std::uint16_t> function = volume_of(call);
  if (!function) co_return Answer::bad_call("volume: expected the name of one of the card's volumes");
  const memory::Message message = plain_request(type, *function);
  const ControlResult result = co_await ask(message);
  if (!result.ok()) co_return Answer::of(result);
  co_return Answer::of(json{{"volume", config_.volumes[*function].name}});
}

}  // namespace cardvp::platform
