// The gateway: what it does for the operator, and every way of being denied.
#include "platform/gateway.h"

#include "platform/hex.h"
#include "test/unit/platform/gateway_fixture.h"

namespace cardvp {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kWrapped(2 * CONTROL_WRAPPED_KEY_BYTES, 'a');

struct GatewayTest : GatewayFixture {};

TEST_F(GatewayTest, Ping) {
  call("ping");
  EXPECT_FALSE(answer_);
  EXPECT_THAT(answer_all(), ElementsAre(CONTROL_PING));
  ASSERT_TRUE(answer_);
  EXPECT_EQ(*answer_, json::parse(R"({"id": 1, "result": {"firmware_version": "1.2.3"}})"));
  ASSERT_EQ(gateway_.calls().size(), 1u);
  EXPECT_EQ(gateway_.calls()[0].method, "ping");
  EXPECT_EQ(gateway_.calls()[0].sequence, 1u);
  EXPECT_EQ(gateway_.calls()[0].outcome, "ok");
  EXPECT_EQ(gateway_.accepted(), 1u);
  EXPECT_EQ(alarms_.count(), 0u);
}

TEST_F(GatewayTest, StatusNeedsNoFirmware) {
  call("status");
  ASSERT_TRUE(answer_);
  json result = (*answer_)["result"];
  EXPECT_TRUE(result["time_ns"].is_number());
  result.erase("time_ns");
  EXPECT_EQ(result, json::parse(R"({"life_cycle": "production", "firmware_version": null, "started": false,
      "host_released": true, "tampered": false, "resets": 1, "alarms": 0, "volumes": [
      {"name": "plain", "attached": false}, {"name": "secret", "attached": false},
      {"name": "scratch", "attached": false}]})"));

  reset_card();
  answer_all();
  card_.tampered = true;
  alarms_.raise("tamper", "the sensor tripped");
  call("status");
  result = (*answer_)["result"];
  EXPECT_EQ(result["firmware_version"], "1.2.3");
  EXPECT_EQ(result["started"], true);
  EXPECT_EQ(result["tampered"], true);
  EXPECT_EQ(result["alarms"], 1);
  EXPECT_EQ(result["volumes"][0]["attached"], true);
}

TEST_F(GatewayTest, AlarmsComeInPieces) {
  for (int n = 0; n < 150; ++n) alarms_.raise("tamper", fmt::format("number {}", n));
  call("alarms");
  json result = (*answer_)["result"];
  EXPECT_EQ(result["count"], 150);
  ASSERT_EQ(result["alarms"].size(), Gateway::kMostAlarms);
  EXPECT_EQ(result["alarms"][99]["text"], "number 99");
  EXPECT_EQ(result["alarms"][99]["number"], 99);
  call("alarms", {{"from", 149}});
  result = (*answer_)["result"];
  ASSERT_EQ(result["alarms"].size(), 1u);
  EXPECT_EQ(result["alarms"][0]["kind"], "tamper");
  call("alarms", {{"from", ~0ull}});
  EXPECT_EQ((*answer_)["result"]["alarms"].size(), 0u);
  call("alarms", {{"from", -1}});
  EXPECT_EQ((*answer_)["error"]["code"], "bad_call");
}

TEST_F(GatewayTest, AttachesAnEncryptedVolumeWithTheKeyOfTheCall) {
  call("attach_volume", {{"volume", "secret"}, {"wrapped_key", kWrapped}});
  std::vector<Request> requests = take();
  ASSERT_EQ(requests.size(), 1u);
  const auto key = requests[0].as<control_volume_key>();
  EXPECT_EQ(key.header.type, CONTROL_VOLUME_KEY);
  EXPECT_EQ(key.header.function, 1u);
  EXPECT_EQ(key.kind, std::uint32_t{CONTROL_KEY_WRAPPED});
  EXPECT_EQ(platform::to_hex(key.wrapped), kWrapped);
  send(result_of(requests[0]));
  requests = take();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].type(), CONTROL_ATTACH_VOLUME);
  EXPECT_EQ(requests[0].as<control_attach_volume>().flags, std::uint32_t{CONTROL_VOLUME_ENCRYPTED});
  EXPECT_FALSE(answer_);
  send(result_of(requests[0]));
  ASSERT_TRUE(answer_);
  EXPECT_EQ((*answer_)["result"], json::parse(R"({"volume": "secret", "function": 1})"));
  EXPECT_TRUE(control_plane_.attached(1));
  EXPECT_EQ(gateway_.calls().at(0).volume, "secret");
}

