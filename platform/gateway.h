// The gateway: the only way in to the card from outside (docs/control-plane.md). A call is one line of JSON, an
// envelope with the call's text and the operator's signature over it; the answer is one line too.
//
// Communication is passive: what is not signed by the operator, was signed for another card, comes a second time, or
// asks for what is not among the methods, is denied, counted, and an alarm. The methods steer volumes and the network,
// and tell how the card is; none opens it. No answer and no log has a key in it.
//
// It has no socket: whoever has one (platform/gateway_server.h), or a scenario, hands it lines.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "models/base/model.h"
#include "models/security/alarms.h"
#include "platform/call_signature.h"
#include "platform/control_plane.h"

namespace cardvp::platform {

// One call, for the report. Of one whose signature is not right nothing is kept but that it came.
struct CallRecord {
  sc_core::sc_time time;       // when it came
  std::uint64_t sequence = 0;  // 0: none that could be read
  std::string method;          // of the gateway's own; of others, what is printable of it
  std::string volume;          // that the call names
  std::string interface;       // likewise
  // "ok", or the answer's error code: "denied", "replayed", "forbidden", "bad_call", "refused", "reset", "no_answer",
  // "busy". Empty: not answered yet.
  std::string outcome;
};

class Gateway : public Model {
 public:
  struct Config {
    std::optional<OperatorKey> operator_key;  // nothing: every call is denied
    std::uint64_t card_id = 0;
    std::vector<VolumeConfig> volumes;
    NetworkConfig network;
  };
  // What the gateway tells of the card, besides what the control plane knows.
  struct CardState {
    std::string life_cycle;  // "development", "production", "returned"
    bool host_released = false;
    bool tampered = false;
    std::uint64_t resets = 0;
  };
  struct Surroundings {
    // Engine::verify: whether `signature` is that of `message` by `public_key`.
    std::function<bool(std::span<const std::byte> message, std::span<const std::byte, 96> public_key,
                       std::span<const std::byte, 96> signature)>
        verify;
    std::function<CardState()> card;
  };

  static constexpr std::size_t kMostLine = 64 * 1024;  // bytes of a line, without its newline
  static constexpr std::size_t kMostDepth = 8;         // of JSON within JSON
  static constexpr std::size_t kKeptCalls = 1000;      // accepted ones, and as many others; all are counted
  static constexpr std::size_t kMostAlarms = 100;      // in one answer of `alarms`

  // Both outlive the gateway.
  Gateway(sc_core::sc_module_name name, Sim& sim, const Config& config, ControlPlane& control_plane,
          security::Alarms& alarms, Surroundings surroundings);

  // A line without its newline. `on_answer` is called exactly once, with the answer's line, without its newline: in
  // this call, or later, at the latest ControlPlane::kPatienceMs after each thing that the firmware is asked for.
  using OnAnswer = std::function<void(std::string answer)>;
  void call(std::string_view line, OnAnswer on_answer);

  // In the order in which they came.
  const std::vector<CallRecord>& calls() const { return calls_; }
  std::uint64_t accepted() const { return accepted_.value(); }
  std::uint64_t denied() const { return denied_.value(); }

 private:
  struct Call;
  struct Answer;
  struct Method;
  static const Method kMethods[];
  static const Method* find_method(std::string_view name);

  // What is wrong with a line; nothing: `call` is the operator's, and to be done.
  std::optional<Answer> admit(std::string_view line, Call& call);
  std::optional<Answer> deny(const std::string& kind, const std::string& text, const char* code,
                             const std::string& message);
  void keep(Call& call, const std::string& outcome);
  void finish(const Call& call, const Answer& answer);

  // In the scope; the call lives in the coroutine's frame.
  Task<> serve(Call call);
  Task<ControlResult> ask(memory::Message message);
  Task<Answer> ping(const Call& call);
  Task<Answer> status(const Call& call);
  Task<Answer> list_alarms(const Call& call);
  Task<Answer> attach_volume(const Call& call);
  Task<Answer> detach_volume(const Call& call);
  Task<Answer> destroy_key(const Call& call);
  Task<Answer> ask_about_volume(const Call& call, std::uint16_t type);
  std::optional<std::uint16_t> volume_of(const Call& call) const;
  // Of the network (gateway_network.cpp).
  Task<Answer> attach_interface(const Call& call);
  Task<Answer> detach_interface(const Call& call);
  Task<Answer> set_link(const Call& call);
  Task<Answer> add_rule(const Call& call);
  Task<Answer> remove_rule(const Call& call);
  Task<Answer> set_allowances(const Call& call);
  Task<Answer> rekey(const Call& call);
  struct InterfaceOf;
  Task<Answer> ask_about(InterfaceOf interface, memory::Message message);
  InterfaceOf interface_of(const Call& call) const;
  nlohmann::json interface_states() const;

  Config config_;
  ControlPlane& control_plane_;
  security::Alarms& alarms_;
  Surroundings surroundings_;
  Counter& accepted_;
  Counter& denied_;
  std::uint64_t last_sequence_ = 0;  // of the calls that were accepted; goes on over resets
  std::vector<CallRecord> calls_;
  std::size_t kept_accepted_ = 0, kept_others_ = 0;
  TaskScope scope_{scheduler()};
};

}  // namespace cardvp::platform
