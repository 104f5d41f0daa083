#include "models/support/schema_check.h"

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "models/support/config_error.h"

namespace cardvp {

namespace {

using nlohmann::json;
using valijson::adapters::NlohmannJsonAdapter;

// Everything that a schema says about one place: itself, what it refers to, and the branch of its conditionals that the
// document takes.
class Rules {
 public:
  Rules(const json& root, const json& schema, const json& document) : root_(root) { add(schema, document); }

  const json* find(const char* keyword) const {
    for (const json* part : parts_)
      if (part->contains(keyword)) return &part->at(keyword);
    return nullptr;
  }
  // The schema of a property; null if the object may not have it.
  const json* property(const std::string& name) const {
    const json* found = nullptr;
    for (const json* part : parts_) {
      if (!part->contains("properties")) continue;
      const json& properties = part->at("properties");
      // The one that says most: a branch repeats the common properties as {}.
      if (properties.contains(name) && (!found || found->empty())) found = &properties.at(name);
    }
    return found;
  }
  // Names of all properties that may be there; of a closed object those of its closing part alone.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const json* part : parts_)
      if (part->contains("additionalProperties"))
        for (const auto& [name, schema] : part->at("properties").items()) names.push_back(name);
    return names;
  }
  std::vector<std::string> required() const {
    std::vector<std::string> names;
    for (const json* part : parts_)
      if (part->contains("required"))
        for (const json& name : part->at("required")) names.push_back(name);
    return names;
  }

 private:
  void add(const json& schema, const json& document) {
    parts_.push_back(&schema);
    if (schema.contains("$ref"))
      add(root_.at(json::json_pointer(schema.at("$ref").get<std::string>().substr(1))), document);
    if (!schema.contains("allOf")) return;
    for (const json& branch : schema.at("allOf"))
      for (const auto& [name, condition] : branch.at("if").at("properties").items())
        if (document.is_object() && document.value(name, json()) == condition.at("const"))
          add(branch.at("then"), document);
  }

  const json& root_;
  std::vector<const json*> parts_;
};

std::string with_article(const std::string& type) {
  return (std::string_view("aeiou").find(type.front()) != std::string_view::npos ? "an " : "a ") + type;
}

// "an integer from 1 to 64", "one of "a", "b"", and what it is for.
std::string expectation(const Rules& rules) {
  std::string text;
  if (const json* values = rules.find("enum")) {
    for (const json& value : *values) text += (text.empty() ? "one of " : ", ") + value.dump();
  } else if (const json* type = rules.find("type")) {
    text = with_article(type->get<std::string>());
  } else {
    text = "a value that the schema allows";
  }
  const auto limit = [&](const char* keyword, const char* format) {
    if (const json* value = rules.find(keyword)) text += fmt::format(fmt::runtime(format), value->dump());
  };
  limit("minimum", " from {}");
  limit("exclusiveMinimum", " above {}");
  limit("maximum", " to {}");
  limit("exclusiveMaximum", " below {}");
  limit("minItems", " of at least {} items");
  limit("maxItems", " of at most {} items");
  limit("minLength", " of at least {} characters");
  limit("pattern", " like {}");
  if (const json* description = rules.find("description")) text += " (" + description->get<std::string>() + ")";
  return text;
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// What is in the document; not of a secret, which the schema marks as writeOnly.
std::string excerpt(const Rules& rules, const json& value) {
  if (rules.find("writeOnly")) return fmt::format("a {} that is not", value.type_name());
  constexpr std::size_t kLongest = 80;
  const std::string text = value.dump();
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

// valijson's context: "<root>", then "[key]" and "[index]".
std::vector<std::string> path_of(const valijson::ValidationResults::Error& error) {
  std::vector<std::string> path;
  for (std::size_t i = 1; i < error.context.size(); ++i)
    path.push_back(error.context[i].substr(1, error.context[i].size() - 2));
  return path;
}

[[noreturn]] void report(const json& schema, const json& document, const std::vector<std::string>& path) {
  const json* rule = &schema;
  const json* value = &document;
  json::json_pointer pointer;
  for (const std::string& step : path) {
    const Rules rules(schema, *rule, *value);
    if (value->is_array()) {
      const std::size_t index = std::stoul(step);
      rule = rules.find("items");
      value = &value->at(index);
      pointer /= index;
    } else {
      rule = rules.property(step);
      value = &value->at(step);
      pointer /= step;
    }
    if (!rule) break;
  }
  static const json kAnything = json::object();
  const Rules rules(schema, rule ? *rule : kAnything, *value);
  if (value->is_object()) {
    const std::vector<std::string> names = rules.names();
    for (const auto& [name, member] : value->items())
      if (std::find(names.begin(), names.end(), name) == names.end())
        throw ConfigError((pointer / name).to_string(), "one of the keys " + join(names), "\"" + name + "\"");
    for (const std::string& name : rules.required())
      if (!value->contains(name)) {
        static const json kNothing;
        const json* member = rules.property(name);
        throw ConfigError((pointer / name).to_string(),
                          expectation(Rules(schema, member ? *member : kAnything, kNothing)), "nothing");
      }
  }
  throw ConfigError(pointer.to_string(), expectation(rules), excerpt(rules, *value));
}

}  // namespace

void check_schema(const json& schema_document, const json& document) {
  valijson::Schema schema;
  valijson::SchemaParser parser;
  parser.populateSchema(NlohmannJsonAdapter(schema_document), schema);
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(schema, NlohmannJsonAdapter(document), &results)) return;
  // Every level above reports that something below failed: the first of the deepest is the cause.
  std::vector<std::string> deepest;
  for (const auto& error : results) {
    std::vector<std::string> path = path_of(error);
    if (path.size() > deepest.size()) deepest = std::move(path);
  }
  report(schema_document, document, deepest);
}

}  // namespace cardvp