TEST_F(GatewayTest, AKeyThatTheFirmwareRefusesAttachesNothing) {
  call("attach_volume", {{"volume", "secret"}, {"wrapped_key", kWrapped}});
  send(result_of(take().at(0), CONTROL_BAD_KEY));
  EXPECT_THAT(take(), IsEmpty());
  ASSERT_TRUE(answer_);
  EXPECT_EQ((*answer_)["error"]["code"], "refused");
  EXPECT_EQ(gateway_.calls().at(0).outcome, "refused");
}

TEST_F(GatewayTest, DetachesAndDestroys) {
  reset_card();
  answer_all();
  call("destroy_key", {{"volume", "scratch"}});
  EXPECT_THAT(answer_all(), ElementsAre(CONTROL_DESTROY_KEY));
  EXPECT_EQ((*answer_)["result"]["volume"], "scratch");
  call("detach_volume", {{"volume", "plain"}});
  const std::vector<Request> requests = take();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].type(), CONTROL_DETACH_VOLUME);
  EXPECT_EQ(requests[0].header().function, 0u);
  send(result_of(requests[0]));
  EXPECT_TRUE(answer_->contains("result"));
  EXPECT_FALSE(control_plane_.attached(0));
  call("attach_volume", {{"volume", "plain"}});
  EXPECT_THAT(answer_all(), ElementsAre(CONTROL_ATTACH_VOLUME));
  EXPECT_TRUE(control_plane_.attached(0));
}

TEST_F(GatewayTest, ParamsThatMakeNoSense) {
  const std::vector<std::pair<std::string, json>> calls = {
      {"ping", {{"hard", true}}},
      {"attach_volume", json::object()},
      {"attach_volume", {{"volume", 1}}},
      {"attach_volume", {{"volume", "nobody"}}},
      {"attach_volume", {{"volume", "plain"}, {"wrapped_key", kWrapped}}},
      {"attach_volume", {{"volume", "scratch"}, {"wrapped_key", kWrapped}}},
      {"attach_volume", {{"volume", "secret"}, {"wrapped_key", kWrapped.substr(2)}}},
      {"attach_volume", {{"volume", "secret"}, {"wrapped_key", kWrapped + "aa"}}},
      {"attach_volume", {{"volume", "secret"}, {"wrapped_key", std::string(kWrapped.size(), 'g')}}},
      {"attach_volume", {{"volume", "secret"}, {"wrapped_key", 7}}},
      {"detach_volume", {{"volume", ""}}},
      {"destroy_key", {{"volume", nullptr}}},
  };
  for (const auto& [method, params] : calls) {
    call(method, params);
    ASSERT_TRUE(answer_) << params;
    EXPECT_EQ((*answer_)["error"]["code"], "bad_call") << params;
  }
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(alarms_.count(), 0u);
}

TEST_F(GatewayTest, CallsThatMakeNoSense) {
  for (const char* text :
       {"", "7", "[]", "{", "{}", R"({"id":1})", R"({"id":1,"sequence":1})",
        R"({"id":null,"sequence":1,"method":"ping"})", R"({"id":1,"sequence":0,"method":"ping"})",
        R"({"id":1,"sequence":-1,"method":"ping"})", R"({"id":1,"sequence":1.5,"method":"ping"})",
        R"({"id":1,"sequence":"1","method":"ping"})", R"({"id":1,"sequence":18446744073709551616,"method":"ping"})",
        R"({"id":1,"sequence":1,"method":1})", R"({"id":1,"sequence":1,"method":"ping","params":[]})",
        R"({"id":1,"sequence":1,"method":"ping","more":1})", R"({"id":1,"sequence":1,"method":"ping","card":"x"})",
        R"({"id":[1],"sequence":1,"method":"ping"})"})
    EXPECT_EQ(code_of(sign(std::string(text))), "bad_call") << text;
  EXPECT_EQ(code_of(sign(json{{"id", std::string(129, 'x')}, {"sequence", 1}, {"method", "status"}})), "bad_call");
  EXPECT_EQ(alarms_.count(), 0u);
  EXPECT_EQ(code_of(sign(json{{"id", std::string(128, 'x')}, {"sequence", 1}, {"method", "status"}})), "");
}

