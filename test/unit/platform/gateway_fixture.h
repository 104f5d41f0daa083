// A gateway at the control plane of control_fixture.h.
#pragma once

#include <optional>

#include <nlohmann/json.hpp>

#include "platform/gateway.h"
#include "test/unit/platform/control_fixture.h"
#include "test/unit/platform/operator_keys.h"

namespace cardvp {

class GatewayFixture : public ControlFixture {
 protected:
  explicit GatewayFixture(const platform::NetworkConfig& network = {})
      : ControlFixture(network),
        gateway_("gateway", sim_, {platform::read_operator_key(keys_.public_file()), kCardId, three_volumes(), network},
                 control_plane_, alarms_, {[this](auto... of) { return verify_(of...); }, [this] { return card_; }}) {}

  using json = nlohmann::json;
  using Gateway = platform::Gateway;

  static constexpr std::uint64_t kCardId = 77;

  static json call_json(std::uint64_t sequence, const std::string& method, const json& params = json::object()) {
    return {{"id", sequence}, {"sequence", sequence}, {"method", method}, {"params", params}};
  }
  std::string sign(const std::string& call) const { return platform::sign_call(keys_.private_file(), call); }
  std::string sign(const json& call) const { return sign(call.dump()); }

  // What a line is answered, as far as nobody but the gateway is needed for it.
  json answer_to(const std::string& line) {
    std::vector<std::string> answers;
    gateway_.call(line, [&answers](const std::string& answer) { answers.push_back(answer); });
    run_for(0.001);
    EXPECT_EQ(answers.size(), 1u);
    if (answers.size() != 1) return {};
    EXPECT_EQ(answers[0].find('\n'), std::string::npos);
    return json::parse(answers[0]);
  }
  std::string code_of(const std::string& line) {
    const json answer = answer_to(line);
    return answer.contains("error") ? answer["error"]["code"].get<std::string>() : "";
  }
  // The next call; its answer will be in `answer_`.
  void call(const std::string& method, const json& params = json::object()) {
    answer_.reset();
    gateway_.call(sign(call_json(++sequence_, method, params)), [this](const std::string& answer) {
      EXPECT_FALSE(answer_);
      answer_ = json::parse(answer);
    });
    run_for(0.001);
  }
  std::uint64_t alarms_of(const std::string& kind) { return count("alarms." + kind); }

  OperatorKeys keys_;
  decltype(Gateway::Surroundings::verify) verify_ = openssl_verifies;
  Gateway::CardState card_{"production", true, false, 1};
  Gateway gateway_;
  std::uint64_t sequence_ = 0;
  std::optional<json> answer_;
};

}  // namespace cardvp
