// Hostile lines at the gateway: mutations of good ones. None breaks it, and none of them gets anything done.
#include <random>

#include "test/unit/platform/gateway_fixture.h"

namespace cardvp {
namespace {

using nlohmann::json;

constexpr int kLines = 50'000;

class Mutations {
 public:
  explicit Mutations(std::uint32_t seed) : random_(seed) {}

  std::string of(std::string text) {
    for (unsigned changes = 1 + below(4); changes > 0; --changes) change(text);
    return text;
  }
  unsigned below(std::size_t bound) { return static_cast<unsigned>(random_() % bound); }

 private:
  void change(std::string& text) {
    static constexpr std::string_view kPieces[] = {
        "{", "}", "[", "]", "\"", ":", ",", "\\", "\\u", "null", "1e999", "-1", "\xff\xfe", "0.5", "\"call\":", "true"};
    const std::size_t at = below(text.size() + 1);
    const std::string_view piece = kPieces[below(std::size(kPieces))];
    switch (below(6)) {
      case 0: text.insert(at, piece); break;
      case 1: text.insert(at, 1, static_cast<char>(below(256))); break;
      case 2: text.erase(at, 1 + below(8)); break;
      case 3: text.insert(at, text.substr(below(text.size() + 1), below(64))); break;
      case 4: text = text.substr(0, at); break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ 1 << below(8));
    }
  }

  std::minstd_rand random_;
};

struct GatewayFuzz : GatewayFixture {
  // `next`: a line, from mutations and the number of lines so far.
  template <class Next>
  void attack(Next&& next) {
    Mutations mutations(1);
    for (int n = 0; n < kLines; ++n) {
      std::vector<std::string> answers;
      gateway_.call(next(mutations, n), [&answers](const std::string& answer) { answers.push_back(answer); });
      if (answers.empty()) run_for(0.001);
      if (answers.empty()) {  // it waits for the firmware, once or, with a key to attach, twice
        answer_all();
        answer_all();
      }
      ASSERT_EQ(answers.size(), 1u);
      ASSERT_TRUE(json::parse(answers[0]).contains("id"));
      ASSERT_EQ(answers[0].find('\n'), std::string::npos);
    }
  }
};

TEST_F(GatewayFuzz, MutatedLinesDoNothing) {
  const std::string call = call_json(1, "detach_volume", {{"volume", "plain"}}).dump();
  const std::string line = sign(call);
  const auto raw = platform::decode_signature(json::parse(line)["signature"].get<std::string>()).value();
  int checks = 0;
  verify_ = [&](auto message, auto, auto signature) {  // quick: OpenSSL's would take minutes
    ++checks;
    return std::ranges::equal(message, std::as_bytes(std::span(call))) && std::ranges::equal(signature, raw);
  };
  attack([&](Mutations& mutations, int) { return mutations.of(line); });
  // Some mutations change nothing that counts, a blank between tokens for instance: the first of them is the call.
  EXPECT_LE(gateway_.accepted(), 1u);
  EXPECT_EQ(gateway_.accepted() + gateway_.denied(), static_cast<unsigned>(kLines));
  EXPECT_GT(checks, kLines / 100) << "too few lines come as far as the check";
}

TEST_F(GatewayFuzz, MutatedCallsOfTheOperator) {
  verify_ = [](auto...) { return true; };
  const json signature = json::parse(sign(call_json(1, "ping")))["signature"];
  const std::string rests[] = {
      R"("method":"ping","params":{}})", R"("method":"alarms","params":{"from":3}})", R"("method":"status"})",
      R"("method":"attach_volume","params":{"volume":"secret","wrapped_key":")" + std::string(144, 'b') + R"("}})",
      R"("method":"destroy_key","params":{"volume":"secret"}})"};
  attack([&](Mutations& mutations, int n) {
    const std::string& rest = rests[mutations.below(std::size(rests))];
    const std::string call = fmt::format(R"({{"id":{0},"sequence":{0},)", n + 1) + mutations.of(rest);
    return json{{"call", call}, {"signature", signature}}.dump(-1, ' ', false, json::error_handler_t::replace);
  });
  EXPECT_GT(gateway_.accepted(), kLines / 20u) << "too few are done";
  EXPECT_GT(gateway_.denied(), kLines / 50u);
  EXPECT_EQ(alarms_of("unauthenticated_call"), 0u);
}

}  // namespace
}  // namespace cardvp