TEST_F(GatewayTest, WithoutTheOperatorsSignatureEverythingIsDenied) {
  const std::string call_text = call_json(1, "status").dump();
  const json good = json::parse(sign(call_text));
  const std::string signature = good["signature"];
  const OperatorKeys stranger;
  const std::vector<std::string> lines = {
      "",
      "garbage",
      "{}",
      "[" + good.dump() + "]",
      call_text,
      json{{"call", call_text}}.dump(),
      json{{"call", call_text}, {"signature", ""}}.dump(),
      json{{"call", call_text}, {"signature", nullptr}}.dump(),
      json{{"call", call_text}, {"signature", std::string(signature.size(), '0')}}.dump(),
      json{{"call", call_text}, {"signature", signature + "00"}}.dump(),
      json{{"call", call_text}, {"signature", signature.substr(2)}}.dump(),
      json{{"call", call_text}, {"signature", std::string(60000, 'a')}}.dump(),
      json{{"call", call_text + " "}, {"signature", signature}}.dump(),
      json{{"call", call_json(2, "status").dump()}, {"signature", signature}}.dump(),
      json{{"call", json::parse(call_text)}, {"signature", signature}}.dump(),
      json{{"call", call_text}, {"signature", signature}, {"again", 1}}.dump(),
      json{{"call", call_text}, {"signature", "3006020100020100"}}.dump(),  // r = s = 0
      platform::sign_call(stranger.private_file(), call_text),
  };
  for (const std::string& line : lines) {
    const json answer = answer_to(line);
    EXPECT_EQ(answer, json::parse(R"({"id": null, "error": {"code": "denied",
                                      "message": "not a call that the operator signed"}})"))
        << line;
  }
  EXPECT_EQ(gateway_.denied(), lines.size());
  EXPECT_EQ(alarms_of("unauthenticated_call"), lines.size());
  EXPECT_EQ(alarms_.count(), lines.size());
  EXPECT_EQ(gateway_.accepted(), 0u);
  EXPECT_EQ(gateway_.calls().size(), lines.size());
  EXPECT_THAT(gateway_.calls(), testing::Each(AllOf(Field(&platform::CallRecord::outcome, "denied"),
                                                    Field(&platform::CallRecord::method, ""))));
  EXPECT_EQ(code_of(good.dump()), "") << "none of it has used up the sequence";
}

struct KeylessGatewayTest : GatewayTest {
  Gateway keyless{"keyless",      sim_,    {{}, kCardId, three_volumes(), {}},
                  control_plane_, alarms_, {openssl_verifies, [this] { return card_; }}};
};

TEST_F(KeylessGatewayTest, DeniesEverything) {
  std::string answer;
  keyless.call(sign(call_json(1, "status")), [&answer](const std::string& line) { answer = line; });
  EXPECT_THAT(answer, HasSubstr("denied"));
}

TEST_F(GatewayTest, ReplaysAreDeniedEvenAfterAReset) {
  const std::string first = sign(call_json(5, "status")), older = sign(call_json(4, "status"));
  EXPECT_EQ(code_of(first), "");
  EXPECT_EQ(code_of(first), "replayed");
  EXPECT_EQ(code_of(older), "replayed");
  reset_card();
  EXPECT_EQ(code_of(first), "replayed");
  EXPECT_EQ(alarms_of("replayed_call"), 3u);
  EXPECT_EQ(gateway_.denied(), 3u);
  EXPECT_EQ(code_of(sign(call_json(6, "status"))), "");
  EXPECT_EQ(code_of(sign(call_json(~0ull, "status"))), "");
  EXPECT_EQ(code_of(sign(call_json(1, "status"))), "replayed");
}

TEST_F(GatewayTest, ACallForAnotherCardIsDenied) {
  json call = call_json(1, "status");
  call["card"] = kCardId + 1;
  EXPECT_EQ(code_of(sign(call)), "denied");
  EXPECT_EQ(alarms_of("unauthenticated_call"), 1u);
  call["card"] = kCardId;
  EXPECT_EQ(code_of(sign(call)), "");
}

