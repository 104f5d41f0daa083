// The control plane's requests about the network as messages (platform/control_messages.h). Each with tag 0; the
// control plane chooses tags.
#pragma once

#include <cstdint>
#include <vector>

#include "models/memory/mailbox.h"
#include "platform/control_messages.h"
#include "platform/network_config.h"

namespace cardvp::platform {

// All that the firmware is to know of the network from the start, in its order; none if there are no interfaces.
// Interface i is function `first_function` + i. `epoch`: of the transit keys.
std::vector<memory::Message> network_requests(const NetworkConfig& network, std::uint16_t first_function,
                                              std::uint32_t epoch);

memory::Message attach_interface_request(const InterfaceConfig& interface, std::uint32_t speed_mbit,
                                         std::uint16_t function);
// `number`: the rule's, below kMostRules; it replaces the one of that number.
memory::Message rule_request(const RuleConfig& rule, std::uint16_t number, std::uint16_t function);
memory::Message remove_rule_request(std::uint16_t number, std::uint16_t function);
memory::Message allowances_request(const Allowances& allowances, std::uint16_t function);
memory::Message link_request(bool up, std::uint16_t function);

}  // namespace cardvp::platform
