// What the gateway's files share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "platform/gateway.h"

namespace cardvp::platform {

struct Gateway::Call {
  nlohmann::json id;  // null until the call is known to be the operator's
  std::uint64_t sequence = 0;
  std::string method;
  nlohmann::json params = nlohmann::json::object();
  const Method* does = nullptr;  // null: it was not accepted
  sc_core::sc_time time;
  std::optional<std::size_t> record;  // in calls_
  OnAnswer on_answer;

  // A parameter; null: it is not there, or is no string.
  const std::string* text(const char* key) const {
    const auto found = params.find(key);
    return found == params.end() ? nullptr : found->get_ptr<const std::string*>();
  }
};

struct Gateway::Answer {
  nlohmann::json result;
  std::string code;  // of an error; empty: there is a result
  std::string message;

  static Answer of(nlohmann::json result) { return {std::move(result), {}, {}}; }
  static Answer error(std::string code, std::string message) { return {{}, std::move(code), std::move(message)}; }
  static Answer bad_call(std::string message) { return error("bad_call", std::move(message)); }
  // Of a request that did not go well.
  static Answer of(const ControlResult& result) {
    using End = ControlResult::End;
    switch (result.end) {
      case End::kReset: return error("reset", result.text());
      case End::kNoAnswer: return error("no_answer", result.text());
      case End::kBusy: return error("busy", result.text());
      case End::kAnswered: break;
    }
    return error("refused", result.text());
  }
};

struct Gateway::Method {
  std::string_view name;
  std::vector<std::string_view> params;
  Task<Answer> (Gateway::*run)(const Call&);
};

}  // namespace cardvp::platform