TEST_F(GatewayTest, NothingOpensTheCard) {
  std::uint64_t sequence = 0;
  for (const char* method : {"debug", "shell", "read_memory", "write_memory", "export_key", "set_life_cycle", "PING",
                             "", "ping\n", "CONTROL_RESULT"})
    EXPECT_EQ(code_of(sign(call_json(++sequence, method))), "forbidden") << method;
  EXPECT_EQ(alarms_of("forbidden_call"), sequence);
  EXPECT_EQ(gateway_.denied(), sequence);
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(code_of(sign(call_json(1, "status"))), "replayed") << "a forbidden call uses its sequence up";
}

TEST_F(GatewayTest, NoLogHasAKey) {
  std::string log;
  sim_.log.set_sink([&log](const LogRecord& record) { log += Log::format(record) + "\n"; });
  call("attach_volume", {{"volume", "secret"}, {"wrapped_key", kWrapped}});
  send(result_of(take().at(0), CONTROL_BAD_KEY));
  call("attach_volume", {{"volume", "secret"}, {"wrapped_key", kWrapped + "zz"}});
  call("attach_volume", {{"volume", kWrapped}, {"wrapped_key", kWrapped}});
  call("attach_volume", {{"volume", "secret"}, {kWrapped, 1}});
  call("export_key", {{"volume", "secret"}, {"wrapped_key", kWrapped}});
  EXPECT_THAT(log, Not(IsEmpty()));
  EXPECT_THAT(log, Not(HasSubstr("aaaaaaaa")));
  for (const security::Alarm& alarm : alarms_.kept()) EXPECT_THAT(alarm.text, Not(HasSubstr("aaaaaaaa")));
}

TEST_F(GatewayTest, LinesAndDepthAreBounded) {
  std::string line = sign(call_json(1, "status"));
  line.append(Gateway::kMostLine + 1 - line.size(), ' ');
  EXPECT_EQ(code_of(line), "denied");
  line.pop_back();
  EXPECT_EQ(code_of(line), "");
  EXPECT_EQ(code_of(std::string(Gateway::kMostLine, '[')), "denied");
  // The call and its params are two levels.
  const auto nested = [](std::size_t levels) {
    return R"({"id":1,"sequence":9,"method":"ping","params":{"a":)" + std::string(levels - 2, '[') +
           std::string(levels - 2, ']') + "}}";
  };
  const auto message = [this](const std::string& call) { return answer_to(sign(call))["error"]["message"]; };
  EXPECT_EQ(message(nested(Gateway::kMostDepth + 1)), "the call is no JSON object");
  EXPECT_EQ(message(nested(Gateway::kMostDepth)), "params: one is not among the method's");
}

TEST_F(GatewayTest, AResetEndsCalls) {
  reset_card();
  answer_all();
  call("ping");
  reset_card();
  run_for(0.001);
  ASSERT_TRUE(answer_);
  EXPECT_EQ((*answer_)["error"]["code"], "reset");
  EXPECT_EQ((*answer_)["error"]["message"], "the card was reset");
}

TEST_F(GatewayTest, AFirmwareThatIsNotThere) {
  call("ping");
  run_for(platform::ControlPlane::kPatienceMs + 1);
  ASSERT_TRUE(answer_);
  EXPECT_EQ((*answer_)["error"]["code"], "no_answer");
  EXPECT_EQ(gateway_.calls().at(0).outcome, "no_answer");
}

TEST_F(GatewayTest, StrangersDoNotPushTheOperatorsCallsOutOfTheLog) {
  for (std::size_t n = 0; n < Gateway::kKeptCalls + 10; ++n) answer_to("x");
  EXPECT_EQ(gateway_.calls().size(), Gateway::kKeptCalls);
  call("status");
  ASSERT_EQ(gateway_.calls().size(), Gateway::kKeptCalls + 1);
  EXPECT_EQ(gateway_.calls().back().method, "status");
  EXPECT_EQ(gateway_.calls().back().outcome, "ok");
  EXPECT_EQ(gateway_.denied(), Gateway::kKeptCalls + 10);
}

}  // namespace
}  // namespace cardvp
