// The builder: what it makes, and what it says of blocks that cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "models/support/config_error.h"
#include "rtl/build/builder.h"
#include "rtl/plugin.h"

namespace cardvp::rtl {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class BuildTest : public testing::Test {
 protected:
  BuildTest() { fs::create_directories(folder_); }
  ~BuildTest() override { fs::remove_all(folder_); }

  fs::path write(const char* name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  std::string failure(const std::string& description) {
    const fs::path file = write("block.json", description);
    try {
      inspect_block(file);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "none";
  }

  fs::path folder_ = fs::temp_directory_path() / fmt::format("cardvp-build-test-{}", ::getpid());
};

constexpr char kBlock[] =
    "module block #(parameter N = 1) (input clk, input rst, input [7:0] a, output reg [7:0] q);\n"
    "  always @(posedge clk) q <= rst ? 8'd0 : a + N[7:0];\nendmodule\n";

TEST_F(BuildTest, BuildsInspectsAndBuildsAgain) {
  write("block.v", kBlock);
  const fs::path file = write("block.json", R"({"name": "block", "sources": ["block.v"], "trace": "none"})");
  const fs::path plugin = folder_ / "out/block.so";
  const Inspection inspection = build_block({file, plugin, folder_ / "work"});
  EXPECT_EQ(inspection.ports.size(), 4u);
  EXPECT_THAT(to_report(inspection),
              AllOf(HasSubstr("clock      clk"), HasSubstr("found by name"), HasSubstr("left over")));
  EXPECT_EQ(Plugin::load(plugin)->description().name, "block");
  EXPECT_THAT(plugin_report(plugin),
              AllOf(HasSubstr("block      block"), HasSubstr("version 2"), HasSubstr("in        8  a")));
  const auto compiled = fs::last_write_time(folder_ / "work/plugin_main.o");
  build_block({file, plugin, folder_ / "work"});
  EXPECT_EQ(fs::last_write_time(folder_ / "work/plugin_main.o"), compiled);
}

TEST_F(BuildTest, DescriptionThatIsNone) {
  write("block.v", kBlock);
  EXPECT_THAT(failure("{"), HasSubstr("parse error"));
  EXPECT_THAT(failure(R"({"name": "block"})"), StartsWith("/sources: expected"));
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"], "tpo": "x"})"),
              StartsWith("/tpo: expected one of the keys"));
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"], "verilator": {"arguments": ["--exe"]}})"),
              StartsWith("/verilator/arguments/0: expected"));
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"], "clocks": [{"port": "clk", "period_ns": 0}]})"),
              StartsWith("/clocks/0/period_ns: expected"));
}

TEST_F(BuildTest, SourcesThatAreNotThere) {
  write("block.v", kBlock);
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v", "other.v"]})"),
              AllOf(StartsWith("/sources/1: expected a file that exists"), HasSubstr("other.v")));
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"], "include_dirs": ["none"]})"),
              StartsWith("/include_dirs/0: expected a folder"));
}

TEST_F(BuildTest, TopAndParametersThatAreNotThere) {
  write("block.v", kBlock);
  EXPECT_EQ(failure(R"({"name": "block", "top": "blok", "sources": ["block.v"]})"),
            "/top: expected a module of the sources (by default it is called as the block), got blok");
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"], "parameters": {"M": 1}})"),
              StartsWith("/parameters/M: "));
  EXPECT_EQ(failure(R"({"name": "block", "sources": ["block.v"], "parameters": {"N": 3}})"), "none");
}

TEST_F(BuildTest, VerilogThatIsNone) {
  write("package.v", "package p; endpackage\n");
  write("block.v", "module block (input clk);\n  assign nothing = ;\nendmodule\n");
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["package.v", "block.v"]})"),
              AllOf(StartsWith("/sources/1: "), HasSubstr("syntax error"), HasSubstr("block.v:2")));
}

TEST_F(BuildTest, FirstErrorIsShownWhateverIsAheadOfIt) {
  std::string text = "module block (input clk, input [7:0] a, output reg [3:0] q, output [7:0] z);\n";
  for (int i = 0; i < 20; ++i) text += "  always @(posedge clk) q <= a;\n";  // warnings, of three lines each
  write("block.v", text + "  assign z = {a{1'b0}};\nendmodule\n");
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"]})"),
              AllOf(StartsWith("/sources/0: "), HasSubstr("%Error: "), HasSubstr("block.v:22"),
                    testing::Not(HasSubstr("%Warning"))));
}

