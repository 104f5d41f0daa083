#include "scenarios/scenario.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "scenarios/network.h"
#include "scenarios/schema_check.h"

namespace cardvp::scenarios {
namespace {

using nlohmann::json;
using platform::ConfigError;
using platform::JsonReader;

// Line and column, from 1, of a byte of the text.
std::string position(const std::string& text, std::size_t byte) {
  const auto begin = text.begin();
  const auto at = begin + static_cast<std::ptrdiff_t>(std::min(byte > 0 ? byte - 1 : 0, text.size()));
  const auto line = 1 + std::count(begin, at, '\n');
  const auto newline = std::find(std::make_reverse_iterator(at), text.rend(), '\n').base();
  return fmt::format("line {}, column {}", line, at - newline + 1);
}

ServerScenario read_server(const JsonReader& node, const std::filesystem::path& folder, std::uint64_t number) {
  ServerScenario server;
  node.read("name", server.name);
  server.card = platform::read_card(node.object("card"), folder, number);
  server.host = platform::read_host(node.object("host"));
  return server;
}

// One server is the document's "card" and "host"; several are its "servers".
void read_servers(const JsonReader& root, const std::filesystem::path& folder, Scenario& scenario) {
  if (!root.has("servers")) {
    if (!root.has("card")) root.fail("card", "an object (The card.), or servers");
    if (root.has("workloads")) root.fail("workloads", "the workloads of one server in /host");
    scenario.servers.push_back(
        {{}, platform::read_card(root.object("card"), folder), platform::read_host(root.object("host"))});
    return;
  }
  for (const char* key : {"card", "host"})
    if (root.has(key)) root.fail(key, "nothing beside /servers");
  root.for_each("servers", [&](const JsonReader& node) {
    ServerScenario server = read_server(node, folder, scenario.servers.size() + 1);
    const auto same = [&server](const ServerScenario& other) { return other.name == server.name; };
    if (std::any_of(scenario.servers.begin(), scenario.servers.end(), same))
      node.fail("name", "a name that no other server has");
    if (server.name == "scheduler" || server.name == "wire")
      node.fail("name", "a name that no part of the machine has");
    const JsonReader host = node.object("host");
    if (host.has("workloads")) host.fail("workloads", "the workloads of several servers in /workloads");
    scenario.servers.push_back(std::move(server));
  });
}

}  // namespace

json load_json(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad() || std::filesystem::is_directory(file))
    throw std::runtime_error(fmt::format("{}: cannot be read; name a scenario file", file.string()));
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 4: syntax error while ..."
    const std::string what = error.what();
    const std::size_t colon = what.find(": ");
    throw std::runtime_error(fmt::format("{}: malformed JSON at {}: {}", file.string(), position(text, error.byte),
                                         colon == std::string::npos ? what : what.substr(colon + 2)));
  }
}

void apply_override(json& document, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (text.empty() || text.front() != '/' || equals == std::string::npos)
    throw std::invalid_argument(fmt::format("--set {}: expected /json/pointer=value", text));
  std::string name = text.substr(0, equals);
  const std::string value = text.substr(equals + 1);

  json* node = &document;
  json::json_pointer pointer, rest;
  try {
    rest = json::json_pointer(name);
  } catch (const json::exception&) {
    throw std::invalid_argument(fmt::format("--set {}: '~' in a JSON pointer is written ~0, '/' in a key ~1", text));
  }
  std::vector<std::string> steps;
  for (; !rest.empty(); rest.pop_back()) steps.insert(steps.begin(), rest.back());
  for (const std::string& step : steps) {
    if (node->is_array()) {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
      if (error != std::errc() || end != step.data() + step.size() || index >= node->size())
        throw ConfigError((pointer / step).to_string(), fmt::format("an index below {}", node->size()),
                          "\"" + step + "\" (--set)");
      node = &(*node)[index];
    } else if (node->is_object()) {
      if (!node->contains(step)) (*node)[step] = json::object();
      node = &(*node)[step];
    } else {
      throw ConfigError(pointer.to_string(), "an object or an array to set something in",
                        fmt::format("a {} (--set)", node->type_name()));  // the value may be a secret
    }
    pointer /= step;
  }
  json parsed = json::parse(value, nullptr, false);
  *node = parsed.is_discarded() ? json(value) : std::move(parsed);
}

bool Scenario::has_hosts() const {
  return std::any_of(servers.begin(), servers.end(), [](const ServerScenario& server) {
    return !server.card.volumes.empty() || !server.card.network.interfaces.empty();
  });
}

Scenario parse_scenario(const json& document, const std::filesystem::path& folder) {
  check_schema(scenario_schema(), document);
  const JsonReader root(document);
  Scenario scenario;
  root.read("name", scenario.name);
  root.read("description", scenario.description);
  root.read("seed", scenario.seed);
  read_servers(root, folder, scenario);
  if (scenario.servers.size() > 1) scenario.wire.type = wire::Config::Type::kSwitch;
  platform::read_wire(root.object("wire"), folder, scenario.wire);
  resolve_network(root, scenario);
  (root.has("servers") ? root : root.object("host")).for_each("workloads", [&](const JsonReader& node) {
    scenario.workloads.push_back(read_workload(node, scenario, folder));
  });
  root.for_each("expect_counters", [&](const JsonReader& node) {
    ExpectedCounter& expected = scenario.expected_counters.emplace_back();
    expected.pointer = node.pointer();
    node.read("counter", expected.counter);
    node.read("least", expected.least);
    node.read("most", expected.most);
    if (expected.least > expected.most) node.fail("least", "no more than `most`");
    if (!node.has("equals")) return;
    if (node.has("least") || node.has("most")) node.fail("equals", "nothing beside least or most");
    node.read("equals", expected.least);
    expected.most = expected.least;
  });
  root.for_each("console", [&](const JsonReader& node) { scenario.console.push_back(read_console_step(node)); });
  const JsonReader limits = root.object("limits");
  limits.read_time("boot_ms", scenario.boot_limit, sc_core::SC_MS);
  limits.read_time("run_ms", scenario.run_limit, sc_core::SC_MS);
  return scenario;
}

}  // namespace cardvp::scenarios
