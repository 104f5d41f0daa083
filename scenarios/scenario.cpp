#include "scenarios/scenario.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "scenarios/schema_check.h"

namespace cardvp::scenarios {
namespace {

using nlohmann::json;
using platform::ConfigError;
using platform::JsonReader;
using platform::kMiB;
using platform::VolumeConfig;

ChecksumWorkload read_checksum(const JsonReader& node, const VolumeConfig& volume) {
  ChecksumWorkload workload;
  node.read("name", workload.config.name);
  node.read("block_size", workload.config.block_size);
  node.read("queue_depth", workload.config.queue_depth);
  node.read("expect_medium", workload.expect_medium);
  if (workload.expect_medium && volume.medium.type == platform::MediumConfig::Type::kMemory)
    node.fail("expect_medium", "false for a volume in memory, which has no file to compare with");
  return workload;
}

host::IoWorkloadConfig read_io(const JsonReader& node, const VolumeConfig& volume, const Scenario& scenario) {
  constexpr std::uint64_t kDefaultCount = 10'000;
  host::IoWorkloadConfig config;
  config.queue_depth = 32;
  node.read("name", config.name);
  node.read_enum("pattern", config.pattern, {"sequential", "random", "zipf"});
  node.read("theta", config.zipf_theta);
  node.read("block_size", config.block_size);
  node.read("read_percent", config.read_percent);
  node.read("queue_depth", config.queue_depth);
  node.read("queues", config.queues);
  node.read("count", config.count);
  node.read_time("duration_us", config.duration, sc_core::SC_US);
  node.read("verify", config.verify);
  node.read_scaled("region_mib", config.size, kMiB);
  if (!node.has("count") && !node.has("duration_us")) config.count = kDefaultCount;
  config.seed = derive_seed(scenario.seed, config.name);
  config.initial = volume.medium.type == platform::MediumConfig::Type::kMemory ? host::InitialContent::kZeros
                                                                               : host::InitialContent::kUnknown;
  const unsigned queues = std::min(scenario.host.driver.io_queues, scenario.card.nvme.queues);
  if (config.queues > queues)
    node.fail("queues", fmt::format("at most {}, the I/O queues that driver and controller have", queues));
  if (config.read_percent < 100 && volume.medium.read_only)
    node.fail("read_percent", fmt::format("100, as volume {} is read_only", volume.name));
  if (volume.medium.size != 0 && config.size > volume.medium.size)
    node.fail("region_mib", fmt::format("at most the {} MiB of volume {}", volume.medium.size / kMiB, volume.name));
  return config;
}

Workload read_workload(const JsonReader& node, const Scenario& scenario) {
  Workload workload;
  std::string type, volume_name;
  node.read("type", type);
  node.read("name", workload.name);
  node.read("volume", volume_name);
  const auto& volumes = scenario.card.volumes;
  while (workload.volume < volumes.size() && volumes[workload.volume].name != volume_name) ++workload.volume;
  if (workload.volume == volumes.size()) node.fail("volume", "the name of one of the card's volumes");

  const VolumeConfig& volume = volumes[workload.volume];
  std::uint64_t block_size = 0;
  if (type == "checksum") {
    ChecksumWorkload checksum = read_checksum(node, volume);
    block_size = checksum.config.block_size;
    workload.what = std::move(checksum);
  } else {
    host::IoWorkloadConfig io = read_io(node, volume, scenario);
    block_size = io.block_size;
    workload.what = std::move(io);
  }
  if (block_size % volume.timing.block_size != 0)
    node.fail("block_size", fmt::format("a multiple of {}, volume {}'s block", volume.timing.block_size, volume.name));
  for (const Workload& other : scenario.workloads)
    if (other.name == workload.name) node.fail("name", "a name that no other workload has");
  return workload;
}

// Line and column, from 1, of a byte of the text.
std::string position(const std::string& text, std::size_t byte) {
  const auto begin = text.begin();
  const auto at = begin + static_cast<std::ptrdiff_t>(std::min(byte > 0 ? byte - 1 : 0, text.size()));
  const auto line = 1 + std::count(begin, at, '\n');
  const auto newline = std::find(std::make_reverse_iterator(at), text.rend(), '\n').base();
  return fmt::format("line {}, column {}", line, at - newline + 1);
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

Scenario parse_scenario(const json& document, const std::filesystem::path& folder) {
  check_schema(scenario_schema(), document);
  const JsonReader root(document);
  Scenario scenario;
  root.read("name", scenario.name);
  root.read("description", scenario.description);
  root.read("seed", scenario.seed);
  scenario.card = platform::read_card(root.object("card"), folder);
  const JsonReader host = root.object("host");
  scenario.host = platform::read_host(host);
  host.for_each("workloads",
                [&](const JsonReader& node) { scenario.workloads.push_back(read_workload(node, scenario)); });
  root.for_each("console", [&](const JsonReader& node) { scenario.console.push_back(read_console_step(node)); });
  const JsonReader limits = root.object("limits");
  limits.read_time("boot_ms", scenario.boot_limit, sc_core::SC_MS);
  limits.read_time("run_ms", scenario.run_limit, sc_core::SC_MS);
  return scenario;
}

}  // namespace cardvp::scenarios
