#include "scenarios/operator_calls.h"

#include <stdexcept>

#include "models/base/sync.h"
#include "platform/call_signature.h"
#include "platform/gateway.h"

namespace cardvp::scenarios {
namespace {

using Json = nlohmann::ordered_json;

// The line for the gateway.
std::string line_of(const CallWorkload& call, const std::string& name) {
  Json text = {{"id", name}, {"sequence", call.sequence}, {"method", call.method}};
  text["params"] = call.params;
  if (call.is_signed) return platform::sign_call(call.key, text.dump());
  return Json{{"call", text.dump()}, {"signature", ""}}.dump();
}

}  // namespace

Task<> make_call(platform::Card& card, Scheduler& scheduler, const CallWorkload& call, WorkloadResult& result) {
  CallResult& made = result.call.emplace();
  made.method = call.method;
  std::string line;
  try {
    line = line_of(call, result.name);
  } catch (const std::runtime_error& error) {  // the key
    result.error = error.what();
    co_return;
  }
  OneShot<std::string> shot(scheduler);
  card.gateway().call(line, [&shot](std::string answer) { shot.deliver(std::move(answer)); });
  made.answer = Json::parse(co_await shot);
  made.outcome = made.answer.contains("error") ? made.answer["error"]["code"].get<std::string>() : "ok";
  if (made.outcome == call.expect) co_return;
  result.error = fmt::format("{} was answered with {}, not {}", call.method, made.outcome, call.expect);
  if (made.answer.contains("error")) result.error += ": " + made.answer["error"]["message"].get<std::string>();
}

}  // namespace cardvp::scenarios
