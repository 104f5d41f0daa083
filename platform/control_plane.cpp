#include "platform/control_plane.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "platform/network_requests.h"

namespace cardvp::platform {
namespace {

const sc_core::sc_time kPatience{ControlPlane::kPatienceMs, sc_core::SC_MS};

template <class T>
T content_of(const memory::Message& message) {
  T content;
  std::memcpy(&content, message.words.data(), sizeof content);
  return content;
}

control_header header_of(const memory::Message& message) { return content_of<control_header>(message); }

}  // namespace

ControlPlane::ControlPlane(sc_core::sc_module_name name, Sim& sim, memory::Mailbox::Channel& channel,
                           const std::vector<VolumeConfig>& volumes, security::Alarms& alarms,
                           const NetworkConfig& network)
    : Model(name, sim),
      channel_(channel),
      volumes_(volumes),
      network_(network),
      alarms_(alarms),
      requests_(counter("requests", "messages")),
      denied_(counter("denied", "messages")),
      attached_(volumes.size() + network.interfaces.size()),
      patience_(sim.scheduler, *this) {
  channel_.on_message([this](const memory::Message& message) { receive(message); });
}

void ControlPlane::start() {
  const std::map<std::uint32_t, Pending> ended = std::exchange(outstanding_, {});
  patience_.cancel();
  started_ = false;
  refusals_.clear();
  firmware_version_.clear();
  attached_.assign(attached_.size(), false);

  // However long the firmware takes to come up.
  const auto at_start = [this](const memory::Message& message) { send(message, sc_core::sc_max_time(), {}); };
  std::uint16_t function = 0;
  for (const VolumeConfig& volume : volumes_) {
    if (volume.attached) {
      // A wrapped key that is not in the configuration is for a call: the firmware refuses the volume until then.
      if (volume.encryption == VolumeConfig::Encryption::kEphemeralKey || !volume.wrapped_key.empty())
        at_start(key_request(volume.wrapped_key, function));
      at_start(attach_request(volume, function));
    }
    ++function;
  }
  const std::uint32_t epoch = network_.first_epoch + kEpochsOfReset * starts_++;
  for (const memory::Message& message : network_requests(network_, function, epoch)) at_start(message);
  at_start(plain_request(CONTROL_START));
  at_start(plain_request(CONTROL_PING));

  ControlResult reset;
  reset.end = ControlResult::End::kReset;
  for (const auto& [tag, pending] : ended)
    if (pending.on_result) pending.on_result(reset);
}

void ControlPlane::request(memory::Message message, OnResult on_result) {
  const auto asked = std::count_if(outstanding_.begin(), outstanding_.end(),
                                   [](const auto& entry) { return !entry.second.from_start(); });
  if (static_cast<std::size_t>(asked) < kMostOutstanding) {
    send(message, now() + kPatience, std::move(on_result));
    if (!patience_.pending()) patience_.call_at(now() + kPatience);
    return;
  }
  ControlResult busy;
  busy.end = ControlResult::End::kBusy;
  on_result(busy);
}

void ControlPlane::send(memory::Message message, sc_core::sc_time deadline, OnResult on_result) {
  control_header header = header_of(message);
  header.tag = next_tag_++;
  std::memcpy(message.words.data(), &header, sizeof header);
  outstanding_.emplace(header.tag,
                       Pending{describe(message), header.function, header.type, deadline, std::move(on_result)});
  requests_.add();
  channel_.send(message);  // what a full mailbox drops is not answered, in time or ever
}

std::string ControlPlane::describe_function(std::size_t function) const {
  if (function < volumes_.size()) return fmt::format("volume {} (function {})", volumes_[function].name, function);
  if (function < attached_.size())
    return fmt::format("interface {} (function {})", network_.interfaces[function - volumes_.size()].name, function);
  return fmt::format("function {}", function);
}

std::string ControlPlane::describe(const memory::Message& message) const {
  const control_header header = header_of(message);
  const std::string function = describe_function(header.function);
  switch (header.type) {
    case CONTROL_ATTACH_VOLUME:
    case CONTROL_ATTACH_INTERFACE: return "attach " + function;
    case CONTROL_VOLUME_KEY: return "take the key of " + function;
    case CONTROL_DETACH_VOLUME:
    case CONTROL_DETACH_INTERFACE: return "detach " + function;
    case CONTROL_DESTROY_KEY: return "destroy the key of " + function;
    case CONTROL_START: return "start";
    case CONTROL_PING: return "answer a ping";
    case CONTROL_UNDERLAY: return "take its address on the wire";
    case CONTROL_TRANSIT_KEY: return "take the transit key";
    case CONTROL_REKEY: return "take new keys for its peers";
    case CONTROL_PEER: {
      const std::size_t peer = content_of<control_peer>(message).peer;
      return peer < network_.peers.size() ? "take peer " + network_.peers[peer].name
                                          : fmt::format("take peer {}", peer);
    }
    case CONTROL_ROUTE: {
      const auto route = content_of<control_route>(message);
      return fmt::format("take the route to {}/{} of VPC {}", net::IpAddress::v6(route.prefix).text(),
                         route.prefix_length, route.vni);
    }
    case CONTROL_ADDRESS: return "take an address of " + function;
    case CONTROL_RULE: return fmt::format("take rule {} of {}", content_of<control_rule>(message).number, function);
    case CONTROL_ALLOWANCES: return "take the allowances of " + function;
    case CONTROL_LINK: return "set the link of " + function;
    default: return fmt::format("request {}", header.type);
  }
}

void ControlPlane::receive(const memory::Message& message) {
  control_result result;
  std::memcpy(&result, message.words.data(), sizeof result);
  if (result.header.type != CONTROL_RESULT) {
    deny(fmt::format("the firmware sent the control plane a message of type {}", result.header.type));
    return;
  }
  const auto found = outstanding_.find(result.header.tag);
  if (found == outstanding_.end() || found->second.type != result.request ||
      found->second.function != result.header.function) {
    deny(fmt::format("the firmware answered what nobody asked: request {}, tag {}", result.request, result.header.tag));
    return;
  }
  const Pending pending = std::move(found->second);
  outstanding_.erase(found);
  settle(pending, result);
}

void ControlPlane::deny(const std::string& text) {
  denied_.add();
  alarms_.raise("forbidden_message", text);
}

void ControlPlane::settle(const Pending& pending, const control_result& answer) {
  ControlResult result;
  result.status = answer.status;
  result.value = answer.value;
  if (!result.ok()) {
    if (pending.from_start()) refusals_.push_back(fmt::format("{}: {}", pending.what, result.text()));
    log_.warning("the firmware refused", {{"request", pending.what}, {"reason", result.text()}});
  } else {
    log_.info("done", {{"request", pending.what}});
    switch (pending.type) {
      case CONTROL_ATTACH_VOLUME:
      case CONTROL_ATTACH_INTERFACE: attached_.at(pending.function) = true; break;
      case CONTROL_DETACH_VOLUME:
      case CONTROL_DETACH_INTERFACE: attached_.at(pending.function) = false; break;
      case CONTROL_START: started_ = true; break;
      case CONTROL_PING: firmware_version_ = version_text(result.value); break;
      default: break;
    }
  }
  if (pending.on_result) pending.on_result(result);
}

// Late answers are no attempt at anything, so what is given up stays in the list, and counts, until the card's reset.
void ControlPlane::give_up() {
  std::vector<Pending> late;
  sc_core::sc_time next = sc_core::sc_max_time();
  for (auto& [tag, pending] : outstanding_) {
    if (!pending.on_result) continue;
    if (pending.deadline > now()) {
      next = pending.deadline;
      break;
    }
    late.push_back(pending);
    pending.on_result = {};
  }
  if (next != sc_core::sc_max_time()) patience_.call_at(next);
  ControlResult nothing;
  nothing.end = ControlResult::End::kNoAnswer;
  for (const Pending& pending : late) {
    log_.warning("no answer in time", {{"request", pending.what}});
    pending.on_result(nothing);
  }
}

}  // namespace cardvp::platform