TEST_F(BuildTest, WhatTheSourcesLackIsAdvised) {
  write("other.v", "module other (input clk);\nendmodule\n");
  write("block.v", "module block (input clk);\n  nothing n(clk);\nendmodule\n");
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["other.v", "block.v"]})"),
              AllOf(StartsWith("/sources/1: "), HasSubstr("block.v:2"), HasSubstr("'nothing'"),
                    HasSubstr("Add the module's file to /sources")));
  write("block.v", "`include \"nothing.vh\"\nmodule block (input clk);\nendmodule\n");
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"]})"),
              AllOf(StartsWith("/sources/0: "), HasSubstr("block.v:1"), HasSubstr("Add its folder to /include_dirs")));
}

TEST_F(BuildTest, WidthsThatDoNotGoTogether) {
  write("block.v",
        "module block (input clk, input cs, input we, input [7:0] address, input [31:0] write_data,\n"
        "              output [15:0] read_data);\nendmodule\n");
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"]})"),
              AllOf(HasSubstr("/signals/read_data: expected 32 bits, as of write_data"), HasSubstr("read_data of 16")));
}

TEST_F(BuildTest, ToolsThatAreNotThere) {
  write("block.v", kBlock);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  const std::string error = failure(R"({"name": "block", "sources": ["block.v"]})");
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_THAT(error, AllOf(HasSubstr("verilator is not installed"), HasSubstr("package verilator")));
}

TEST_F(BuildTest, PathsRelativeToWherever) {
  fs::create_directories(folder_ / "a/b");
  write("a/block.v", kBlock);
  write("a/block.json", R"({"name": "block", "sources": ["block.v"]})");
  const fs::path before = fs::current_path();
  fs::current_path(folder_ / "a/b");
  for (const fs::path& file : {fs::path("../block.json"), folder_ / "a/block.json"})
    EXPECT_THAT(to_report(inspect_block(file)), HasSubstr("block      block (module block)")) << file;
  fs::current_path(folder_ / "a");
  EXPECT_THAT(to_report(inspect_block("block.json")), HasSubstr("block      block (module block)"));
  fs::current_path(before);
}

TEST_F(BuildTest, PortOfAnInterfaceThatIsNotThere) {
  write("block.v",
        "module block (input clk, input cs, input we, input [7:0] address, input [31:0] write_data);\nendmodule\n");
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"], "interfaces": [{"kind": "register_port"}]})"),
              AllOf(StartsWith("/interfaces/0/signals/read_data: "), HasSubstr("no port read_data")));
}

TEST_F(BuildTest, CombinationalLoop) {
  write("block.v",
        "module block (input clk, input a, output q);\n  wire b = ~c & a;\n  wire c = b | a;\n  assign q = "
        "c;\nendmodule\n");
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"]})"),
              AllOf(StartsWith("/sources: a combinational loop"), HasSubstr("combinational_loops")));
  EXPECT_EQ(failure(R"({"name": "block", "sources": ["block.v"], "verilator": {"combinational_loops": "allow"}})"),
            "none");
}

TEST_F(BuildTest, WarningsAreInTheWayOnlyIfAsked) {
  write("block.v",
        "module block (input clk, input [7:0] a, output reg [3:0] q);\n  always @(posedge clk) q <= a;\nendmodule\n");
  EXPECT_EQ(failure(R"({"name": "block", "sources": ["block.v"]})"), "none");
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"], "verilator": {"lint": "error"}})"),
              AllOf(StartsWith("/sources/0: "), HasSubstr("WIDTH")));
}

TEST_F(BuildTest, PortsOfTwoDirections) {
  write("block.v", "module block (input clk, inout pad);\nendmodule\n");
  EXPECT_THAT(failure(R"({"name": "block", "sources": ["block.v"]})"),
              AllOf(StartsWith("/top: "), HasSubstr("pad is an inout")));
}

}  // namespace
}  // namespace cardvp::rtl
