/* Security groups: rules, and the connections that they have allowed.
 *
 * A connection passes both ways once its first packet is allowed: the flow cache knows both directions. When it asks
 * again, because something has changed or it had no room, the packet may be an answer, which no rule needs to allow. So
 * the firmware remembers who began: an answer passes if the rules, as they are now, allow what it answers. The memory
 * is a table with one place for each hash: a connection that has lost its place waits for its beginner's next packet.
 */
#include "network_internal.h"

static int port_fits(const struct network_rule* rule, unsigned port) {
  return port >= rule->first_port && port <= rule->last_port;
}

static int covers_all_ports(const struct network_rule* rule) {
  return rule->first_port == 0 && rule->last_port == 0xffff;
}

static int service_fits(const struct network_rule* rule, const struct network_flow* flow, unsigned icmp_type,
                        int fragment) {
  if (rule->protocol != 0 && rule->protocol != flow->protocol) return 0;
  if (covers_all_ports(rule)) return 1;
  if (fragment) return 0;
  if (flow->protocol == PROTOCOL_ICMP || flow->protocol == PROTOCOL_ICMPV6)
    return icmp_type != NETWORK_NO_TYPE && port_fits(rule, icmp_type);
  return (flow->protocol == PROTOCOL_TCP || flow->protocol == PROTOCOL_UDP) && port_fits(rule, flow->destination_port);
}

static int rules_allow(const struct network_interface* interface, int ingress, const struct network_flow* flow,
                       unsigned icmp_type, int fragment) {
  if (!ingress && interface->egress_rules == 0) return 1;
  struct network_ip other = ingress ? flow->source : flow->destination;
  for (unsigned i = 0; i < NETWORK_MOST_RULES; i++) {
    const struct network_rule* rule = &interface->rules[i];
    if (rule->used && rule->ingress == ingress && service_fits(rule, flow, icmp_type, fragment) &&
        network_contains(&rule->peer, other))
      return 1;
  }
  return 0;
}

static struct network_flow answer_of(const struct network_flow* flow) {
  return (struct network_flow){flow->destination, flow->source, flow->destination_port, flow->source_port,
                               flow->protocol};
}

static int same_flow(const struct network_flow* a, const struct network_flow* b) {
  return network_same(a->source, b->source) && network_same(a->destination, b->destination) &&
         a->source_port == b->source_port && a->destination_port == b->destination_port && a->protocol == b->protocol;
}

static struct network_connection* place_of(struct network* network, const struct network_interface* interface,
                                           int ingress, const struct network_flow* flow) {
  uint64_t hash = interface->function * 2u + (unsigned)ingress;
  const uint64_t words[] = {flow->source.high, flow->source.low, flow->destination.high, flow->destination.low,
                            (uint64_t)flow->source_port << 24 | (uint64_t)flow->destination_port << 8 | flow->protocol};
  for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
    hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
  }
  return &network->connections[hash % NETWORK_CONNECTIONS];
}

static void remember(struct network* network, const struct network_interface* interface, int ingress,
                     const struct network_view* view) {
  *place_of(network, interface, ingress, &view->flow) = (struct network_connection){
      .flow = view->flow,
      .time_us = network->port->time_us(network->port->context),
      .function = interface->function,
      .icmp_type = view->icmp_type,
      .used = 1,
      .ingress = (uint8_t)ingress,
  };
}

/* Whether the packet belongs to a connection that began the other way. */
static int is_answer(struct network* network, const struct network_interface* interface, int ingress,
                     const struct network_view* view) {
  const struct network_flow began = answer_of(&view->flow);
  struct network_connection* connection = place_of(network, interface, !ingress, &began);
  if (!connection->used || connection->function != interface->function || connection->ingress == ingress ||
      !same_flow(&connection->flow, &began))
    return 0;
  uint64_t now = network->port->time_us(network->port->context);
  if (now - connection->time_us > VPC_READ(network, FLOW_IDLE)) return 0;
  if (!rules_allow(interface, !ingress, &began, connection->icmp_type, 0)) return 0;
  connection->time_us = now;
  return 1;
}

int network_allows(struct network* network, const struct network_interface* interface, int ingress,
                   const struct network_view* view) {
  if (view->fragment) return rules_allow(interface, ingress, &view->flow, NETWORK_NO_TYPE, 1);
  if (is_answer(network, interface, ingress, view)) return 1;
  if (!rules_allow(interface, ingress, &view->flow, view->icmp_type, 0)) return 0;
  remember(network, interface, ingress, view);
  return 1;
}

void network_forget_connections(struct network* network, unsigned function) {
  for (unsigned i = 0; i < NETWORK_CONNECTIONS; i++)
    if (network->connections[i].function == function) network->connections[i].used = 0;
}
