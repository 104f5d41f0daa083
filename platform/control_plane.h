// The card's control plane: what the operator's side of the mailbox sends to the firmware, and what it takes from it
// (platform/control_messages.h). At each reset of the card it sends what the configuration says; later requests come
// from the gateway.
//
// The firmware only answers. Anything else that it sends, a message of another type, an answer to something that was
// not asked or is answered already, is denied, counted, and an alarm ("forbidden_message").
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/base/model.h"
#include "models/memory/mailbox.h"
#include "models/security/alarms.h"
#include "platform/config.h"
#include "platform/control_requests.h"

namespace cardvp::platform {

class ControlPlane : public Model {
 public:
  // Volume n is PCIe function n, interface n the function behind the last volume's + n. `alarms` outlives the control
  // plane.
  ControlPlane(sc_core::sc_module_name name, Sim& sim, memory::Mailbox::Channel& channel,
               const std::vector<VolumeConfig>& volumes, security::Alarms& alarms, const NetworkConfig& network = {});

  // At each reset of the card, the first included, once the mailbox is empty: ends what was asked before
  // (ControlResult::End::kReset), and sends keys and attachments of the volumes that are there from the start, the
  // network, the start, and a ping, which tells the firmware's version. The firmware reads them when it is up. What
  // calls have changed since the start is forgotten.
  void start();

  using OnResult = std::function<void(const ControlResult&)>;
  // Sends a request; its tag is chosen here. `on_result` is called once: in this call if the firmware cannot be asked,
  // else when it has answered, at the card's reset, or after kPatience.
  void request(memory::Message message, OnResult on_result);
  // How long a firmware that is up, or about to be, may take.
  static constexpr double kPatienceMs = 1000;
  // So many epochs of the keys between cards belong to each reset, so that none is used twice. (The number of one on
  // the wire has 16 bits, so a peer recognises the sender after up to 15 resets in which it heard nothing of it.)
  static constexpr std::uint32_t kEpochsOfReset = 4096;
  // So many may be without an answer, those of start() aside; more are not sent.
  static constexpr std::size_t kMostOutstanding = 256;

  // The firmware has said that it started.
  bool started() const { return started_; }
  // What the firmware refused of what start() sent: "attach volume docs (function 0): no hardware". Empty: nothing.
  const std::vector<std::string>& refusals() const { return refusals_; }
  // As the firmware's answers have it, by PCIe function. False for one that there is not.
  bool attached(std::size_t function) const { return function < attached_.size() && attached_[function]; }
  // Of the firmware that answered last since the reset, "1.2.3"; empty: none has yet.
  const std::string& firmware_version() const { return firmware_version_; }

 private:
  struct Pending {
    std::string what;        // for people
    std::uint16_t function;  // of the request, as its type
    std::uint32_t type;
    sc_core::sc_time deadline;  // sc_max_time: sent by start()
    OnResult on_result;         // empty: nobody waits, or not any longer

    bool from_start() const { return deadline == sc_core::sc_max_time(); }
  };

  void send(memory::Message message, sc_core::sc_time deadline, OnResult on_result);
  void receive(const memory::Message& message);
  void deny(const std::string& text);
  void settle(const Pending& pending, const control_result& result);
  void give_up();
  std::string describe(const memory::Message& message) const;
  std::string describe_function(std::size_t function) const;

  memory::Mailbox::Channel& channel_;
  std::vector<VolumeConfig> volumes_;
  NetworkConfig network_;
  security::Alarms& alarms_;
  Counter& requests_;
  Counter& denied_;
  std::map<std::uint32_t, Pending> outstanding_;  // by tag: in the order in which they were sent
  std::uint32_t next_tag_ = 1;                    // goes on over resets: what is late is not taken for something else
  std::uint32_t starts_ = 0;
  std::vector<bool> attached_;  // by function
  std::string firmware_version_;
  std::vector<std::string> refusals_;
  bool started_ = false;
  Callback<&ControlPlane::give_up> patience_;
};

}  // namespace cardvp::platform
